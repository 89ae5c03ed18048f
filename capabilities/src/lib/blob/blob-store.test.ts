import { describe, expect, it } from 'vitest'
import { type Call, isReplayable, type Layer } from '../layer.ts'
import { memoryBlobDriver } from '../memory/blob.ts'
import { control } from '../resource/resource.ts'
import { sampleBytes, sampleStream } from '../testing/samples.ts'
import { createBlobStore } from './blob-store.ts'
import type { BlobProgress } from './contract.ts'
import type { BlobDriver, OpenedBlob } from './driver.ts'

/** Tries once more whenever that is safe. */
const twice: Layer = {
  name: 'twice',
  async around(call, next) {
    try {
      return await next(call)
    } catch (error) {
      if (!isReplayable(call)) throw error
      return next({ ...call, attempt: 2 })
    }
  },
}

/** The memory driver, but for some methods. */
function driverWith(over: (honest: BlobDriver) => Partial<BlobDriver>): BlobDriver {
  const honest = memoryBlobDriver()
  return {
    info: honest.info,
    head: (key, call) => honest.head(key, call),
    get: (key, get) => honest.get(key, get),
    put: (key, body, put) => honest.put(key, body, put),
    delete: (key, call) => honest.delete(key, call),
    list: (list) => honest.list(list),
    ...over(honest),
  }
}

/** Fails the first put in the way given. */
function failingOnce(how: (body: ReadableStream<Uint8Array<ArrayBuffer>>) => Promise<unknown>): BlobDriver {
  let attempts = 0
  return driverWith((honest) => ({
    put: async (key, body, put) => {
      attempts += 1
      if (attempts > 1) return honest.put(key, body, put)
      if (body instanceof ReadableStream) await how(body)
      throw new Error('connection reset')
    },
  }))
}

describe('put', () => {
  it('replays a stream that was not touched, also when the driver let go of it', async () => {
    for (const how of [async () => undefined, (body: ReadableStream) => body.cancel()]) {
      const blob = createBlobStore(failingOnce(how), { layers: [twice] })
      const source = sampleStream(sampleBytes(200_000))
      await blob.put('key', source.stream)
      expect(await (await blob.get('key'))?.bytes()).toEqual(sampleBytes(200_000))
    }
  })

  it('does not replay a stream that was touched, and lets go of it', async () => {
    const driver = failingOnce(async (body) => {
      const reader = body.getReader()
      await reader.read()
      reader.releaseLock()
    })
    const blob = createBlobStore(driver, { layers: [twice] })
    const source = sampleStream(sampleBytes(200_000))
    await expect(blob.put('key', source.stream)).rejects.toMatchObject({
      kind: 'Unexpected',
      operation: 'put',
    })
    expect(source.cancelled()).toBe(true)
    expect(source.stream.locked).toBe(false)
    expect(await blob.head('key')).toBeNull()
  })

  it('replays text, bytes and Blobs, whatever was read of them', async () => {
    for (const body of ['text', new Uint8Array(4), new Blob(['text'])]) {
      const driver = failingOnce((stream) => stream.getReader().read())
      await createBlobStore(driver, { layers: [twice] }).put('key', body)
      expect(await driver.head('key', {})).toMatchObject({ size: 4 })
    }
  })

  it('tells layers the body only of a stream, and puts with a condition as what must not be replayed', async () => {
    const seen: Pick<Call, 'operation' | 'replayable' | 'body'>[] = []
    const watching: Layer = {
      name: 'watching',
      around(call, next) {
        seen.push({ operation: call.operation, replayable: call.replayable, body: call.body })
        return next(call)
      },
    }
    const blob = createBlobStore(memoryBlobDriver(), { layers: [watching] })
    await blob.put('text', 'text')
    await blob.put('stream', sampleStream(sampleBytes(10)).stream)
    await blob.put('created', 'text', { ifNoneMatch: '*' })
    expect(seen.map(({ operation, replayable }) => [operation, replayable])).toEqual([
      ['put', true],
      ['put', true],
      ['putConditional', false],
    ])
    expect(seen.map(({ body }) => body?.touched)).toEqual([undefined, true, undefined])
  })

  it('holds back the last bytes of a body of known size until the source has ended there', async () => {
    let got = 0
    const driver = driverWith(() => ({
      put: async (_key, body) => {
        if (body instanceof ReadableStream) for await (const chunk of body) got += chunk.byteLength
        return expect.fail('the driver saw the whole body')
      },
    }))
    const blob = createBlobStore(driver)
    const source = sampleStream(sampleBytes(4000), { chunk: 1000 })
    await expect(blob.put('key', source.stream, { size: 3000 })).rejects.toMatchObject({
      kind: 'InvalidInput',
    })
    expect(got).toBe(2000)
  })

  it('tells what was wrong with the body, whatever the driver makes of it', async () => {
    const driver = driverWith(() => ({
      put: async (_key, body) => {
        try {
          if (body instanceof ReadableStream) for await (const _ of body);
        } catch {
          throw new TypeError('fetch failed')
        }
        return expect.fail('the body did not fail')
      },
    }))
    const blob = createBlobStore(driver)
    const source = () => sampleStream(sampleBytes(4000), { chunk: 1000 }).stream
    await expect(blob.put('key', source(), { size: 1 })).rejects.toMatchObject({ kind: 'InvalidInput' })
    await expect(blob.put('key', source(), { maxBytes: 1 })).rejects.toMatchObject({ kind: 'LimitExceeded' })
  })

  it('ends with the error of a progress callback, and stores nothing', async () => {
    const blob = createBlobStore(memoryBlobDriver())
    const failure = new Error('the bar broke')
    const onProgress = () => {
      throw failure
    }
    const source = sampleStream(sampleBytes(4000))
    await expect(blob.put('key', source.stream, { onProgress })).rejects.toMatchObject({ cause: failure })
    expect(await blob.head('key')).toBeNull()
    expect(source.stream.locked).toBe(false)
  })

  it('counts a Blob that is sent again from the start, and bytes that are sent again once', async () => {
    const told: BlobProgress[] = []
    const onProgress = (progress: BlobProgress) => told.push(progress)
    const readSome = async (body: ReadableStream<Uint8Array>) => {
      const reader = body.getReader()
      for (let taken = 0; taken < 1_000_000; ) taken += (await reader.read()).value?.byteLength ?? 0
    }
    const blob = () => createBlobStore(failingOnce(readSome), { layers: [twice] })
    await blob().put('key', new Blob([sampleBytes(1_000_000), sampleBytes(1_000_000)]), { onProgress })
    // Each part of the Blob is one chunk here; the first is sent twice.
    expect(told.map(({ bytes }) => bytes)).toEqual([1_000_000, 1_000_000, 2_000_000])
    told.length = 0
    await blob().put('key', sampleBytes(200_000), { onProgress })
    expect(told).toEqual([{ bytes: 200_000, total: 200_000 }])
  })

  it('tells no progress of bytes that were not stored', async () => {
    const blob = createBlobStore(failingOnce(async () => undefined))
    const told: BlobProgress[] = []
    const putting = blob.put('key', sampleBytes(4000), { onProgress: (progress) => told.push(progress) })
    await expect(putting).rejects.toThrow()
    expect(told).toEqual([])
  })

  it('leaves no listener on the signal', async () => {
    const signal = new ListenedSignal()
    const blob = createBlobStore(memoryBlobDriver())
    await blob.put('key', sampleStream(sampleBytes(200_000)).stream, { signal: signal.signal })
    for await (const _ of (await blob.get('key', { signal: signal.signal }))?.stream() ?? []);
    await (await blob.get('key', { signal: signal.signal }))?.stream().cancel()
    expect(signal.listeners).toBe(0)
  })
})

