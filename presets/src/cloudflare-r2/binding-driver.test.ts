import { type BlobStore, createBlobStore, silentLogger } from '@flowport/capabilities'
import { describe, expect, it, vi } from 'vitest'
import {
  type CloudflareR2TwinOptions,
  cloudflareR2Twin,
  FixedLengthStreamTwin,
} from '../cloudflare/twins/cloudflare-r2.ts'
import { R2BindingDriver, type R2BindingDriverOptions } from './binding-driver.ts'
import { r2Info } from './info.ts'

const mebibyte = 1024 * 1024
const partBytes = 5 * mebibyte

function open(options: Partial<R2BindingDriverOptions> = {}, twin: CloudflareR2TwinOptions = {}) {
  const calls: string[] = []
  const bucket = cloudflareR2Twin({
    writesPerSecondPerKey: Infinity,
    ...twin,
    fault: (operation, key) => {
      calls.push(operation)
      return twin.fault?.(operation, key)
    },
  })
  const driver = new R2BindingDriver({
    bucket,
    log: silentLogger,
    partBytes,
    fixedLength: FixedLengthStreamTwin,
    ...options,
  })
  return { bucket, calls, blob: createBlobStore(driver) }
}

/** A stream of this many bytes, in chunks; `onChunk` may throw. */
function streamOf(
  length: number,
  onChunk: (sent: number) => void = () => undefined,
): ReadableStream<Uint8Array> {
  let sent = 0
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        onChunk(sent)
        const size = Math.min(1_000_000, length - sent)
        if (size === 0) return controller.close()
        sent += size
        controller.enqueue(new Uint8Array(size).fill(sent % 251))
      },
    },
    { highWaterMark: 0 },
  )
}

const sizeOf = async (blob: BlobStore, key: string) => (await blob.head(key))?.size

