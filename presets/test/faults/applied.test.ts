/** What errors say of writes when a real server does what it is asked and a proxy breaks the way to it, or back. */
import { createDedupeStore, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import {
  type BlobHarness,
  blobCases,
  dedupeCases,
  type LoseAnswers,
  openBlobSubject,
  openDedupeSubject,
  runCase,
} from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { S3BlobDriver } from '../../src/s3/blob-driver.ts'
import { S3DedupeDriver } from '../../src/s3/dedupe/driver.ts'
import { s3DedupeInfo } from '../../src/s3/dedupe/info.ts'
import { LedgerRecords } from '../../src/s3/dedupe/records.ts'
import { cephProfile } from '../support/ceph-profile.ts'
import { type Fault, s3Error, type SeenRequest } from '../support/fault-proxy.ts'
import { withoutRadosgw } from '../support/radosgw.ts'
import { clientFor } from '../support/s3-bucket.ts'
import { engines } from './engines.ts'
import { bucket, freshBytes, startHarness } from './harness.ts'

const harness = await startHarness()
const small = freshBytes(10_000)
const plain = { contentType: null, metadata: {} }

const isPut = ({ method }: SeenRequest) => method === 'PUT'
const isPart = ({ method, path }: SeenRequest) => method === 'PUT' && path.includes('partNumber=')
const isComplete = ({ method, path }: SeenRequest) => method === 'POST' && path.includes('uploadId=')

const lostAnswer: Fault = { kind: 'lose-answer' }
const denied: Fault = { kind: 'answer', status: 403, body: s3Error('AccessDenied') }
const notMet: Fault = { kind: 'answer', status: 412, body: s3Error('PreconditionFailed') }
const noUpload: Fault = { kind: 'answer', status: 404, body: s3Error('NoSuchUpload') }

if (harness === null) describe.skip('what errors say of writes', () => it(withoutRadosgw, () => undefined))
else {
  const { proxy, corpus, direct, keys, open } = harness
  const loseAnswers: LoseAnswers = async (work) => {
    // Reads as well: the driver may look whether its write is there.
    proxy.set({ fault: lostAnswer })
    try {
      return await work()
    } finally {
      proxy.set()
    }
  }
  const isStored = async (key: string) => (await direct.head(key, {})) !== null

  describe.each(engines)('what errors say of writes, engine $name', (engine) => {
    it('no: every try was answered with a refusal', async () => {
      const { blob } = await open(engine)
      await direct.delete('key', {})
      for (const [fault, kind] of [
        [denied, 'PermissionDenied'],
        [{ kind: 'answer', status: 429, body: s3Error('SlowDown') }, 'RateLimited'],
      ] as const) {
        proxy.set({ fault, when: isPut })
        const error = await corpus.failure(blob.put('key', small), kind)
        expect(error.applied).toBe('no')
        expect(await isStored('key')).toBe(false)
      }
    })

    it('no: there was no connection, where the engine says so', async () => {
      const { blob } = await open(engine)
      await proxy.refuse()
      try {
        const error = await corpus.failure(blob.put('key', small), 'Unavailable')
        // OpenDAL's text does not say that it could not connect.
        expect(error.applied).toBe(engine.believesAnyAnswer ? 'unknown' : 'no')
      } finally {
        await proxy.accept()
      }
    })

    it('unknown: the answer was lost after the store had done it', async () => {
      const { blob } = await open(engine)
      await direct.delete('key', {})
      proxy.set({ fault: lostAnswer, when: isPut })
      const error = await corpus.failure(blob.put('key', small), 'Unavailable', 'Timeout')
      expect(error.applied).toBe('unknown')
      expect(await isStored('key')).toBe(true)
    })

    it('unknown: the first try was lost and the next was refused', async () => {
      const { blob } = await open(engine)
      await direct.delete('key', {})
      proxy.set({ fault: lostAnswer, when: isPut, times: 1 }, { fault: denied, when: isPut })
      const error = await corpus.failure(blob.put('key', small), 'PermissionDenied')
      expect(error.applied).toBe('unknown')
      expect(await isStored('key')).toBe(true)
    })

    it('unknown: the server failed, which it may have done after the write', async () => {
      const { blob } = await open(engine)
      for (const status of [500, 503]) {
        proxy.set({ fault: { kind: 'answer', status, body: s3Error('InternalError') }, when: isPut })
        const error = await corpus.failure(blob.put('key', small), 'Unavailable')
        expect(error.applied, String(status)).toBe('unknown')
      }
    })

    it('no: a condition did not hold; unknown: the answer to a conditional put was lost', async () => {
      const { blob } = await open(engine)
      await direct.put('key', small, plain)
      const refused = await corpus.failure(blob.put('key', small, { ifNoneMatch: '*' }), 'AlreadyExists')
      expect(refused.applied).toBe('no')
      await direct.delete('key', {})
      proxy.set({ fault: lostAnswer, when: isPut })
      const lost = await corpus.failure(
        blob.put('key', small, { ifNoneMatch: '*' }),
        'Unavailable',
        'Timeout',
      )
      expect(lost.applied).toBe('unknown')
    })

    it('no: a part of an upload was lost, as nobody sees parts', async () => {
      const { blob } = await open(engine)
      await direct.delete('key', {})
      proxy.set({ fault: lostAnswer, when: isPart })
      const error = await corpus.failure(
        blob.put('key', new Blob([freshBytes(11 * 1024 * 1024)]).stream()),
        'Unavailable',
        'Timeout',
      )
      // OpenDAL sends the parts by itself, and does not say whether it was a part that failed.
      expect(error.applied).toBe(engine.believesAnyAnswer ? 'unknown' : 'no')
      expect(await isStored('key')).toBe(false)
    })

    for (const [what, fault] of [
      ['the upload is gone', noUpload],
      ['a condition does not hold', notMet],
      ['the credentials may not', denied],
    ] as const) {
      it(`unknown: the answer to completing an upload was lost, and the next answer is that ${what}`, async () => {
        const { blob } = await open(engine)
        await direct.delete('key', {})
        proxy.set(
          { fault: lostAnswer, when: isComplete, times: 1 },
          { fault, when: isComplete },
          // The driver cannot look whether the object is there.
          { fault: denied, when: ({ method }) => method === 'HEAD' },
        )
        const stream = new Blob([freshBytes(11 * 1024 * 1024)]).stream()
        const outcome = await blob.put('key', stream).then(
          () => null,
          (error: unknown) => error,
        )
        proxy.set()
        expect(await isStored('key')).toBe(true)
        expect(outcome).toMatchObject({ applied: 'unknown' })
      })
    }

    const suite: BlobHarness = {
      clock: 'real',
      loseAnswers,
      open: async () => {
        const { objects } = await direct.list({ prefix: '', limit: 1000 })
        for (const { key } of objects) await direct.delete(key, {})
        const { blob } = await open(engine)
        return { blob, close: () => undefined }
      },
    }
    for (const one of blobCases.find(({ name }) => name === 'applied')?.cases ?? []) {
      it(`suite: ${one.name}`, async () => {
        expect(await runCase(one, (clock) => openBlobSubject(suite, clock))).toBeNull()
      })
    }
  })

  describe('what errors say of the steps of a ledger over S3', () => {
    const ledger = () => {
      const through = clientFor({ ...keys, endpoint: proxy.endpoint }, bucket)
      const blobs = new S3BlobDriver({ client: through, profile: cephProfile, log: silentLogger })
      const records = new LedgerRecords(through, blobs, `ledger-${crypto.randomUUID()}/`)
      const check = () => Promise.resolve()
      return new S3DedupeDriver({ info: s3DedupeInfo, records, check, clock: systemClock })
    }
    const open = () => ({ dedupe: createDedupeStore(ledger()), close: () => undefined })
    for (const one of dedupeCases.find(({ name }) => name === 'applied')?.cases ?? []) {
      it(`suite: ${one.name}`, async () => {
        const dedupe = { clock: 'real', loseAnswers, open } as const
        expect(await runCase(one, (clock) => openDedupeSubject(dedupe, clock))).toBeNull()
      })
    }
  })

  describe('what deleting many says', () => {
    it('no when the store kept every key, unknown when it deleted some', async () => {
      const { blob } = await open(engines[0] ?? expect.fail('there are no engines'))
      const answer = (...kept: readonly string[]): Fault => ({
        kind: 'answer',
        status: 200,
        body: `<DeleteResult>${kept.map((key) => `<Error><Key>${key}</Key><Code>AccessDenied</Code></Error>`).join('')}</DeleteResult>`,
      })
      for (const [kept, applied] of [
        [['a', 'b'], 'no'],
        [['a'], 'unknown'],
      ] as const) {
        proxy.set({ fault: answer(...kept) })
        const error = await corpus.failure(blob.deleteMany(['a', 'b']), 'PermissionDenied')
        expect(error.applied).toBe(applied)
      }
    })
  })

  corpus.searchForSecrets(engines.length * 8)
}
