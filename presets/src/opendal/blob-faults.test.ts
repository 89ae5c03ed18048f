import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createBlobStore, isKind } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { digest, drain, never, refused, sampleBytes, sampleStream } from '@flowport/capabilities/testing'
import { opendalBlobDriver } from './blob-driver.ts'
import type { OpenDalBlobOptions } from './blob-options.ts'
import { operatorFactory } from './factory.node.ts'
import { nativeRetry, type OpenDalLayer } from './layers.ts'
import { ObjectServer } from '../../test/support/opendal-object-server.ts'

const MiB = 1024 * 1024
const unhandled: unknown[] = []
const onUnhandled = (reason: unknown) => unhandled.push(reason)
process.on('unhandledRejection', onUnhandled)
afterAll(() => process.off('unhandledRejection', onUnhandled))

let server = new ObjectServer()
let endpoint = ''
const warn = vi.fn()

beforeEach(async () => {
  server = new ObjectServer()
  endpoint = await server.listen()
  warn.mockClear()
})
afterEach(() => {
  server.close()
  expect(unhandled.splice(0)).toEqual([])
})

async function driverOf(options: Partial<OpenDalBlobOptions> = {}, layers: readonly OpenDalLayer[] = []) {
  const config = {
    bucket: 'b',
    region: 'r',
    endpoint,
    access_key_id: 'k',
    secret_access_key: 's',
    disable_config_load: true,
  }
  const operator = await operatorFactory({ scheme: 's3', config }, { layers }).build()
  return opendalBlobDriver(operator, { scheme: 's3', log: { warn }, clock: systemClock, ...options })
}

const none = { contentType: null, metadata: {} }

function gets() {
  return server.requests.filter(({ method }) => method === 'GET')
}

/** Breaks off the first read of content. */
function cutOnce(cutAfter: number): ObjectServer['fault'] {
  let cuts = 0
  return ({ method }) => (method === 'GET' && cuts++ === 0 ? { cutAfter } : null)
}