describe('get', () => {
  it('ends a reading with the error of a progress callback, and lets the source go', async () => {
    const source = sampleStream(sampleBytes(200_000))
    const blob = createBlobStore(
      driverWith((honest) => ({
        get: async (key, get) => {
          const opened = (await honest.get(key, get)) as OpenedBlob
          return { ...opened, body: source.stream }
        },
      })),
    )
    await blob.put('key', sampleBytes(200_000))
    const failure = new Error('the bar broke')
    const handle = await blob.get('key', {
      onProgress: () => {
        throw failure
      },
    })
    await expect(handle?.bytes()).rejects.toMatchObject({ cause: failure })
    expect(source.cancelled()).toBe(true)
  })

  const whole = (bytes: number, stated: number): Partial<BlobDriver> => ({
    get: async (key): Promise<OpenedBlob> => ({
      object: { key, size: stated, etag: 'e', contentType: null, metadata: {}, lastModified: new Date(0) },
      start: 0,
      end: stated,
      body: sampleStream(sampleBytes(bytes), { chunk: 1000 }).stream,
    }),
  })

  it('tells a body that ends early from a whole one, so that it can be read again', async () => {
    const blob = createBlobStore(driverWith(() => whole(4000, 5000)))
    await expect((await blob.get('key'))?.bytes()).rejects.toMatchObject({
      kind: 'Unavailable',
      retryable: 'temporary',
      operation: 'get',
      key: 'key',
    })
  })

  it('refuses a body that is longer than stated', async () => {
    const blob = createBlobStore(driverWith(() => whole(5000, 4000)))
    await expect((await blob.get('key'))?.text()).rejects.toMatchObject({ kind: 'Corrupt' })
  })

  it('reads from the driver no more than its reader takes, and a chunk', async () => {
    const source = sampleStream(sampleBytes(1_000_000))
    const driver = driverWith(() => ({
      get: async (key) => ({
        object: {
          key,
          size: 1_000_000,
          etag: 'e',
          contentType: null,
          metadata: {},
          lastModified: new Date(0),
        },
        start: 0,
        end: 1_000_000,
        body: source.stream,
      }),
    }))
    const reader = (await createBlobStore(driver).get('key'))?.stream().getReader()
    expect(source.pulled()).toBe(0)
    await reader?.read()
    for (let i = 0; i < 100; i++) await Promise.resolve()
    expect(source.pulled()).toBe(65_536)
    await reader?.cancel()
    expect(source.cancelled()).toBe(true)
  })

  it('frees what the driver holds when the handle is let go, before, while and after reading', async () => {
    const source = { current: sampleStream(sampleBytes(1)) }
    const driver = driverWith(() => ({
      get: async (key) => {
        source.current = sampleStream(sampleBytes(4000), { chunk: 1000 })
        return {
          object: { key, size: 4000, etag: 'e', contentType: null, metadata: {}, lastModified: new Date(0) },
          start: 0,
          end: 4000,
          body: source.current.stream,
        }
      },
    }))
    const blob = createBlobStore(driver)
    await (await blob.get('key'))?.cancel()
    expect(source.current.cancelled()).toBe(true)
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined
    {
      await using handle = await blob.get('key')
      reader = handle?.stream().getReader()
      await reader?.read()
    }
    expect(source.current.cancelled()).toBe(true)
    await expect(reader?.read()).rejects.toMatchObject({ kind: 'Cancelled' })
    const handle = await blob.get('key')
    expect((await handle?.bytes())?.byteLength).toBe(4000)
    await handle?.cancel()
  })
})

