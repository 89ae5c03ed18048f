import { describe, expect, it } from 'vitest'
import type { BlobBody } from '@flowport/capabilities'
import { type Fault, s3Error, type SeenRequest } from '../support/fault-proxy.ts'
import { withoutRadosgw } from '../support/radosgw.ts'
import { pendingUploads } from '../support/s3-bucket.ts'
import { engines } from './engines.ts'
import { attempts, freshBytes, itUnless, startHarness } from './harness.ts'

const harness = await startHarness()
const old = freshBytes(1000)
const small = freshBytes(700_000)
/** Three parts, the last of them short. */
const large = freshBytes(11 * 1024 * 1024)
const plain = { contentType: null, metadata: {} }

const isPut = ({ method }: SeenRequest) => method === 'PUT'
const isPart = ({ method, path }: SeenRequest) => method === 'PUT' && path.includes('partNumber=')
const isPartTwo = ({ method, path }: SeenRequest) => method === 'PUT' && /partNumber=2(?:&|$)/.test(path)
const isBegin = ({ method, path }: SeenRequest) => method === 'POST' && /[?&]uploads(?:=|&|$)/.test(path)
const isComplete = ({ method, path }: SeenRequest) => method === 'POST' && path.includes('uploadId=')

const cutUp: Fault = { kind: 'reset', direction: 'up', afterBytes: 300_000 }
const unavailable: Fault = { kind: 'answer', status: 503, body: s3Error('ServiceUnavailable') }

const page = '<html><body>Please log in</body></html>'
const anotherPage = 'another page'
const brokenBeginnings: readonly (readonly [string, Fault])[] = [
  ['cut off', { kind: 'truncate', bytes: 40 }],
  ['empty', { kind: 'answer', status: 200, body: '' }],
  [anotherPage, { kind: 'answer', status: 200, body: page }],
  ['lost', { kind: 'lose-answer' }],
]

