import { describe, expect, it } from 'vitest'
import { CapabilityError } from '../error.ts'
import type { BlobCapabilityInfo } from '../guarantees/info.ts'
import { memoryBlobDriver } from '../memory/blob.ts'
import { digest, sampleBytes, sampleStream } from '../testing/samples.ts'
import { createBlobStore } from './blob-store.ts'
import type { BlobProgress, BlobStore } from './contract.ts'
import { copyBlob } from './copy-blob.ts'
import type { BlobDriver } from './driver.ts'

const described = { contentType: 'text/x-kept', metadata: { owner: 'Jürgen' } }
const mebibyte = 1024 * 1024

describe('copyBlob', () => {
  it('streams content, content type and metadata to another store, and tells how far it is', async () => {
    const [source, target] = [createBlobStore(memoryBlobDriver()), createBlobStore(memoryBlobDriver())]
    const bytes = sampleBytes(3 * mebibyte)
    const put = await source.put('from', bytes, described)
    const told: BlobProgress[] = []
    const copied = await copyBlob(
      { store: source, key: 'from' },
      { store: target, key: 'to' },
      { onProgress: (progress) => told.push(progress) },
    )
    expect(copied).toMatchObject({ by: 'stream', dropped: [], source: { etag: put.etag } })
    expect(copied.object).toMatchObject({ key: 'to', size: bytes.byteLength, ...described })
    const handle = await target.get('to')
    expect(handle?.object).toMatchObject(described)
    expect(await digest((await handle?.bytes()) ?? new Uint8Array(0))).toBe(await digest(bytes))
    expect(told.length).toBeGreaterThan(10)
    expect(told.at(-1)).toEqual({ bytes: bytes.byteLength, total: bytes.byteLength })
  })

  it('copies an empty object, and a small one', async () => {
    const [source, target] = [createBlobStore(memoryBlobDriver()), createBlobStore(memoryBlobDriver())]
    for (const text of ['', 'small']) {
      await source.put('from', text)
      await copyBlob({ store: source, key: 'from' }, { store: target, key: 'to' })
      expect(await (await target.get('to'))?.text()).toBe(text)
    }
  })

  it('holds no more than a few chunks, however slow the target is', async () => {
    const size = 8 * mebibyte
    let taken = 0
    let ahead = 0
    const honest = memoryBlobDriver()
    const feed = sampleStream(sampleBytes(size), {
      chunk: 65_536,
      onPull: () => {
        ahead = Math.max(ahead, feed.pulled() - taken)
      },
    })
    const object = await honest.put('from', sampleBytes(size), { contentType: null, metadata: {} })
    const source = lying(honest, {
      get: () => ({ object, start: 0, end: size, body: feed.stream }),
    })
    const target = lying(memoryBlobDriver(), {
      put: async (key, body, put) => {
        for await (const chunk of body as ReadableStream<Uint8Array>) taken += chunk.byteLength
        const { contentType, metadata } = put
        return { key, size: taken, etag: 'x', lastModified: new Date(), contentType, metadata }
      },
      head: () => null,
    })
    await copyBlob(
      { store: createBlobStore(source), key: 'from' },
      { store: createBlobStore(target), key: 'to' },
    )
    expect([taken, ahead <= 3 * 65_536]).toEqual([size, true])
  })

  it('lets a store that can copy by itself', async () => {
    const honest = memoryBlobDriver()
    let reads = 0
    const store = createBlobStore(
      lying(honest, {
        get: (key, get) => {
          reads += 1
          return honest.get(key, get)
        },
      }),
    )
    await store.put('from', 'value', described)
    const told: BlobProgress[] = []
    const copied = await copyBlob(
      { store, key: 'from' },
      { store, key: 'to' },
      { onProgress: (progress) => told.push(progress) },
    )
    expect([copied.by, reads, told]).toEqual(['server', 0, [{ bytes: 5, total: 5 }]])
    expect(copied.object).toMatchObject({ key: 'to', ...described })
  })

  it('keeps a condition on the target within one store too', async () => {
    const store = createBlobStore(memoryBlobDriver())
    await store.put('from', 'new')
    const { etag } = await store.put('to', 'old')
    const [from, to] = [
      { store, key: 'from' },
      { store, key: 'to' },
    ] as const
    await expect(copyBlob(from, to, { ifNoneMatch: '*' })).rejects.toMatchObject({ kind: 'AlreadyExists' })
    await expect(copyBlob(from, to, { ifMatch: 'other' })).rejects.toMatchObject({
      kind: 'ConditionNotMatch',
    })
    expect(await (await store.get('to'))?.text()).toBe('old')
    expect((await copyBlob(from, to, { ifMatch: etag })).by).toBe('stream')
    expect(await (await store.get('to'))?.text()).toBe('new')
  })

  it('copies the version asked for only', async () => {
    const [store, target] = [createBlobStore(memoryBlobDriver()), createBlobStore(memoryBlobDriver())]
    const old = await store.put('from', 'old')
    const { etag } = await store.put('from', 'new')
    const [from, to] = [
      { store, key: 'from' },
      { store: target, key: 'to' },
    ] as const
    await expect(copyBlob(from, to, { sourceIfMatch: old.etag })).rejects.toMatchObject({
      kind: 'ConditionNotMatch',
    })
    expect(await target.head('to')).toBeNull()
    expect((await copyBlob(from, to, { sourceIfMatch: etag })).source.etag).toBe(etag)
  })

  it('is NotFound when there is nothing to copy', async () => {
    const store = createBlobStore(memoryBlobDriver())
    const copying = copyBlob({ store, key: 'absent' }, { store, key: 'to' })
    await expect(copying).rejects.toMatchObject({ kind: 'NotFound', key: 'absent' })
  })

  it.each([
    ['is replaced', (store: BlobStore) => store.put('from', sampleBytes(mebibyte, 2))],
    ['is deleted', (store: BlobStore) => store.delete('from')],
  ])('stores nothing when the source %s midway', async (_, change) => {
    const [source, target] = [createBlobStore(memoryBlobDriver()), createBlobStore(memoryBlobDriver())]
    await source.put('from', sampleBytes(mebibyte))
    await target.put('to', 'old')
    let changing: Promise<unknown> | undefined
    const copying = copyBlob(
      { store: source, key: 'from' },
      { store: target, key: 'to' },
      {
        onProgress: () => {
          changing ??= change(source)
        },
      },
    )
    await expect(copying).rejects.toMatchObject({ kind: 'ConditionNotMatch', operation: 'copyBlob' })
    await changing
    expect(await (await target.get('to'))?.text()).toBe('old')
  })

  it('stores nothing when the source ends early', async () => {
    const honest = memoryBlobDriver()
    const object = await honest.put('from', sampleBytes(mebibyte), { contentType: null, metadata: {} })
    const body = () => sampleStream(sampleBytes(mebibyte - 1)).stream
    const source = lying(honest, { get: () => ({ object, start: 0, end: mebibyte, body: body() }) })
    const target = createBlobStore(memoryBlobDriver())
    const copying = copyBlob({ store: createBlobStore(source), key: 'from' }, { store: target, key: 'to' })
    await expect(copying).rejects.toMatchObject({ kind: 'Unavailable' })
    expect(await target.head('to')).toBeNull()
  })

  it('finds out a target that stored less than it was given', async () => {
    const source = createBlobStore(memoryBlobDriver())
    await source.put('from', 'whole')
    const honest = memoryBlobDriver()
    const cut = lying(honest, {
      put: async (key, body, put) => {
        const whole = new Uint8Array(await new Response(body).arrayBuffer())
        return { ...(await honest.put(key, whole.subarray(0, 3), put)), size: 5 }
      },
    })
    const copying = copyBlob({ store: source, key: 'from' }, { store: createBlobStore(cut), key: 'to' })
    await expect(copying).rejects.toMatchObject({
      kind: 'Corrupt',
      reason: expect.stringContaining('3 bytes of 5'),
    })
  })

  it('stores nothing and lets the source go when it is aborted', async () => {
    const honest = memoryBlobDriver()
    const object = await honest.put('from', sampleBytes(mebibyte), { contentType: null, metadata: {} })
    const feed = sampleStream(sampleBytes(mebibyte))
    const source = lying(honest, { get: () => ({ object, start: 0, end: mebibyte, body: feed.stream }) })
    const target = createBlobStore(memoryBlobDriver())
    const leave = new AbortController()
    const copying = copyBlob(
      { store: createBlobStore(source), key: 'from' },
      { store: target, key: 'to' },
      { signal: leave.signal, onProgress: () => leave.abort(new Error('enough')) },
    )
    await expect(copying).rejects.toMatchObject({ kind: 'Cancelled', cause: new Error('enough') })
    expect([feed.cancelled(), await target.head('to')]).toEqual([true, null])
  })

  it('tells the error of the side that failed', async () => {
    const source = createBlobStore(memoryBlobDriver())
    await source.put('from', 'value')
    const fail = () => {
      throw new CapabilityError('RateLimited', 'slow down')
    }
    const target = createBlobStore(lying(memoryBlobDriver(), { put: fail }), { name: 'blob:target' })
    await expect(
      copyBlob({ store: source, key: 'from' }, { store: target, key: 'to' }),
    ).rejects.toMatchObject({ kind: 'RateLimited', capability: 'blob:target', key: 'to' })
  })

  it('refuses to lose content type or metadata, unless told to, and then tells what is lost', async () => {
    const source = createBlobStore(memoryBlobDriver())
    await source.put('from', 'value', described)
    const target = createBlobStore(lying(memoryBlobDriver(), {}, { contentType: false, metadata: false }))
    const [from, to] = [
      { store: source, key: 'from' },
      { store: target, key: 'to' },
    ] as const
    await expect(copyBlob(from, to)).rejects.toMatchObject({
      kind: 'Unsupported',
      details: { dropped: ['contentType', 'metadata'] },
    })
    expect(await target.head('to')).toBeNull()
    const copied = await copyBlob(from, to, { lossy: 'drop' })
    expect(copied.dropped).toEqual(['contentType', 'metadata'])
    expect(copied.object).toMatchObject({ contentType: null, metadata: {} })
  })
})

/** The honest driver, but for what is given. */
function lying(
  honest: BlobDriver,
  lie: Partial<BlobDriver>,
  features: Partial<BlobCapabilityInfo['features']> = {},
): BlobDriver {
  return {
    info: { ...honest.info, features: { ...honest.info.features, ...features } },
    head: (key, call) => honest.head(key, call),
    get: (key, get) => honest.get(key, get),
    put: (key, body, put) => honest.put(key, body, put),
    delete: (key, call) => honest.delete(key, call),
    list: (list) => honest.list(list),
    copy: (from, to, call) => honest.copy?.(from, to, call) ?? null,
    ...lie,
  }
}
