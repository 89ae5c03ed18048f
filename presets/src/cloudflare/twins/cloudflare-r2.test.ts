import { type BlobStore, createBlobStore, logging, retry, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { blobConformance, ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { r2SkippedCases } from '../../../test/support/r2-skipped-cases.ts'
import { R2BindingDriver } from '../../cloudflare-r2/binding-driver.ts'
import { defaultPartBytes } from '../../cloudflare-r2/info.ts'
import { type CloudflareR2TwinOptions, cloudflareR2Twin, FixedLengthStreamTwin } from './cloudflare-r2.ts'

/** A second passes at every look, so that no two writes of a key are too fast. */
function movingClock() {
  let now = Date.UTC(2030, 0, 1)
  return { now: () => (now += 1000) }
}

function driverOn(bucket = cloudflareR2Twin({ clock: movingClock() }), fixedLength = FixedLengthStreamTwin) {
  return new R2BindingDriver({ bucket, log: silentLogger, partBytes: defaultPartBytes, fixedLength })
}

blobConformance('R2BindingDriver on the R2 twin, bare', {
  clock: 'real',
  features: { createOnly: true, compareAndSwap: true, ranges: true, metadata: true, contentType: true },
  skip: r2SkippedCases,
  open: () => {
    const bucket = cloudflareR2Twin({ clock: movingClock() })
    return {
      blob: createBlobStore(driverOn(bucket)),
      reopen: (): BlobStore => createBlobStore(driverOn(bucket)),
    }
  },
})

blobConformance('R2BindingDriver on the R2 twin, layered, where streams have no length', {
  clock: 'real',
  skip: r2SkippedCases,
  open: ({ clock }) => ({
    blob: createBlobStore(
      new R2BindingDriver({
        bucket: cloudflareR2Twin({ seed: 7, writesPerSecondPerKey: Infinity }),
        log: silentLogger,
        partBytes: 5 * 1024 * 1024,
      }),
      { layers: [logging({ log: silentLogger, clock }), retry({ clock: systemClock, log: silentLogger })] },
    ),
  }),
})

const bytes = new TextEncoder().encode('content')
const mebibyte = 1024 * 1024

describe('the R2 twin', () => {
  it('refuses a second write of a key within a second, and takes it afterwards', async () => {
    const clock = new ManualClock()
    const twin = cloudflareR2Twin({ clock })
    await twin.put('key', bytes)
    await twin.put('other', bytes)
    await expect(twin.put('key', bytes)).rejects.toThrow('(10058)')
    await clock.advance(999)
    await expect(twin.put('key', bytes)).rejects.toThrow('(10058)')
    await clock.advance(1)
    await twin.put('key', bytes)
  })

  it('makes the driver say RateLimited, and when to try again', async () => {
    const blob = createBlobStore(driverOn(cloudflareR2Twin({ clock: new ManualClock() })))
    await blob.put('key', 'one')
    await expect(blob.put('key', 'two')).rejects.toMatchObject({ kind: 'RateLimited', retryAfterMs: 1000 })
    expect(await (await blob.get('key'))?.text()).toBe('one')
  })

  it('deletes a thousand keys at once and refuses more, deleting none', async () => {
    const twin = cloudflareR2Twin()
    const keys = Array.from({ length: 1001 }, (_, i) => `key/${i}`)
    await twin.put('key/0', bytes)
    await expect(twin.delete(keys)).rejects.toThrow('delete: ')
    expect(await twin.head('key/0')).not.toBeNull()
    await twin.delete(keys.slice(0, 1000))
    expect(await twin.head('key/0')).toBeNull()
  })

  it('refuses empty keys, long keys, much metadata and unknown storage classes', async () => {
    const twin = cloudflareR2Twin()
    await expect(twin.put('', bytes)).rejects.toThrow('(10020)')
    await expect(twin.delete('')).rejects.toThrow('(10020)')
    await expect(twin.put('k'.repeat(1025), bytes)).rejects.toThrow('(10020)')
    await twin.put('k'.repeat(1024), bytes)
    await expect(twin.put('key', bytes, { customMetadata: { a: 'v'.repeat(8192) } })).rejects.toThrow(
      '(10012)',
    )
    await twin.put('key', bytes, { customMetadata: { a: 'v'.repeat(8191) } })
    await expect(twin.put('class', bytes, { storageClass: 'Glacier' })).rejects.toThrow('storage class')
  })

  it('takes composed and decomposed spellings of a key for the same, and tells the last one', async () => {
    const twin = cloudflareR2Twin({ writesPerSecondPerKey: Infinity })
    await twin.put('caf\u00e9', bytes)
    await twin.put('cafe\u0301', new Uint8Array(1))
    expect((await twin.list()).objects.map(({ key }) => key)).toEqual(['cafe\u0301'])
    expect((await twin.head('caf\u00e9'))?.size).toBe(1)
  })

  it('reads nothing when the condition fails: the object comes without a body', async () => {
    const twin = cloudflareR2Twin()
    await twin.put('key', bytes)
    const object = await twin.get('key', { onlyIf: { etagMatches: 'other' } })
    expect(object).toMatchObject({ key: 'key', size: 7 })
    expect(object).not.toHaveProperty('body')
  })

  it('refuses streams whose length it does not know', async () => {
    const twin = cloudflareR2Twin()
    await expect(twin.put('key', new Blob(['text']).stream())).rejects.toThrow('must have a known length')
    await twin.put('from', bytes)
    const opened = await twin.get('from')
    if (opened === null || !('body' in opened)) return expect.fail('there is no body')
    await twin.put('key', opened.body)
    expect((await twin.head('key'))?.size).toBe(7)
  })

  it('refuses parts that are small or of different sizes, and such it does not have', async () => {
    const twin = cloudflareR2Twin({ writesPerSecondPerKey: Infinity })
    const uploaded = async (...sizes: number[]) => {
      const upload = await twin.createMultipartUpload('key')
      const parts = []
      for (const [i, size] of sizes.entries())
        parts.push(await upload.uploadPart(i + 1, new Uint8Array(size)))
      return { upload, parts }
    }
    const min = 5 * mebibyte
    for (const [sizes, code] of [
      [[min - 1, 1], 10011],
      [[min, min + 1, 1], 10048],
      [[min, min + 1], 10048],
    ] as const) {
      const { upload, parts } = await uploaded(...sizes)
      await expect(upload.complete(parts)).rejects.toThrow(`(${code})`)
    }
    const { upload, parts } = await uploaded(min, 1)
    await expect(upload.complete([])).rejects.toThrow('(10025)')
    await expect(upload.complete([{ partNumber: 1, etag: 'other' }])).rejects.toThrow('(10025)')
    await expect(upload.uploadPart(0, bytes)).rejects.toThrow(TypeError)
    await expect(upload.uploadPart(10_001, bytes)).rejects.toThrow(TypeError)
    expect(await upload.complete(parts)).toMatchObject({ size: min + 1, etag: expect.stringMatching(/-2$/) })
    await expect(upload.complete(parts)).rejects.toThrow('(10024)')
  })

  it('forgets uploads after seven days', async () => {
    const clock = new ManualClock()
    const twin = cloudflareR2Twin({ clock })
    const upload = await twin.createMultipartUpload('key')
    clock.jump(7 * 86_400_000 - 1)
    expect(twin.pendingUploads()).toEqual(['key'])
    clock.jump(1)
    expect(twin.pendingUploads()).toEqual([])
    await expect(upload.uploadPart(1, bytes)).rejects.toThrow('(10024)')
  })

  it('ends pages early, by its seed, and earlier where metadata is included', async () => {
    const fill = async (options: CloudflareR2TwinOptions) => {
      const twin = cloudflareR2Twin(options)
      for (let i = 0; i < 40; i++) {
        await twin.put(`key/${String(i).padStart(2, '0')}`, bytes, {
          customMetadata: { a: 'v'.repeat(1000) },
        })
      }
      return twin
    }
    const length = async (options: CloudflareR2TwinOptions) =>
      (await (await fill(options)).list({ limit: 30 })).objects.length
    expect(await length({ seed: 3 })).toBe(await length({ seed: 3 }))
    expect(new Set(await Promise.all([1, 2, 3, 4, 5].map((seed) => length({ seed })))).size).toBeGreaterThan(
      1,
    )
    const whole = await fill({ shortPages: false, listMetadataBytes: 10_000 })
    expect((await whole.list({ limit: 30 })).objects).toHaveLength(30)
    const page = await whole.list({ limit: 30, include: ['customMetadata'] })
    expect(page.objects.length).toBeLessThan(10)
    expect(page.truncated).toBe(true)
    expect(page.objects[0]?.customMetadata).toEqual({ a: 'v'.repeat(1000) })
    await expect(whole.list({ cursor: 'made up' })).rejects.toThrow('list: ')
  })

  it('fails calls on demand', async () => {
    const codes: Record<string, number> = { head: 10001, put: 10043 }
    const twin = cloudflareR2Twin({ fault: (operation) => codes[operation] })
    const blob = createBlobStore(driverOn(twin))
    await expect(blob.head('key')).rejects.toMatchObject({ kind: 'Unavailable', details: { r2: 10001 } })
    await expect(blob.put('key', 'value')).rejects.toMatchObject({
      kind: 'Unavailable',
      details: { r2: 10043 },
    })
  })
})