describe('reading', () => {
  it('goes on where a connection was cut, with the same version', async () => {
    const bytes = sampleBytes(6 * MiB)
    server.set('key', bytes)
    server.fault = cutOnce(1_500_000)
    const blob = createBlobStore(await driverOf())
    const handle = await blob.get('key')
    const { bytes: read } = await drain(handle?.stream() ?? expect.fail('absent'))
    expect(await digest(read)).toBe(await digest(bytes))
    const [first, second, ...more] = gets()
    expect(first?.ifMatch).toBe(`"${server.objects.get('key')?.etag}"`)
    expect(second?.ifMatch).toBe(first?.ifMatch)
    const from = Number(/^bytes=(\d+)-/.exec(second?.range ?? '')?.[1])
    expect(from).toBeGreaterThan(0)
    expect(from).toBeLessThanOrEqual(1_500_000)
    expect(more).toEqual([])
  })

  it('never goes on with another version: it is ConditionNotMatch, and no byte of the other is handed on', async () => {
    server.set('key', sampleBytes(6 * MiB, 1))
    server.fault = cutOnce(1_500_000)
    const blob = createBlobStore(await driverOf())
    const handle = (await blob.get('key')) ?? expect.fail('absent')
    const before = sampleBytes(6 * MiB, 1)
    let at = 0
    const reading = (async () => {
      for await (const chunk of handle.stream()) {
        expect(Buffer.compare(chunk, before.subarray(at, at + chunk.byteLength))).toBe(0)
        at += chunk.byteLength
        server.set('key', sampleBytes(6 * MiB, 2))
      }
    })()
    await refused(reading, 'ConditionNotMatch')
    expect(at).toBeGreaterThan(0)
    expect(at).toBeLessThan(6 * MiB)
  })

  it('gives up after four cuts without a byte, with a clear error', async () => {
    server.set('key', sampleBytes(2 * MiB))
    server.fault = ({ method }) => (method === 'GET' ? { cutAfter: 0 } : null)
    const blob = createBlobStore(await driverOf())
    const handle = (await blob.get('key')) ?? expect.fail('absent')
    const error = await refused(handle.bytes(), 'Unavailable')
    expect(error.message).toMatch(/blob\.get "key"/)
    expect(gets()).toHaveLength(4)
  })

  it('leaves what OpenDAL has retried in vain', async () => {
    server.set('key', sampleBytes(2 * MiB))
    server.fault = ({ method }) => (method === 'GET' ? { cutAfter: 0 } : null)
    const retries = nativeRetry({ maxRetries: 1, minDelayMs: 1, maxDelayMs: 1 })
    const blob = createBlobStore(await driverOf({}, [retries]))
    const handle = (await blob.get('key')) ?? expect.fail('absent')
    const error = await refused(handle.bytes(), 'Unavailable')
    expect(error.retryable).toBe('never')
    expect(gets()).toHaveLength(2)
  })

  it('of a range asks for its chunks and no more', async () => {
    const bytes = sampleBytes(3 * MiB)
    server.set('key', bytes)
    const blob = createBlobStore(await driverOf({ chunkBytes: 512 * 1024 }))
    const handle = await blob.get('key', { range: { offset: 1000, length: MiB } })
    const { bytes: read } = await drain(handle?.stream() ?? expect.fail('absent'))
    expect(Buffer.compare(read, bytes.subarray(1000, 1000 + MiB))).toBe(0)
    expect(gets().map(({ range }) => range)).toEqual(['bytes=1000-525287', 'bytes=525288-1049575'])
    expect(server.sent).toBe(MiB)
  })

  it('is at the pace of its reader: of 64 MiB little is sent before it is asked for', async () => {
    server.set('key', new Uint8Array(64 * MiB))
    const driver = await driverOf()
    const opened = (await driver.get('key', {})) ?? expect.fail('absent')
    expect(gets()).toEqual([])
    const reader = (opened.body as ReadableStream<Uint8Array>).getReader()
    expect((await reader.read()).done).toBe(false)
    // Whatever the sockets between hold.
    await expect.poll(() => server.sent).toBeGreaterThan(0)
    await wait(100)
    expect(server.sent).toBeLessThan(24 * MiB)
    await reader.cancel()
  })

  it('reads an object anew when it is replaced between asking for it and reading it', async () => {
    server.set('key', Buffer.from('old and longer'))
    let replaced = false
    server.fault = ({ method }) => {
      if (method === 'GET' && !replaced) {
        replaced = true
        server.set('key', Buffer.from('new'))
      }
      return null
    }
    const blob = createBlobStore(await driverOf())
    const handle = (await blob.get('key')) ?? expect.fail('absent')
    expect([await handle.text(), handle.object.size]).toEqual(['new', 3])
  })

  it('ends at once when its signal fires, whatever the server does', async () => {
    server.set('key', new Uint8Array(MiB))
    server.fault = ({ method }) => (method === 'GET' ? { hang: true } : null)
    const driver = await driverOf()
    const controller = new AbortController()
    const opened = (await driver.get('key', { signal: controller.signal })) ?? expect.fail('absent')
    const reading = (opened.body as ReadableStream<Uint8Array>).getReader().read()
    await expect.poll(() => gets().length).toBe(1)
    controller.abort()
    await refused(reading, 'Cancelled')
    const hanging = new AbortController()
    server.fault = () => ({ hang: true })
    const head = driver.head('key', { signal: hanging.signal }) as Promise<unknown>
    hanging.abort()
    await refused(head, 'Cancelled')
    // What OpenDAL makes of it later goes nowhere: the hook below sees that nothing is unhandled.
    server.close()
    await wait(50)
  })
})

