import { env } from 'cloudflare:workers'
import { type BlobStore, createBlobStore, silentLogger } from '@flowport/capabilities'
import { reset } from 'cloudflare:test'
import { afterEach, describe, expect, it } from 'vitest'
import { R2BindingDriver, type R2BindingDriverOptions } from '../../src/cloudflare-r2/binding-driver.ts'
import { r2Info } from '../../src/cloudflare-r2/info.ts'

const mebibyte = 1024 * 1024
const partBytes = 5 * mebibyte
const { maxKeyBytes, maxMetadataBytes, maxListKeys, maxBulkKeys, multipart } = r2Info.limits

afterEach(() => reset())

function open(options: Partial<R2BindingDriverOptions> = {}): BlobStore {
  return createBlobStore(
    new R2BindingDriver({ bucket: env.BUCKET, log: silentLogger, partBytes, ...options }),
  )
}

/** A stream of no known length. */
function streamOf(
  length: number,
  end: (c: ReadableStreamDefaultController<Uint8Array>) => void = (c) => c.close(),
) {
  let sent = 0
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const size = Math.min(600_000, length - sent)
        if (size === 0) return end(controller)
        sent += size
        controller.enqueue(new Uint8Array(size).fill(sent % 251))
      },
    },
    { highWaterMark: 0 },
  )
}

async function digest(stream: ReadableStream<Uint8Array> | undefined): Promise<string> {
  const bytes = await new Response(stream as ReadableStream).arrayBuffer()
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

describe('limits of the R2 binding: at, under and over', () => {
  it('keys have up to 1024 bytes, as the bucket itself says', async () => {
    const blob = open()
    for (const bytes of [maxKeyBytes - 1, maxKeyBytes]) {
      await blob.put('k'.repeat(bytes), 'value')
      expect(await (await blob.get('k'.repeat(bytes)))?.text()).toBe('value')
    }
    const over = 'k'.repeat(maxKeyBytes + 1)
    await expect(blob.put(over, 'value')).rejects.toMatchObject({ kind: 'LimitExceeded' })
    await expect(env.BUCKET.put(over, 'value')).rejects.toThrow('(10020)')
  })

  it('metadata has up to 8192 bytes, as the bucket itself says', async () => {
    const blob = open()
    const value = (bytes: number) => ({ n: 'v'.repeat(bytes - 1) })
    for (const bytes of [maxMetadataBytes - 1, maxMetadataBytes]) {
      await blob.put('key', 'value', { metadata: value(bytes) })
      expect((await blob.head('key'))?.metadata).toEqual(value(bytes))
    }
    const over = value(maxMetadataBytes + 1)
    await expect(blob.put('key', 'value', { metadata: over })).rejects.toMatchObject({
      kind: 'LimitExceeded',
    })
    await expect(env.BUCKET.put('key', 'value', { customMetadata: over })).rejects.toThrow('(10012)')
  })

  it('pages have up to 1000 objects, as the bucket itself says', async () => {
    const blob = open()
    await blob.put('key', 'value')
    for (const limit of [maxListKeys - 1, maxListKeys])
      expect((await blob.list({ limit })).objects).toHaveLength(1)
    await expect(blob.list({ limit: maxListKeys + 1 })).rejects.toMatchObject({ kind: 'InvalidInput' })
    await expect(env.BUCKET.list({ limit: maxListKeys + 1 })).rejects.toThrow('(10022)')
  })

  it('a bulk delete of 999, 1000 and 1001 keys deletes all of them', async () => {
    const blob = open()
    for (const count of [maxBulkKeys - 1, maxBulkKeys, maxBulkKeys + 1]) {
      const keys = Array.from({ length: count }, (_, i) => `many/${i}`)
      const some = [keys[0] ?? '', keys[500] ?? '', keys.at(-1) ?? '']
      for (const key of [...some, 'stays']) await blob.put(key, 'value')
      await blob.deleteMany(keys)
      expect((await blob.list()).objects.map(({ key }) => key)).toEqual(['stays'])
    }
  })

  it('a stream of a part less one byte, a part, and a part and one byte is stored', async () => {
    const blob = open()
    for (const size of [partBytes - 1, partBytes, partBytes + 1, 2 * partBytes, 2 * partBytes + 1]) {
      const put = await blob.put('key', streamOf(size))
      expect(put.size).toBe(size)
      // An object in parts has the number of them in its etag.
      const parts = size <= partBytes ? 0 : Math.ceil(size / partBytes)
      expect(put.etag).toMatch(parts === 0 ? /^[0-9a-f]{32}$/ : new RegExp(`-${parts}$`))
      expect(await digest((await blob.get('key'))?.stream())).toBe(await digest(streamOf(size)))
    }
  })

  it('parts of less than 5 MiB are refused by the bucket, hence by the option', async () => {
    const upload = await env.BUCKET.createMultipartUpload('key')
    const small = await upload.uploadPart(1, new Uint8Array(multipart.minPartBytes - 1))
    const last = await upload.uploadPart(2, new Uint8Array(1))
    await expect(upload.complete([small, last])).rejects.toThrow('(10011)')
    await upload.abort()
    const numbers = [0, multipart.maxParts + 1]
    const another = await env.BUCKET.createMultipartUpload('key')
    for (const number of numbers) await expect(another.uploadPart(number, 'x')).rejects.toThrow(TypeError)
    await another.uploadPart(multipart.maxParts, 'x')
    await another.abort()
  })

  it('a stream longer than one put may be goes in parts, with its length known', async () => {
    const blob = open({ maxUploadBytes: 6 * mebibyte })
    for (const [size, etag] of [
      [6 * mebibyte, /^[0-9a-f]{32}$/],
      [6 * mebibyte + 1, /-2$/],
    ] as const) {
      expect(await blob.put('key', streamOf(size), { size })).toMatchObject({
        size,
        etag: expect.stringMatching(etag),
      })
    }
  })
})

describe('streams into R2', () => {
  it('a source that fails after some parts leaves nothing, or what was there', async () => {
    const blob = open()
    const failure = new Error('source broke')
    const breaking = () => streamOf(2 * partBytes + 1000, (controller) => controller.error(failure))
    await expect(blob.put('new', breaking())).rejects.toMatchObject({ kind: 'Unexpected', cause: failure })
    await blob.put('old', 'stays')
    await expect(blob.put('old', breaking())).rejects.toMatchObject({ cause: failure })
    expect((await blob.list()).objects.map(({ key }) => key)).toEqual(['old'])
    expect(await (await blob.get('old'))?.text()).toBe('stays')
  })

  it('a conditional stream holds one part, and needs its size beyond', async () => {
    const blob = open()
    const create = { ifNoneMatch: '*' } as const
    await expect(blob.put('key', streamOf(partBytes + 1), create)).rejects.toMatchObject({
      kind: 'LimitExceeded',
    })
    expect(await blob.head('key')).toBeNull()
    const size = 2 * partBytes
    const { etag } = await blob.put('key', streamOf(size), { ...create, size })
    await expect(blob.put('key', streamOf(size), { ...create, size })).rejects.toMatchObject({
      kind: 'AlreadyExists',
    })
    const other = blob.put('key', streamOf(size), { ifMatch: 'other', size })
    await expect(other).rejects.toMatchObject({ kind: 'ConditionNotMatch' })
    expect((await blob.head('key'))?.etag).toBe(etag)
  })
})