describe('copy', () => {
  it('streams through where the store cannot copy, chunk by chunk', async () => {
    const source = sampleStream(sampleBytes(1_000_000))
    let ahead = 0
    const driver = driverWith((honest) => ({
      info: { ...honest.info, features: { ...honest.info.features, serverCopy: false } },
      get: async (key) => ({
        object: {
          key,
          size: 1_000_000,
          etag: 'e',
          contentType: 'a/b',
          metadata: { a: 'b' },
          lastModified: new Date(0),
        },
        start: 0,
        end: 1_000_000,
        body: source.stream,
      }),
      put: async (key, body, put) => {
        if (!(body instanceof ReadableStream)) return expect.fail('not a stream')
        let taken = 0
        for await (const chunk of body) {
          taken += chunk.byteLength
          ahead = Math.max(ahead, source.pulled() - taken)
        }
        expect(put).toMatchObject({ contentType: 'a/b', metadata: { a: 'b' }, size: 1_000_000 })
        return honest.put(key, new Uint8Array(taken), put)
      },
    }))
    expect(await createBlobStore(driver).copy('from', 'to')).toMatchObject({ key: 'to', size: 1_000_000 })
    expect(ahead).toBeLessThanOrEqual(65_536)
  })

  it('lets go of the source when the target fails', async () => {
    const source = sampleStream(sampleBytes(200_000))
    const driver = driverWith((honest) => ({
      info: { ...honest.info, features: { ...honest.info.features, serverCopy: false } },
      get: async (key) => ({
        object: { key, size: 200_000, etag: 'e', contentType: null, metadata: {}, lastModified: new Date(0) },
        start: 0,
        end: 200_000,
        body: source.stream,
      }),
      put: () => Promise.reject(new Error('full')),
    }))
    await expect(createBlobStore(driver).copy('from', 'to')).rejects.toMatchObject({
      operation: 'copy',
      key: 'from',
    })
    expect(source.cancelled()).toBe(true)
  })
})

describe('the resource', () => {
  it('tells domain, provider, info and layers, and asks the driver whether it can serve', async () => {
    const asked: string[] = []
    const driver = driverWith(() => ({
      check: async () => void asked.push('check'),
      close: async () => void asked.push('close'),
    }))
    const blob = createBlobStore(driver, { layers: [twice] })
    expect(blob[control]).toMatchObject({
      domain: 'blob',
      provider: 'memory',
      layers: ['twice'],
      info: blob.info,
    })
    await blob[control].check()
    await blob[control].close()
    expect(asked).toEqual(['check', 'close'])
  })
})

/** Counts the listeners on a signal. */
class ListenedSignal {
  listeners = 0
  readonly signal = new AbortController().signal

  constructor() {
    const { signal } = this
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      this.listeners += 1
      add(...args)
    }
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      this.listeners -= 1
      remove(...args)
    }
  }
}

describe('presign', () => {
  it.each(['GET', 'PUT', 'post', '', undefined, null, 1])('refuses the method %j', async (method) => {
    const driver = memoryBlobDriver()
    const asked: unknown[] = []
    const blob = createBlobStore({
      ...driver,
      head: driver.head.bind(driver),
      get: driver.get.bind(driver),
      put: driver.put.bind(driver),
      delete: driver.delete.bind(driver),
      list: driver.list.bind(driver),
      info: { ...driver.info, features: { ...driver.info.features, presign: true } },
      presign: (_key, options) => {
        asked.push(options.method)
        return new URL('https://example.test')
      },
    })
    const presign = (wanted: unknown) =>
      blob.presign('key', { method: wanted as 'get', expiresInSeconds: 60 })
    await expect(presign(method)).rejects.toMatchObject({
      kind: 'InvalidInput',
      message: expect.stringContaining("'get' or 'put'"),
    })
    await presign('get')
    await presign('put')
    expect(asked).toEqual(['get', 'put'])
  })
})