describe('puts over the R2 binding', () => {
  it('a stream of unknown length that fits into a part is one put, a longer one is a multipart upload', async () => {
    const { blob, calls } = open()
    await blob.put('fits', streamOf(partBytes))
    expect(calls).toEqual(['put'])
    await blob.put('longer', streamOf(partBytes + 1))
    expect(calls).toEqual([
      'put',
      'createMultipartUpload',
      'uploadPart',
      'uploadPart',
      'completeMultipartUpload',
    ])
    expect([await sizeOf(blob, 'fits'), await sizeOf(blob, 'longer')]).toEqual([partBytes, partBytes + 1])
  })

  it('a stream of known length is one put however long, and where streams have no length it goes in parts', async () => {
    const { blob, calls } = open()
    await blob.put('key', streamOf(2 * partBytes), { size: 2 * partBytes })
    expect(calls).toEqual(['put'])
    const buffered = open({ fixedLength: undefined })
    await buffered.blob.put('key', streamOf(2 * partBytes), { size: 2 * partBytes })
    expect(buffered.calls[0]).toBe('createMultipartUpload')
  })

  it('a stream longer than one put may be goes in parts, also where its length is known', async () => {
    const { blob, calls } = open({ maxUploadBytes: 6 * mebibyte })
    await blob.put('just', streamOf(6 * mebibyte), { size: 6 * mebibyte })
    expect(calls).toEqual(['put'])
    await blob.put('over', streamOf(6 * mebibyte + 1), { size: 6 * mebibyte + 1 })
    expect(calls).toContain('completeMultipartUpload')
    expect(await sizeOf(blob, 'over')).toBe(6 * mebibyte + 1)
  })

  it('an upload in parts keeps type and metadata', async () => {
    const { blob } = open()
    const metadata = { owner: 'ann' }
    const put = await blob.put('key', streamOf(partBytes + 1), { contentType: 'text/x-large', metadata })
    expect(put).toMatchObject({ contentType: 'text/x-large', metadata, size: partBytes + 1 })
    expect(await blob.head('key')).toEqual(put)
  })

  it.each(['uploadPart', 'completeMultipartUpload'])(
    'leaves no upload behind when %s fails',
    async (step) => {
      const { blob, bucket } = open({}, { fault: (operation) => (operation === step ? 10001 : undefined) })
      await expect(blob.put('key', streamOf(2 * partBytes))).rejects.toMatchObject({ kind: 'Unavailable' })
      expect(bucket.pendingUploads()).toEqual([])
      expect(await blob.head('key')).toBeNull()
    },
  )

  it('leaves no upload behind when the source fails or the caller leaves', async () => {
    const { blob, bucket, calls } = open()
    const failure = new Error('source broke')
    const breaking = streamOf(3 * partBytes, (sent) => {
      if (sent > 2 * partBytes) throw failure
    })
    await expect(blob.put('key', breaking)).rejects.toMatchObject({ cause: failure })
    const controller = new AbortController()
    const leaving = streamOf(3 * partBytes, (sent) => {
      if (sent > 2 * partBytes) controller.abort()
    })
    const { signal } = controller
    await expect(blob.put('key', leaving, { signal })).rejects.toMatchObject({ kind: 'Cancelled' })
    expect(calls.filter((call) => call === 'abortMultipartUpload')).toHaveLength(2)
    expect(bucket.pendingUploads()).toEqual([])
  })

  it('says so in the log when an upload cannot be aborted', async () => {
    const warn = vi.fn()
    const { blob, bucket } = open(
      { log: { warn } },
      { fault: (operation) => (/^(uploadPart|abort)/.test(operation) ? 10001 : undefined) },
    )
    await expect(blob.put('key', streamOf(2 * partBytes))).rejects.toMatchObject({ kind: 'Unavailable' })
    expect(warn).toHaveBeenCalledTimes(1)
    expect(bucket.pendingUploads()).toEqual(['key'])
  })

  it('a conditional stream of unknown length is LimitExceeded beyond a part, and with its size it is not', async () => {
    const { blob, calls } = open()
    const create = { ifNoneMatch: '*' } as const
    await blob.put('fits', streamOf(partBytes), create)
    const error = blob.put('longer', streamOf(partBytes + 1), create)
    await expect(error).rejects.toMatchObject({
      kind: 'LimitExceeded',
      message: expect.stringContaining('size'),
    })
    expect(calls).not.toContain('createMultipartUpload')
    expect(await blob.head('longer')).toBeNull()
    const size = partBytes + 1
    const { etag } = await blob.put('longer', streamOf(size), { ...create, size })
    await expect(blob.put('longer', streamOf(size), { ...create, size })).rejects.toMatchObject({
      kind: 'AlreadyExists',
    })
    await blob.put('longer', streamOf(size + 1), { ifMatch: etag, size: size + 1 })
    await expect(blob.put('longer', streamOf(size), { ifMatch: etag, size })).rejects.toMatchObject({
      kind: 'ConditionNotMatch',
    })
    expect(await sizeOf(blob, 'longer')).toBe(size + 1)
  })
})

describe('keys on R2', () => {
  it('are refused in decomposed form by every operation, so that none replaces another', async () => {
    const { blob, calls } = open()
    const [composed, decomposed] = ['caf\u00e9', 'cafe\u0301']
    await blob.put(composed, 'value')
    const refusal = { kind: 'InvalidInput', message: expect.stringContaining('NFC') }
    await expect(blob.put(decomposed, 'other')).rejects.toMatchObject(refusal)
    await expect(blob.get(decomposed)).rejects.toMatchObject(refusal)
    await expect(blob.head(decomposed)).rejects.toMatchObject(refusal)
    await expect(blob.delete(decomposed)).rejects.toMatchObject(refusal)
    await expect(blob.deleteMany([composed, decomposed])).rejects.toMatchObject(refusal)
    await expect(blob.copy(composed, decomposed)).rejects.toMatchObject(refusal)
    expect(await (await blob.get(composed))?.text()).toBe('value')
    expect(calls.filter((call) => call === 'delete')).toEqual([])
  })
})

