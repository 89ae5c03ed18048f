/** Reads and writes of the `azblob` preset through a proxy that breaks the connections to Azurite, with both engines. */
import {
  type BlobBody,
  type BlobStore,
  type ErrorKind,
  logging,
  retry,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { afterEach, describe, expect, it } from 'vitest'
import { AzureBlobDriver } from '../../src/azblob/blob-driver.ts'
import { AzureClient } from '../../src/azblob/client.ts'
import { createContainer, startAzurite, withoutAzurite } from '../support/azurite.ts'
import { type Fault, type SeenRequest, startFaultProxy } from '../support/fault-proxy.ts'
import { azureEngines } from './azure-engines.ts'
import { attempts, Corpus, freshBytes, itUnless, QuickClock } from './harness.ts'

const plain = { contentType: null, metadata: {} }
const old = freshBytes(1000)
const small = freshBytes(700_000)
/** Three blocks, the last of them short. */
const large = freshBytes(11 * 1024 * 1024)
const kept = freshBytes(3 * 1024 * 1024 + 7)

const isRead = ({ method }: SeenRequest) => method === 'GET'
const isPut = ({ method }: SeenRequest) => method === 'PUT'
const isBlock = ({ method, path }: SeenRequest) => method === 'PUT' && /comp=block(?:&|$)/.test(path)
const isCommit = ({ method, path }: SeenRequest) => method === 'PUT' && path.includes('comp=blocklist')

const temporary: readonly ErrorKind[] = ['Unavailable', 'Timeout', 'RateLimited']
const unexpected: readonly ErrorKind[] = ['Unexpected', 'Unavailable', 'Corrupt']

const azurite = await startAzurite()
if (azurite === null) describe.skip('faults of Azure', () => it(withoutAzurite, () => undefined))
else {
  const { origin, pathname } = new URL(azurite.endpoint)
  const { account, accountKey } = azurite
  const proxy = await startFaultProxy(origin)
  const container = await createContainer(azurite)
  const corpus = new Corpus([accountKey])
  const direct = new AzureBlobDriver({
    client: new AzureClient({
      endpoint: azurite.endpoint,
      account,
      container,
      authorization: { accountKey },
      clock: systemClock,
    }),
    clock: systemClock,
    log: silentLogger,
  })
  await direct.put('kept', kept, plain)

  const closers: (() => Promise<void>)[] = []
  afterEach(async () => {
    proxy.clear()
    for (const close of closers.splice(0)) await close()
  })

  const expectStored = async (key: string, bytes: Uint8Array) => {
    const opened = await direct.get(key, {})
    const read = new Uint8Array(await new Response(opened?.body).arrayBuffer())
    expect(Buffer.compare(read, bytes), 'the bytes that are stored').toBe(0)
  }

  describe.each(azureEngines)('faults of Azure, engine $name', ({ preset, options, ...engine }) => {
    const open = async () => {
      const clock = new QuickClock()
      const { log } = corpus
      const provider = preset({
        endpoint: proxy.endpoint + pathname,
        account,
        accountKey,
        container,
        chunkBytes: 4 * 1024 * 1024,
        clock,
        layers: () => [
          logging({ log, clock, successes: true }),
          retry({ maxAttempts: attempts, clock, log }),
        ],
        ...options,
      })
      const { resources, close } = await provider.open({ env: {}, bindings: {}, log, clock })
      closers.push(close)
      return { blob: resources.get('blob') as unknown as BlobStore, clock }
    }
    const readKept = async (blob: BlobStore) => {
      const read = (await (await blob.get('kept'))?.bytes()) ?? new Uint8Array(0)
      expect(Buffer.compare(read, kept), 'the bytes that were read').toBe(0)
    }
    /** Whether it was stored; a failure must be temporary. */
    const storedOrFailed = async (putting: Promise<unknown>) => {
      try {
        await putting
        return true
      } catch (error) {
        await corpus.failure(Promise.reject(error), ...temporary)
        return false
      }
    }

    for (const [what, fault] of [
      ['reset in the middle', { kind: 'reset', direction: 'down', afterBytes: 1_500_000 }],
      ['reset after its headers', { kind: 'reset', direction: 'down', afterBytes: 0 }],
      ['ended too early', { kind: 'end', afterBytes: 1_500_000 }],
    ] as const) {
      it(`resumes a read whose answer is ${what}`, async () => {
        const { blob } = await open()
        proxy.set({ fault, when: isRead, times: 1 })
        await readKept(blob)
        expect(proxy.applied).toBe(1)
      })
    }

    it('resumes a read as long as every connection brings some bytes', async () => {
      const { blob } = await open()
      const fault: Fault = { kind: 'reset', direction: 'down', afterBytes: 700_000 }
      proxy.set({ fault, when: isRead, times: 3 })
      await readKept(blob)
    })

    it('never mixes two versions in one read', async () => {
      const { blob } = await open()
      const other = freshBytes(kept.byteLength)
      await direct.put('changing', kept, plain)
      const opened = await blob.get('changing')
      await direct.put('changing', other, plain)
      const fault: Fault = { kind: 'reset', direction: 'down', afterBytes: 100_000 }
      proxy.set({ fault, when: isRead, times: 1 })
      const reading = opened?.bytes() ?? Promise.resolve(new Uint8Array(0))
      const read = await reading.catch(async (error: unknown) => {
        await corpus.failure(Promise.reject(error), 'ConditionNotMatch', 'Unavailable')
        return null
      })
      if (read !== null) expect(Buffer.compare(read, kept)).toBe(0)
    })

    itUnless(
      engine.noticesSilence ? null : 'this engine leaves that to signals and deadlines',
      'resumes a read that has stalled',
      async () => {
        const { blob } = await open()
        const fault: Fault = { kind: 'stall', direction: 'down', afterBytes: 1_000_000 }
        proxy.set({ fault, when: isRead, times: 1 })
        await readKept(blob)
        expect(proxy.applied).toBe(1)
      },
    )

    it('cancels a stalled read or put at once', async () => {
      const { blob } = await open()
      for (const [call, fault, when] of [
        [
          async (signal: AbortSignal) => (await blob.get('kept', { signal }))?.bytes(),
          { kind: 'stall', direction: 'down', afterBytes: 1000 },
          isRead,
        ],
        [
          async (signal: AbortSignal) => blob.put('key', small, { signal }),
          { kind: 'stall', direction: 'up', afterBytes: 100_000 },
          isPut,
        ],
      ] as const) {
        const leave = new AbortController()
        proxy.set({ fault, when })
        const calling = call(leave.signal)
        await expect.poll(() => proxy.applied).toBeGreaterThan(0)
        leave.abort(new Error('enough'))
        const start = performance.now()
        await corpus.failure(calling, 'Cancelled')
        expect(performance.now() - start).toBeLessThan(5000)
        proxy.set()
      }
      // Closes the stalled connections, which ends OpenDAL's calls.
      await proxy.refuse()
      await proxy.accept()
    })

    it('waits as long as Azure asks', async () => {
      const { blob, clock } = await open()
      proxy.set({ fault: { kind: 'answer', status: 503, headers: { 'retry-after': '7' } }, times: 2 })
      await blob.head('kept')
      if (engine.retriesBlocks) expect(Math.max(...clock.waits)).toBeGreaterThanOrEqual(7000)
      else expect(clock.waits).toHaveLength(2)
    })

    for (const [what, fault] of [
      ['is reset in the middle', { kind: 'reset', direction: 'up', afterBytes: 300_000 }],
      ['is refused with 503', { kind: 'answer', status: 503 }],
      ['loses its answer', { kind: 'lose-answer' }],
    ] as const) {
      it(`stores bytes after a put that ${what}, by trying again`, async () => {
        const { blob } = await open()
        await direct.put('key', old, plain)
        proxy.set({ fault, when: isPut, times: 1 })
        await blob.put('key', small)
        expect(proxy.applied).toBe(1)
        await expectStored('key', small)
      })

      it(`leaves the old object when every put ${what}`, async () => {
        const { blob } = await open()
        await direct.put('key', old, plain)
        proxy.set({ fault, when: isPut })
        await corpus.failure(blob.put('key', small), ...temporary)
        // A put whose answer was lost was stored all the same, and is whole.
        await expectStored('key', fault.kind === 'lose-answer' ? small : old)
      })

      it(`stores a stream though a block ${what}, or leaves the old object`, async () => {
        const { blob } = await open()
        await direct.put('key', old, plain)
        proxy.set({ fault, when: isBlock, times: 1 })
        const stored = await storedOrFailed(blob.put('key', streamOf(large)))
        expect(proxy.applied).toBe(1)
        if (engine.retriesBlocks) expect(stored).toBe(true)
        await expectStored('key', stored ? large : old)
      })

      it(`leaves the old object when every block ${what}`, async () => {
        const { blob } = await open()
        await direct.put('key', old, plain)
        proxy.set({ fault, when: isBlock })
        await corpus.failure(blob.put('key', streamOf(large)), ...temporary)
        await expectStored('key', old)
      })

      it(`stores a stream though its commit ${what}, or fails`, async () => {
        const { blob } = await open()
        await direct.put('key', old, plain)
        const short = fault.kind === 'reset' ? { ...fault, afterBytes: 10 } : fault
        proxy.set({ fault: short, when: isCommit, times: 1 })
        const stored = await storedOrFailed(blob.put('key', streamOf(large)))
        expect(proxy.applied).toBe(1)
        if (engine.retriesBlocks) expect(stored).toBe(true)
        // A commit whose answer was lost was done all the same.
        await expectStored('key', stored || fault.kind === 'lose-answer' ? large : old)
      })
    }

    it('keeps conditions of bytes and of long streams', async () => {
      const { blob } = await open()
      for (const body of [() => small, () => streamOf(large)] as readonly (() => BlobBody)[]) {
        const { etag } = await direct.put('key', old, plain)
        await corpus.failure(blob.put('key', body(), { ifNoneMatch: '*' }), 'AlreadyExists')
        await corpus.failure(blob.put('key', body(), { ifMatch: '0x1' }), 'ConditionNotMatch')
        await expectStored('key', old)
        await blob.put('key', body(), { ifMatch: etag })
      }
    })

    itUnless(
      engine.retriesBlocks ? null : 'OpenDAL 0.49.2 does not end such a listing',
      'takes no other page for a listing',
      async () => {
        const { blob } = await open()
        proxy.set({ fault: { kind: 'answer', status: 200, body: '<html>Please log in</html>' } })
        await corpus.failure(blob.list(), ...unexpected)
      },
    )

    it('takes no listing that is cut off', async () => {
      const { blob } = await open()
      proxy.set({ fault: { kind: 'truncate', bytes: 200 }, when: isRead })
      await corpus.failure(blob.list(), ...unexpected)
    })

    it('is Unavailable when there is no connection', async () => {
      const { blob } = await open()
      await proxy.refuse()
      try {
        await corpus.failure(blob.head('kept'), 'Unavailable', 'Timeout')
      } finally {
        await proxy.accept()
      }
    })
  })

  corpus.searchForSecrets(azureEngines.length * 8)
}

/** The bytes as a stream that does not say its length. */
function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new Blob([bytes]).stream()
}
