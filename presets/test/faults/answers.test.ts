import { type CapabilityError, isKind } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { type Fault, s3Error, type SeenRequest } from '../support/fault-proxy.ts'
import { withoutRadosgw } from '../support/radosgw.ts'
import { engines } from './engines.ts'
import { attempts, freshBytes, itUnless, type Opened, startHarness } from './harness.ts'

const harness = await startHarness()
const old = freshBytes(1000)
const small = freshBytes(100_000)
const large = freshBytes(11 * 1024 * 1024)
const page = '<html><body>Please log in</body></html>'
const plain = { contentType: null, metadata: {} }

/** Every kind of call, each of which must fail or succeed on its own. */
const operations: readonly (readonly [string, (opened: Opened) => Promise<unknown>])[] = [
  ['head', ({ blob }) => blob.head('key')],
  ['get', async ({ blob }) => (await blob.get('key'))?.bytes()],
  ['list', ({ blob }) => blob.list({ prefix: 'key' })],
  ['put', ({ blob }) => blob.put('key', small)],
  ['copy', ({ blob }) => blob.copy('key', 'copied')],
  ['delete', ({ blob }) => blob.delete('copied')],
]

if (harness === null) describe.skip('bad answers', () => it(withoutRadosgw, () => undefined))
else {
  const { proxy, corpus, direct, open, expectStored } = harness

  describe.each(engines)('bad answers, engine $name', (engine) => {
    for (const [what, fault] of [
      ['500 without a word', { kind: 'answer', status: 500 }],
      ['503 SlowDown', { kind: 'answer', status: 503, body: s3Error('SlowDown') }],
      ['429', { kind: 'answer', status: 429, body: s3Error('TooManyRequests') }],
      ['503 with Retry-After', { kind: 'answer', status: 503, headers: { 'retry-after': '3' } }],
    ] as const satisfies readonly (readonly [string, Fault])[]) {
      it(`gets every call through a storm of ${what} that ends`, async () => {
        const opened = await open(engine)
        await direct.put('key', old, plain)
        for (const [name, call] of operations) {
          proxy.set({ fault, times: 2 })
          await call(opened)
          expect(proxy.applied, name).toBe(2)
          expect(opened.clock.waits.length, name).toBeGreaterThanOrEqual(1)
        }
        await expectStored(opened, 'key', small)
      })

      it(`says what to do when a storm of ${what} does not end`, async () => {
        const opened = await open(engine)
        await direct.put('key', old, plain)
        for (const [name, call] of operations) {
          proxy.set({ fault })
          const error = await corpus.failure(call(opened), 'Unavailable', 'RateLimited')
          expect(error.operation, name).toBe(name)
          expect(error.details, name).toMatchObject({ attempts, gaveUp: 'exhausted' })
          // Nobody is asked without end.
          expect(proxy.applied, name).toBeLessThanOrEqual(attempts * 4)
        }
        proxy.set()
        await expectStored(opened, 'key', old)
      })
    }

    it('waits as long as it was asked to, and a moment where it was asked nothing', async () => {
      const opened = await open(engine)
      await direct.put('key', old, plain)
      const headers = { 'retry-after': '9' }
      proxy.set({ fault: { kind: 'answer', status: 503, headers, body: s3Error('SlowDown') }, times: 1 })
      await opened.blob.put('key', small)
      // Some versions of OpenDAL do not pass on `Retry-After`: then the layer's own backoff holds.
      if (engine.name !== 'opendal') expect(Math.max(...opened.clock.waits)).toBeGreaterThanOrEqual(9000)
      opened.clock.waits.length = 0
      proxy.set({ fault: { kind: 'answer', status: 503, body: s3Error('SlowDown') }, times: 1 })
      await opened.blob.put('key', small)
      expect(Math.max(...opened.clock.waits)).toBeLessThanOrEqual(1000)
    })

    it('takes no part of a listing for the whole', async () => {
      const opened = await open(engine)
      const names = Array.from({ length: 30 }, (_, i) => `listed/${String(i).padStart(2, '0')}`)
      for (const name of names) await direct.put(name, old, plain)
      const isList = ({ method, path }: SeenRequest) => method === 'GET' && path.includes('list-type=2')
      const whole = (await list(opened)).length
      expect(whole).toBe(names.length)
      for (const bytes of [0, 50, 200, 700, 1500, 3000]) {
        proxy.set({ fault: { kind: 'truncate', bytes }, when: isList })
        await corpus.failure(list(opened), 'Unexpected', 'Unavailable', 'Corrupt')
        expect(proxy.applied).toBeGreaterThan(0)
      }
      for (const fault of [
        { kind: 'reset', direction: 'down', afterBytes: 1000 },
        { kind: 'end', afterBytes: 1000 },
        { kind: 'length', offBy: 50 },
      ] as const) {
        proxy.set({ fault, when: isList, times: 1 })
        expect(await list(opened)).toEqual(names)
        expect(proxy.applied).toBe(1)
      }
    })

    itUnless(
      engine.believesAnyAnswer ? 'see the known fault below' : null,
      'takes a page that is no listing for an error, not for an empty store',
      async () => {
        const opened = await open(engine)
        for (const body of ['', page, '{}']) {
          proxy.set({ fault: { kind: 'answer', status: 200, body } })
          await corpus.failure(list(opened), 'Unexpected', 'Unavailable')
        }
      },
    )

    itUnless(
      engine.believesAnyAnswer ? null : 'this engine has not this fault',
      'known fault of OpenDAL: a page that is no listing is taken for an empty store',
      async () => {
        const opened = await open(engine)
        proxy.set({ fault: { kind: 'answer', status: 200, body: page } })
        // When this fails, OpenDAL has learned better, and the case above can run for it.
        expect(await list(opened)).toEqual([])
        for (const body of ['', '{}']) {
          proxy.set({ fault: { kind: 'answer', status: 200, body } })
          await corpus.failure(list(opened), 'Unexpected', 'Unavailable')
        }
      },
    )

    it('takes a refused connection for a store that is away, and goes on when it is back', async () => {
      const opened = await open(engine)
      await direct.put('key', old, plain)
      await opened.blob.head('key')
      await proxy.refuse()
      try {
        for (const [name, call] of operations) {
          const error = await corpus.failure(call(opened), 'Unavailable', 'Timeout')
          expect(error.details, name).toMatchObject({ attempts, gaveUp: 'exhausted' })
        }
        const failed = opened.blob.put('key', new Blob([large]).stream())
        await corpus.failure(failed, 'Unavailable', 'Timeout')
      } finally {
        await proxy.accept()
      }
      await opened.blob.put('key', small)
      await expectStored(opened, 'key', small)
    })

    it('says that credentials are not valid any more, and stores nothing', async () => {
      const opened = await open(engine)
      await direct.put('key', old, plain)
      const fault = { kind: 'answer', status: 400, body: s3Error('ExpiredToken') } as const
      for (const [, call] of operations) {
        proxy.set({ fault })
        // A HEAD has no body that could tell the reason.
        const error = await call(opened).then(
          () => null,
          (thrown: unknown) => thrown,
        )
        corpus.add(error)
        expect(isKind(error, 'Unauthenticated', 'PermissionDenied', 'Unexpected')).toBe(true)
        expect((error as CapabilityError).retryable).toBe('never')
      }
      proxy.set()
      await expectStored(opened, 'key', old)
    })

    it('leaves the old object and no upload when credentials expire in the middle of one', async () => {
      const opened = await open(engine)
      await direct.put('key', old, plain)
      const expired = { kind: 'answer', status: 400, body: s3Error('ExpiredToken') } as const
      let parts = 0
      const fromSecondPart = ({ method, path }: SeenRequest) =>
        method === 'PUT' && path.includes('partNumber=') && ++parts > 1
      proxy.set({ fault: expired, when: fromSecondPart })
      const putting = opened.blob.put('key', new Blob([large]).stream())
      const error = await corpus.failure(putting, 'Unauthenticated', 'Unexpected', 'PermissionDenied')
      expect(error.retryable).toBe('never')
      expect(proxy.applied).toBeGreaterThan(0)
      await expectStored(opened, 'key', old)
    })

    const fixed = engine.refreshes ? null : 'this engine takes fixed credentials only'
    itUnless(fixed, 'gets new credentials in the middle of an upload and a read', async () => {
      const { accessKeyId, secretAccessKey } = harness.keys
      let asked = 0
      const credentials = async () => {
        asked += 1
        return { accessKeyId, secretAccessKey }
      }
      const opened = await open(engine, { credentials })
      const fault = { kind: 'answer', status: 400, body: s3Error('ExpiredToken') } as const
      proxy.set({ fault, when: ({ path }) => path.includes('partNumber=2'), times: 1 })
      await opened.blob.put('key', new Blob([large]).stream())
      expect([proxy.applied, asked]).toEqual([1, 2])
      proxy.set({ fault, when: ({ method }) => method === 'GET', times: 1 })
      const read = await (await opened.blob.get('key'))?.bytes()
      expect([proxy.applied, asked, Buffer.compare(read ?? old, large)]).toEqual([1, 3, 0])
      await expectStored(opened, 'key', large)
    })

    it('reports the upload that it could not abort', async () => {
      const opened = await open(engine)
      await direct.put('key', old, plain)
      const denied = { kind: 'answer', status: 403, body: s3Error('AccessDenied') } as const
      const rule = {
        fault: denied,
        when: ({ path }: SeenRequest) => /partNumber=2|^[^?]*\?uploadId=|uploads/.test(path),
      }
      let begun = false
      proxy.set({
        ...rule,
        when: (request) => {
          // Beginning is let through.
          if (request.method === 'POST' && !begun) {
            begun = true
            return false
          }
          return rule.when(request)
        },
      })
      const before = corpus.lines('').length
      const putting = opened.blob.put('key', new Blob([large]).stream())
      await corpus.failure(putting, 'PermissionDenied', 'Unexpected')
      await opened.settle()
      expect(corpus.lines('').slice(before).join('\n')).toMatch(/could not be (?:aborted|removed)/)
      proxy.set()
      await harness.abortAll()
      await expectStored(opened, 'key', old)
    })

    it('lets no key with dots, and none of their kin, reach the wire', async () => {
      const opened = await open(engine)
      proxy.clear()
      const keys = ['../a', 'a/../../b', '..', '.', 'a/./b', 'a/..', './a', '/a', 'a//b', '..\\a', 'a\0b', '']
      for (const key of keys) {
        for (const call of [
          () => opened.blob.get(key),
          () => opened.blob.head(key),
          () => opened.blob.put(key, small),
          () => opened.blob.put(key, new Blob([small]).stream()),
          () => opened.blob.delete(key),
          () => opened.blob.deleteMany([key]),
          () => opened.blob.copy(key, 'to'),
          () => opened.blob.copy('key', key),
          () => opened.blob.presign(key, { method: 'get', expiresInSeconds: 60 }),
        ]) {
          await corpus.failure(call(), 'InvalidInput')
        }
        if (key !== '') expect(await opened.blob.list({ prefix: `${key}/x` })).toMatchObject({ objects: [] })
      }
      expect(proxy.seen).toEqual([])
      await opened.blob.list({ prefix: '..' })
      const paths = proxy.seen.map(({ path }) => decodeURIComponent(path.replace(/\?.*/, '')))
      expect(paths.flatMap((path) => path.split('/')).filter((part) => /^\.\.?$/.test(part))).toEqual([])
    })

    it('repeats no secret of an answer that holds them all', async () => {
      const { accessKeyId, secretAccessKey } = harness.keys
      const sessionToken = `MARKER-token-${engine.name.replaceAll(' ', '-')}`
      corpus.addSecrets(sessionToken)
      const opened = await open(engine, { sessionToken })
      const echo = `${accessKeyId} ${secretAccessKey} ${sessionToken}`
      for (const [status, code] of [
        [403, 'SignatureDoesNotMatch'],
        [403, 'InvalidAccessKeyId'],
        [400, 'ExpiredToken'],
        [400, 'AuthorizationHeaderMalformed'],
        [403, echo],
        [500, echo],
        [418, 'Teapot'],
        [301, 'PermanentRedirect'],
      ] as const) {
        const body = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${echo}</Message><AWSAccessKeyId>${accessKeyId}</AWSAccessKeyId><StringToSign>${echo}</StringToSign></Error>`
        const headers = { 'x-amz-request-id': 'request', 'x-echo': echo }
        for (const [, call] of operations) {
          proxy.set({ fault: { kind: 'answer', status, headers, body } })
          corpus.add(
            await call(opened).then(
              () => expect.fail(`${code} was taken for success`),
              (error: unknown) => error,
            ),
          )
        }
      }
      // The server itself knows no such token.
      proxy.set()
      for (const [, call] of operations) corpus.add(await call(opened).catch((error: unknown) => error))
      const { inspect } = await import('node:util')
      for (const one of [opened.blob, opened.driver])
        corpus.add(inspect(one, { depth: 10, showHidden: true }))
    })
  })

  corpus.searchForSecrets(engines.length * 60)
}

async function list({ blob }: Opened): Promise<readonly string[]> {
  const keys: string[] = []
  for await (const { key } of blob.entries({ prefix: 'listed/' })) keys.push(key)
  return keys
}