describe('listing R2', () => {
  it('loses nothing to pages that end early', async () => {
    let pages = 0
    for (const seed of [1, 2, 3]) {
      const { blob, calls } = open({}, { seed })
      const keys = Array.from({ length: 1200 }, (_, i) => `key/${String(i).padStart(4, '0')}`)
      for (const key of keys) await blob.put(key, '')
      const listed: string[] = []
      for await (const { key } of blob.entries()) listed.push(key)
      expect(listed).toEqual(keys)
      pages += calls.filter((call) => call === 'list').length
    }
    // Two pages of up to a thousand would do, were none cut short.
    expect(pages).toBeGreaterThan(3 * 2)
  })

  it('goes on when a page is empty and there is more', async () => {
    const { bucket } = open()
    await bucket.put('key', new Uint8Array(1))
    let pages = 0
    const list: typeof bucket.list = async (options) => {
      pages += 1
      return pages <= 2
        ? { objects: [], delimitedPrefixes: [], truncated: true, cursor: `page ${pages}` }
        : bucket.list({ ...options, cursor: undefined } as never)
    }
    const blob = createBlobStore(
      new R2BindingDriver({
        bucket: {
          head: (key) => bucket.head(key),
          get: (key) => bucket.get(key),
          put: (key, value) => bucket.put(key, value),
          delete: (keys) => bucket.delete(keys),
          createMultipartUpload: (key) => bucket.createMultipartUpload(key),
          list,
        },
        log: silentLogger,
        partBytes,
      }),
    )
    expect((await blob.list()).objects.map(({ key }) => key)).toEqual(['key'])
    expect(pages).toBe(3)
  })
})

describe('deleting from R2', () => {
  it('asks for a thousand keys at a time', async () => {
    const { blob, calls } = open()
    const keys = (count: number) => Array.from({ length: count }, (_, i) => `key/${i}`)
    for (const [count, requests] of [
      [999, 1],
      [1000, 1],
      [1001, 2],
      [2000, 2],
    ] as const) {
      calls.length = 0
      await blob.deleteMany(keys(count))
      expect(calls).toEqual(Array.from({ length: requests }, () => 'delete'))
    }
  })
})

describe('errors of R2', () => {
  it.each([
    [10001, 'Unavailable', 'temporary'],
    [10002, 'Unauthenticated', 'never'],
    [10003, 'PermissionDenied', 'never'],
    [10006, 'Misconfigured', 'never'],
    [10042, 'PermissionDenied', 'never'],
    [10043, 'Unavailable', 'temporary'],
    [10054, 'Unavailable', 'temporary'],
    [10058, 'RateLimited', 'temporary'],
    [10069, 'PermissionDenied', 'never'],
    [100100, 'LimitExceeded', 'never'],
    [99999, 'Unexpected', 'never'],
  ] as const)('code %i is %s', async (code, kind, retryable) => {
    const { blob } = open({}, { fault: () => code })
    await expect(blob.head('key')).rejects.toMatchObject({ kind, retryable })
  })

  it.each([
    [10001, 'unknown'],
    [10003, 'no'],
    [10031, 'no'],
    [10037, 'no'],
    [10043, 'unknown'],
    [10058, 'no'],
    [99999, 'unknown'],
  ] as const)('code %i says %s of a put', async (code, applied) => {
    const { blob } = open({}, { fault: () => code })
    await expect(blob.put('key', 'x')).rejects.toMatchObject({ applied })
  })

  it.each([
    ['createMultipartUpload', 'no'],
    ['uploadPart', 'no'],
    ['completeMultipartUpload', 'unknown'],
  ])('a stream that fails at %s says %s, as nobody sees parts', async (step, applied) => {
    const { blob } = open({}, { fault: (operation) => (operation === step ? 10001 : undefined) })
    await expect(blob.put('key', streamOf(2 * partBytes))).rejects.toMatchObject({
      kind: 'Unavailable',
      applied,
    })
  })

  it('lost connections are Unavailable', async () => {
    for (const message of ['Network connection lost.', 'internal error; reference = 1']) {
      const { bucket } = open()
      bucket.head = () => Promise.reject(new Error(message))
      const blob = createBlobStore(new R2BindingDriver({ bucket, log: silentLogger, partBytes }))
      await expect(blob.head('key')).rejects.toMatchObject({ kind: 'Unavailable', retryable: 'temporary' })
    }
  })
})

describe('info of R2', () => {
  it('states presigned URLs only where they can be made', () => {
    expect(open().blob.info).toEqual(r2Info)
    const presign = async () => new URL('https://r2.test/')
    expect(open({ presign }).blob.info.features.presign).toBe(true)
  })
})