describe('writing', () => {
  const cleanUp = vi.fn(async (_key: string) => {
    server.uploads.clear()
  })
  beforeEach(() => cleanUp.mockClear())

  it('sends what is small in one request, what is large in parts', async () => {
    const blob = createBlobStore(await driverOf({ cleanUp }))
    const small = sampleBytes(300_000)
    await blob.put('small', sampleStream(small).stream)
    expect(server.requests.filter(({ method }) => method === 'POST')).toEqual([])
    const large = sampleBytes(20 * MiB + 1)
    await blob.put('large', sampleStream(large, { chunk: 100_001 }).stream)
    expect(server.requests.filter(({ url }) => url.includes('partNumber'))).toHaveLength(3)
    for (const [key, bytes] of [
      ['small', small],
      ['large', large],
    ] as const) {
      expect(Buffer.compare(server.objects.get(key)?.bytes ?? Buffer.alloc(0), bytes)).toBe(0)
    }
    expect(cleanUp).not.toHaveBeenCalled()
    expect(server.uploads.size).toBe(0)
  })

  it('that is aborted ends at once and leaves neither object nor upload', async () => {
    const driver = await driverOf({ cleanUp, chunkBytes: 5 * MiB })
    const controller = new AbortController()
    const source = sampleStream(sampleBytes(14 * MiB), {
      chunk: MiB,
      onPull: (i) => {
        if (i < 12) return undefined
        queueMicrotask(() => controller.abort(new Error('the caller left')))
        return never()
      },
    })
    server.set('key', Buffer.from('old'))
    await refused(
      driver.put('key', source.stream, { ...none, signal: controller.signal }) as Promise<unknown>,
      'Cancelled',
    )
    expect(source.cancelled()).toBe(true)
    expect(server.objects.get('key')?.bytes.toString()).toBe('old')
    await driver.close?.()
    expect(cleanUp.mock.calls).toEqual([['key']])
    expect(server.uploads.size).toBe(0)
  })

  it('that hangs ends at once when its signal fires; the cleaning up waits for what is under way', async () => {
    server.fault = ({ url }) => (url.includes('partNumber') ? { hang: true } : null)
    const driver = await driverOf({ cleanUp, chunkBytes: 5 * MiB })
    const controller = new AbortController()
    const putting = driver.put('key', sampleStream(sampleBytes(14 * MiB), { chunk: MiB }).stream, {
      ...none,
      signal: controller.signal,
    }) as Promise<unknown>
    await expect.poll(() => server.requests.some(({ url }) => url.includes('partNumber'))).toBe(true)
    controller.abort()
    await refused(putting, 'Cancelled')
    expect(cleanUp).not.toHaveBeenCalled()
    server.close()
    await driver.close?.()
    expect(cleanUp).toHaveBeenCalledTimes(1)
    expect(server.objects.has('key')).toBe(false)
  })

  it('of which a part fails leaves neither object nor upload, and is cleaned up before the put rejects', async () => {
    server.fault = ({ url }) => (url.includes('partNumber=2') ? { status: 400, code: 'BadDigest' } : null)
    const blob = createBlobStore(await driverOf({ cleanUp, chunkBytes: 5 * MiB }))
    const source = sampleStream(sampleBytes(14 * MiB), { chunk: MiB })
    const error = await refused(blob.put('key', source.stream), 'Unexpected')
    expect(error.details).toMatchObject({ status: 400, serviceCode: 'BadDigest' })
    expect(cleanUp.mock.calls).toEqual([['key']])
    expect([server.uploads.size, server.objects.has('key'), source.stream.locked]).toEqual([0, false, false])
  })

  it('tells the log when cleaning up after an abort fails', async () => {
    const driver = await driverOf({
      cleanUp: () => Promise.reject(new Error('refused')),
      chunkBytes: 5 * MiB,
    })
    const controller = new AbortController()
    const source = sampleStream(sampleBytes(14 * MiB), {
      chunk: MiB,
      onPull: (i) => (i === 12 ? controller.abort() : undefined),
    })
    await refused(
      driver.put('key', source.stream, { ...none, signal: controller.signal }) as Promise<unknown>,
      'Cancelled',
    )
    await driver.close?.()
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      { scheme: 's3', key: 'key', error: 'refused' },
      'what an aborted put left could not be removed',
    )
  })

  it('reads bytes before it returns to its caller: they may be changed at once', async () => {
    const driver = await driverOf()
    for (let i = 0; i < 5; i++) {
      const given = sampleBytes(4 * MiB, i + 1)
      const putting = driver.put(`key${i}`, given, none)
      given.fill(0)
      await putting
      expect(
        Buffer.compare(server.objects.get(`key${i}`)?.bytes ?? Buffer.alloc(0), sampleBytes(4 * MiB, i + 1)),
      ).toBe(0)
    }
  })

  it('with a condition holds a stream up to its bound, and sends it in one request', async () => {
    const blob = createBlobStore(await driverOf({ maxConditionalBytes: 8 * MiB }))
    await blob.put('key', sampleStream(sampleBytes(8 * MiB)).stream, { ifNoneMatch: '*' })
    expect(server.requests.map(({ method }) => method)).toEqual(['PUT'])
    await refused(blob.put('key', 'other', { ifNoneMatch: '*' }), 'AlreadyExists')
    const long = sampleStream(sampleBytes(8 * MiB + 1)).stream
    await refused(blob.put('long', long, { ifNoneMatch: '*' }), 'LimitExceeded')
    expect(server.objects.has('long')).toBe(false)
  })

  it('a storm of 503 is RateLimited or Unavailable, temporary', async () => {
    server.fault = () => ({ status: 503, code: 'SlowDown' })
    const blob = createBlobStore(await driverOf())
    for (const call of [() => blob.put('key', 'x'), () => blob.head('key'), () => blob.delete('key')]) {
      const error = await call().then(
        () => expect.fail('it answered'),
        (thrown: unknown) => thrown,
      )
      expect(isKind(error, 'RateLimited', 'Unavailable') && error.retryable).toBe('temporary')
    }
  })
})