if (harness === null) describe.skip('faults while writing', () => it(withoutRadosgw, () => undefined))
else {
  const { proxy, corpus, direct, client, open, expectStored } = harness

  describe.each(engines)('faults while writing, engine $name', (engine) => {
    for (const [what, fault] of [
      ['is reset in the middle', cutUp],
      ['is refused with 503', unavailable],
      ['loses its answer', { kind: 'lose-answer' }],
    ] as const) {
      it(`stores bytes after a put that ${what}, by trying again`, async () => {
        const opened = await open(engine)
        await direct.put('key', old, plain)
        proxy.set({ fault, when: isPut, times: 1 })
        await opened.blob.put('key', small)
        expect(proxy.applied).toBe(1)
        await expectStored(opened, 'key', small)
      })

      it(`leaves the old object when every put ${what}`, async () => {
        const opened = await open(engine)
        await direct.put('key', old, plain)
        proxy.set({ fault, when: isPut })
        const error = await corpus.failure(
          opened.blob.put('key', small),
          'Unavailable',
          'RateLimited',
          'Timeout',
        )
        expect(error.details).toMatchObject({ attempts, gaveUp: 'exhausted' })
        expect(error.retryable).toBe('never')
        // One whose answer was lost was stored all the same, and is whole.
        await expectStored(opened, 'key', fault.kind === 'lose-answer' ? small : old)
      })

      it(`stores a stream in parts though a part ${what}, or leaves the old object`, async () => {
        const opened = await open(engine)
        await direct.put('key', old, plain)
        proxy.set({ fault, when: isPartTwo, times: 1 })
        const stored = await storedOrFailed(opened.blob.put('key', streamOf(large)))
        expect(proxy.applied).toBe(1)
        await expectStored(opened, 'key', stored ? large : old)
      })

      it(`leaves the old object and no upload when every part ${what}`, async () => {
        const opened = await open(engine)
        await direct.put('key', old, plain)
        proxy.set({ fault, when: isPart })
        await corpus.failure(opened.blob.put('key', streamOf(large)), 'Unavailable', 'RateLimited', 'Timeout')
        expect(proxy.applied).toBeGreaterThan(0)
        await expectStored(opened, 'key', old)
      })
    }

    for (const [what, fault] of [
      ['fails', { kind: 'answer', status: 500, body: s3Error('InternalError') }],
      ['fails with status 200', { kind: 'answer', status: 200, body: s3Error('InternalError') }],
      ['is cut off', { kind: 'reset', direction: 'up', afterBytes: 10 }],
      ['asks to slow down', { kind: 'answer', status: 503, body: s3Error('SlowDown') }],
    ] as const) {
      it(`leaves the old object and no upload when completing always ${what}`, async () => {
        const opened = await open(engine)
        await direct.put('key', old, plain)
        proxy.set({ fault, when: isComplete })
        // An error under status 200 is one that OpenDAL does not know to be temporary.
        const kinds = engine.believesAnyAnswer ? (['Unexpected'] as const) : []
        const putting = opened.blob.put('key', streamOf(large))
        await corpus.failure(putting, 'Unavailable', 'RateLimited', 'Timeout', ...kinds)
        expect(proxy.applied).toBeGreaterThan(0)
        await expectStored(opened, 'key', old)
      })
    }

    it('stores the whole object or keeps the old one when the answer to completing is lost', async () => {
      const opened = await open(engine)
      await direct.put('key', old, plain)
      proxy.set({ fault: { kind: 'lose-answer' }, when: isComplete })
      const stored = await storedOrFailed(opened.blob.put('key', streamOf(large)))
      expect(proxy.applied).toBeGreaterThan(0)
      const { size } = (await direct.head('key', {})) ?? {}
      // The server completed it; a caller that got an error got a failure, not the old object.
      expect([old.byteLength, large.byteLength]).toContain(size)
      await expectStored(opened, 'key', stored || size === large.byteLength ? large : old)
    })

    for (const [what, fault] of [
      ['reset after its headers', { kind: 'reset', direction: 'down', afterBytes: 0 }],
      ['reset in the middle', { kind: 'reset', direction: 'down', afterBytes: 60 }],
      ['ended too early', { kind: 'end', afterBytes: 60 }],
      ['shorter than it says', { kind: 'length', offBy: 20 }],
    ] as const satisfies readonly (readonly [string, Fault])[]) {
      it(`stores the whole object when the answer to completing is ${what}`, async () => {
        const opened = await open(engine)
        await direct.put('key', old, plain)
        proxy.set({ fault, when: isComplete })
        const stored = await storedOrFailed(opened.blob.put('key', streamOf(large)))
        expect(proxy.applied).toBeGreaterThan(0)
        // OpenDAL does not look whether the object is there; the driver of this package does.
        if (!engine.believesAnyAnswer) expect(stored).toBe(true)
        await expectStored(opened, 'key', large)
      })
    }

    for (const [what, fault] of brokenBeginnings) {
      itUnless(
        engine.believesAnyAnswer && what === anotherPage ? 'see the known fault below' : null,
        `leaves the old object and no upload when the answer to beginning is ${what}`,
        async () => {
          const opened = await open(engine)
          await direct.put('key', old, plain)
          proxy.set({ fault, when: isBegin })
          const putting = opened.blob.put('key', streamOf(large))
          await corpus.failure(putting, 'Unexpected', 'Unavailable', 'Timeout', 'Corrupt')
          expect(proxy.applied).toBeGreaterThan(0)
          await opened.settle()
          // OpenDAL does not know that one was begun when its answer is cut off or lost; the driver of this package looks for it.
          if (fault.kind === 'answer' || !engine.believesAnyAnswer)
            expect(await pendingUploads(client)).toEqual([])
          await harness.abortAll()
          await expectStored(opened, 'key', old)
        },
      )
    }

    itUnless(
      engine.believesAnyAnswer ? null : 'this engine has not this fault',
      'known fault of OpenDAL: a page that is no answer to beginning is taken for an upload without a number, and parts are stored as the object',
      async () => {
        const opened = await open(engine)
        await direct.put('key', old, plain)
        proxy.set({ fault: { kind: 'answer', status: 200, body: page }, when: isBegin })
        await corpus.failure(opened.blob.put('key', streamOf(large)), 'Unexpected', 'Unavailable')
        const numbers = proxy.seen
          .filter(isPart)
          .map(({ path }) => new URL(path, 'http://x').searchParams.get('uploadId'))
        expect(new Set(numbers)).toEqual(new Set(['']))
        // The object is one part of the body. When this fails, OpenDAL is fixed, and the case above can run for it.
        expect((await direct.head('key', {}))?.size).not.toBe(old.byteLength)
      },
    )

    it('gets an error from the store for a bit that was flipped on the way, where bodies are signed', async () => {
      const opened = await open(engine)
      await direct.put('key', old, plain)
      proxy.set({ fault: { kind: 'flip', direction: 'up', atByte: 5000 }, when: isPut, times: 1 })
      await opened.blob.put('key', small)
      expect(proxy.applied).toBe(1)
      if (engine.signsBodies) await expectStored(opened, 'key', small)
      else {
        // This engine signs no bodies: over plain HTTP such a flip is stored. TLS is what protects it.
        const altered = small.slice()
        altered[5000] = (altered[5000] ?? 0) ^ 1
        await expectStored(opened, 'key', altered)
      }
    })

    it('leaves the old object and no upload when the caller leaves a put that has stalled', async () => {
      const opened = await open(engine, { silenceMs: 60_000 })
      await direct.put('key', old, plain)
      for (const [body, when] of [
        [small, isPut],
        [streamOf(large), isPart],
      ] as readonly [BlobBody, typeof isPut][]) {
        const leave = new AbortController()
        proxy.set({ fault: { kind: 'stall', direction: 'up', afterBytes: 100_000 }, when })
        const putting = opened.blob.put('key', body, { signal: leave.signal })
        await expect.poll(() => proxy.applied).toBeGreaterThan(0)
        leave.abort(new Error('enough'))
        const start = performance.now()
        await corpus.failure(putting, 'Cancelled')
        expect(performance.now() - start).toBeLessThan(5_000)
        proxy.set()
      }
      // Connections that stall are the proxy's to close; then OpenDAL's calls end.
      await proxy.refuse()
      await proxy.accept()
      await expectStored(opened, 'key', old)
    })

    it('does not do a conditional put twice when its answer is lost, and says that it is not known', async () => {
      const opened = await open(engine)
      await direct.delete('created', {})
      proxy.set({ fault: { kind: 'lose-answer' }, when: isPut })
      const putting = opened.blob.put('created', small, { ifNoneMatch: '*' })
      await corpus.failure(putting, 'Unavailable', 'Timeout')
      expect(proxy.applied).toBe(1)
      proxy.set()
      await expectStored(opened, 'created', small)
      await corpus.failure(opened.blob.put('created', old, { ifNoneMatch: '*' }), 'AlreadyExists')
      await expectStored(opened, 'created', small)
    })

    it('replaces nothing when a put with a condition fails', async () => {
      const opened = await open(engine)
      const { etag } = await direct.put('key', old, plain)
      proxy.set({ fault: cutUp, when: isPut })
      await corpus.failure(opened.blob.put('key', small, { ifMatch: etag }), 'Unavailable', 'Timeout')
      expect(proxy.applied).toBe(1)
      proxy.set()
      await expectStored(opened, 'key', old)
    })

    it('deletes and copies after failures, by trying again', async () => {
      const opened = await open(engine)
      await direct.put('key', small, plain)
      const once = (method: string) => ({
        fault: unavailable,
        when: (request: SeenRequest) => request.method === method,
        times: 1,
      })
      proxy.set(once('PUT'))
      await opened.blob.copy('key', 'copied')
      expect(proxy.applied).toBe(1)
      await expectStored(opened, 'copied', small)
      proxy.set(once('DELETE'))
      await opened.blob.delete('copied')
      expect(proxy.applied).toBe(1)
      await expectStored(opened, 'copied', null)
    })
  })

  corpus.searchForSecrets(engines.length * 10)

  async function storedOrFailed(putting: Promise<unknown>): Promise<boolean> {
    try {
      await putting
      return true
    } catch (error) {
      await corpus.failure(Promise.reject(error), 'Unavailable', 'RateLimited', 'Timeout')
      return false
    }
  }
}

/** The bytes as a stream without a known length. */
function streamOf(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let at = 0
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        controller.enqueue(bytes.slice(at, at + 256 * 1024))
        at += 256 * 1024
        if (at >= bytes.byteLength) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}
