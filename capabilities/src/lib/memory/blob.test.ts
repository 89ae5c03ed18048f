import { describe, expect, it } from 'vitest'
import { createBlobStore } from '../blob/blob-store.ts'
import type { BlobDriver } from '../blob/driver.ts'
import { logging } from '../layers/logging.ts'
import { prefix } from '../layers/prefix.ts'
import { retry } from '../layers/retry.ts'
import { timeout } from '../layers/timeout.ts'
import { silentLogger } from '../logger.ts'
import { blobConformance } from '../testing/blob-conformance.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { memoryBlobDriver } from './blob.ts'

const features = {
  createOnly: true,
  compareAndSwap: true,
  ranges: true,
  metadata: true,
  contentType: true,
  serverCopy: true,
}

blobConformance('memory blob', {
  clock: 'manual',
  features,
  open: ({ clock }) => ({ blob: createBlobStore(memoryBlobDriver({ clock })) }),
})

blobConformance('memory blob under layers', {
  clock: 'manual',
  features,
  open: ({ clock }) => ({
    blob: createBlobStore(memoryBlobDriver({ clock }), {
      name: 'blob:tenant',
      layers: [logging({ log: silentLogger }), retry(), timeout({ timeoutMs: 60_000 }), prefix('tenant-1/')],
    }),
  }),
})

blobConformance('memory blob with small limits', {
  clock: 'manual',
  features,
  open: ({ clock }) => {
    const limits = {
      maxKeyBytes: 300,
      maxObjectBytes: 2_000_000,
      maxMetadataBytes: 500,
      maxListKeys: 50,
      maxBulkKeys: 7,
    }
    return { blob: createBlobStore(memoryBlobDriver({ clock, limits })) }
  },
})

blobConformance('memory blob stating as little as it may', {
  clock: 'manual',
  features: { createOnly: false, ranges: false, metadata: false, contentType: false, serverCopy: false },
  settleMs: 0,
  open: ({ clock }) => ({ blob: createBlobStore(modest(memoryBlobDriver({ clock }))) }),
})

describe('memory blob driver', () => {
  it('opens small objects as bytes and large ones as a stream that waits for its reader', async () => {
    const driver = memoryBlobDriver()
    const put = { contentType: null, metadata: {} }
    await driver.put('small', new Uint8Array(65_536), put)
    await driver.put('large', new Uint8Array(200_000), put)
    expect((await driver.get('small', {}))?.body).toBeInstanceOf(Uint8Array)
    const body = (await driver.get('large', {}))?.body
    const reader = (body instanceof ReadableStream ? body : expect.fail('not a stream')).getReader()
    expect((await reader.read()).value?.byteLength).toBe(65_536)
    await reader.cancel()
  })

  it('keeps the old object whole for those who are reading it', async () => {
    const blob = createBlobStore(memoryBlobDriver())
    await blob.put('key', new Uint8Array(200_000).fill(1))
    const handle = await blob.get('key')
    await blob.put('key', new Uint8Array(200_000).fill(2))
    const read = await handle?.bytes()
    expect(read?.every((byte) => byte === 1)).toBe(true)
  })

  it('checks its condition again when the body is there', async () => {
    const blob = createBlobStore(memoryBlobDriver())
    const slow = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          await blob.put('key', 'faster')
          controller.enqueue(new Uint8Array(1))
          controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    await expect(blob.put('key', slow, { ifNoneMatch: '*' })).rejects.toMatchObject({ kind: 'AlreadyExists' })
    expect(await (await blob.get('key'))?.text()).toBe('faster')
  })

  it('gives stores that were opened at different times different etags', async () => {
    const clock = new ManualClock()
    const before = await createBlobStore(memoryBlobDriver({ clock })).put('key', 'one')
    await clock.advance(1)
    const after = await createBlobStore(memoryBlobDriver({ clock })).put('key', 'two')
    expect(after.etag).not.toBe(before.etag)
  })
})

/** The same store without any of its optional parts. */
function modest(driver: BlobDriver): BlobDriver {
  return {
    info: {
      ...driver.info,
      consistency: 'eventual',
      features: {
        createOnly: false,
        compareAndSwap: false,
        ranges: false,
        metadata: false,
        contentType: false,
        serverCopy: false,
        presign: false,
      },
    },
    head: (key, call) => driver.head(key, call),
    get: (key, get) => driver.get(key, get),
    put: (key, body, put) => driver.put(key, body, put),
    delete: (key, call) => driver.delete(key, call),
    list: (list) => driver.list(list),
  }
}