describe('keys', () => {
  it('that leave the root, or that OpenDAL would change, never reach the wire', async () => {
    const driver = await driverOf()
    const bad = ['../x', 'a/../../x', '..', '/a', 'a//b', 'a/', ' a', 'a ', 'a\0b', './a', '']
    for (const key of bad) {
      const calls = [
        async () => driver.head(key, {}),
        async () => driver.get(key, {}),
        async () => driver.put(key, new Uint8Array(1), none),
        async () => driver.delete(key, {}),
        async () => driver.deleteMany?.([key], {}),
        async () => driver.copy?.('fine', key, {}),
        async () => driver.copy?.(key, 'fine', {}),
        async () => driver.presign?.(key, { method: 'get', expiresInSeconds: 60 }),
      ]
      for (const call of calls) await refused(call(), 'InvalidInput')
    }
    expect(server.requests).toEqual([])
  })

  it('are deleted one by one, never as prefixes', async () => {
    for (const key of ['a', 'ab', 'a2/b', 'c']) server.set(key, Buffer.from(key))
    const driver = await driverOf()
    await driver.deleteMany?.(['a', 'c', 'absent'], {})
    expect([...server.objects.keys()]).toEqual(['ab', 'a2/b'])
    await driver.delete('a2', {})
    expect([...server.objects.keys()]).toEqual(['ab', 'a2/b'])
  })

  it('are signed for a week at most, and for whole seconds', async () => {
    const driver = await driverOf()
    for (const expiresInSeconds of [0, -1, 1.5, 604_801, 1e300, Number.NaN]) {
      await refused(
        (async () => driver.presign?.('key', { method: 'get', expiresInSeconds }))(),
        'InvalidInput',
      )
    }
    const url = await driver.presign?.('a b+%', { method: 'put', expiresInSeconds: 604_800 })
    expect(url?.pathname).toBe('/b/a%20b%2B%25')
  })
})

describe('readiness', () => {
  it('fails when the service cannot be reached, and does not need to list', async () => {
    const driver = await driverOf()
    server.fault = ({ url }) => (url.includes('list-type') ? { status: 403, code: 'AccessDenied' } : null)
    await driver.check?.({})
    server.fault = ({ url }) => (url.includes('list-type') ? { status: 404, code: 'NoSuchBucket' } : null)
    await expect(driver.check?.({})).rejects.toMatchObject({ kind: 'Misconfigured' })
    server.close()
    await expect(driver.check?.({})).rejects.toMatchObject({ kind: 'Unavailable', operation: 'check' })
  })
})

describe('options', () => {
  it('that would abort or hang the process are refused', async () => {
    for (const concurrency of [0, -5, 65, 1.5, 4_294_967_295]) {
      await expect(driverOf({ concurrency })).rejects.toMatchObject({ kind: 'Misconfigured' })
    }
    for (const chunkBytes of [0, -1, 1, 65_535, 2 ** 40, 1.5]) {
      await expect(driverOf({ chunkBytes })).rejects.toMatchObject({ kind: 'Misconfigured' })
    }
    await expect(driverOf({ maxConditionalBytes: -1 })).rejects.toMatchObject({ kind: 'Misconfigured' })
  })

  it('send one part at a time, whatever is read at once: OpenDAL would hold all of them to the end', async () => {
    const blob = createBlobStore(await driverOf({ concurrency: 4, chunkBytes: 5 * MiB }))
    server.putMs = 100
    await blob.put('key', sampleStream(sampleBytes(32 * MiB), { chunk: MiB }).stream)
    expect(server.putsAtOnce).toBe(1)
  })

  it('read several parts at once', async () => {
    const blob = createBlobStore(await driverOf({ concurrency: 3, chunkBytes: 5 * MiB }))
    const bytes = sampleBytes(18 * MiB)
    await blob.put('key', sampleStream(bytes, { chunk: MiB }).stream)
    const handle = await blob.get('key')
    const { bytes: read } = await drain(handle?.stream() ?? expect.fail('absent'))
    expect(await digest(read)).toBe(await digest(bytes))
    expect(gets().length).toBeGreaterThan(1)
    expect(new Set(gets().map(({ ifMatch }) => ifMatch)).size).toBe(1)
  })
})
