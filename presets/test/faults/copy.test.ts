import { type BlobProgress, copyBlob, createBlobStore } from '@flowport/capabilities'
import { memoryBlobDriver } from '@flowport/capabilities/memory'
import { describe, expect, it } from 'vitest'
import { withoutRadosgw } from '../support/radosgw.ts'
import { openFsBlobDriver } from '../../src/fs/node/blob-driver.ts'
import { tempDirectory } from '../support/temp-directory.ts'
import { engines } from './engines.ts'
import { freshBytes, startHarness } from './harness.ts'

const harness = await startHarness()
const bytes = freshBytes(11 * 1024 * 1024 + 3)
const described = { contentType: 'text/x-kept; charset=utf-8', metadata: { owner: 'Jürgen', n: '1' } }

if (harness === null) describe.skip('copyBlob across providers', () => it(withoutRadosgw, () => undefined))
else {
  const { proxy, corpus, direct, open, expectStored } = harness

  const memory = () => createBlobStore(memoryBlobDriver())
  const files = () =>
    createBlobStore(openFsBlobDriver({ directory: tempDirectory(), fsync: 'none', clock: { now: Date.now } }))

  describe.each(engines)('copyBlob across providers, engine $name', (engine) => {
    for (const [name, make] of [
      ['memory', memory],
      ['files', files],
    ] as const) {
      it(`takes an object from ${name} to S3 and back, with all that belongs to it`, async () => {
        const opened = await open(engine)
        const [here, back] = [make(), make()]
        await here.put('from', bytes, described)
        const told: BlobProgress[] = []
        const onProgress = (progress: BlobProgress) => told.push(progress)
        const up = await copyBlob(
          { store: here, key: 'from' },
          { store: opened.blob, key: 'copied' },
          { onProgress },
        )
        expect(up).toMatchObject({
          by: 'stream',
          object: { size: bytes.byteLength, ...described },
          dropped: [],
        })
        expect(told.at(-1)).toEqual({ bytes: bytes.byteLength, total: bytes.byteLength })
        expect(told.length).toBeGreaterThan(10)
        await expectStored(opened, 'copied', bytes)
        await copyBlob({ store: opened.blob, key: 'copied' }, { store: back, key: 'back' })
        const handle = await back.get('back')
        expect(handle?.object).toMatchObject(described)
        expect(Buffer.compare((await handle?.bytes()) ?? new Uint8Array(0), bytes)).toBe(0)
      })
    }

    it('goes on when the connection to the source breaks', async () => {
      const opened = await open(engine)
      await direct.put('from', bytes, described)
      const fault = { kind: 'reset', direction: 'down', afterBytes: 3_000_000 } as const
      proxy.set({ fault, when: ({ method }) => method === 'GET', times: 1 })
      const target = memory()
      await copyBlob({ store: opened.blob, key: 'from' }, { store: target, key: 'to' })
      expect(proxy.applied).toBe(1)
      expect(Buffer.compare((await (await target.get('to'))?.bytes()) ?? new Uint8Array(0), bytes)).toBe(0)
    })

    it('stores nothing of two versions when the source is replaced midway', async () => {
      const opened = await open(engine)
      await direct.put('from', bytes, described)
      const honest = memoryBlobDriver()
      const target = createBlobStore({
        info: honest.info,
        head: (key, call) => honest.head(key, call),
        get: (key, get) => honest.get(key, get),
        // The source has been opened and not read to its end.
        put: async (key, body, put) => {
          await direct.put('from', freshBytes(bytes.byteLength), described)
          return honest.put(key, body, put)
        },
        delete: (key, call) => honest.delete(key, call),
        list: (list) => honest.list(list),
      })
      const copying = copyBlob({ store: opened.blob, key: 'from' }, { store: target, key: 'to' })
      await corpus.failure(copying, 'ConditionNotMatch')
      expect(await target.head('to')).toBeNull()
    })

    it('lets the store copy within itself, and not without a condition being kept', async () => {
      const opened = await open(engine)
      await direct.put('from', bytes, described)
      await direct.delete('copied', {})
      const [from, to] = [
        { store: opened.blob, key: 'from' },
        { store: opened.blob, key: 'copied' },
      ] as const
      const copied = await copyBlob(from, to)
      expect(copied.by).toBe(opened.blob.info.features.serverCopy ? 'server' : 'stream')
      await expectStored(opened, 'copied', bytes)
      await corpus.failure(copyBlob(from, to, { ifNoneMatch: '*' }), 'AlreadyExists', 'LimitExceeded')
    })

    it('leaves no upload when the caller leaves midway', async () => {
      const opened = await open(engine)
      const here = memory()
      await here.put('from', bytes)
      await direct.delete('copied', {})
      const leave = new AbortController()
      const copying = copyBlob(
        { store: here, key: 'from' },
        { store: opened.blob, key: 'copied' },
        {
          signal: leave.signal,
          onProgress: ({ bytes: taken }) => {
            if (taken > 7_000_000) leave.abort(new Error('enough'))
          },
        },
      )
      await corpus.failure(copying, 'Cancelled')
      await expectStored(opened, 'copied', null)
    })
  })

  corpus.searchForSecrets(engines.length * 2)
}
