import { describe, expect, it } from 'vitest'
import { timeout } from '../layers/timeout.ts'
import { memoryBlobDriver } from '../memory/blob.ts'
import { createBlobStore } from './blob-store.ts'
import type { BlobDriver } from './driver.ts'
import { LentBuffers } from './lent-bytes.ts'

const KiB = 1024
const filled = (bytes: number, value: number) => new Uint8Array(bytes).fill(value)

describe('LentBuffers', () => {
  it('uses a buffer again once it has come back', () => {
    const buffers = new LentBuffers()
    const first = buffers.copy(filled(100 * KiB, 1))
    const second = buffers.copy(filled(100 * KiB, 2))
    expect(second.bytes.buffer).not.toBe(first.bytes.buffer)
    first.release()
    const third = buffers.copy(filled(80 * KiB, 3))
    expect(third.bytes.buffer).toBe(first.bytes.buffer)
    expect(third.bytes).toEqual(filled(80 * KiB, 3))
    expect(second.bytes).toEqual(filled(100 * KiB, 2))
  })

  it('keeps no more than four buffers, and none that is small or very large', () => {
    const buffers = new LentBuffers()
    const lent = Array.from({ length: 6 }, () => buffers.copy(filled(64 * KiB, 1)))
    for (const { release } of lent) release()
    const again = Array.from({ length: 6 }, () => buffers.copy(filled(64 * KiB, 1)))
    const known = new Set(lent.map(({ bytes }) => bytes.buffer))
    expect(again.filter(({ bytes }) => known.has(bytes.buffer))).toHaveLength(4)
    for (const bytes of [KiB, 5 * 1024 * KiB]) {
      const one = buffers.copy(filled(bytes, 1))
      one.release()
      expect(buffers.copy(filled(bytes, 2)).bytes.buffer).not.toBe(one.bytes.buffer)
    }
  })
})

/** Settles its puts when told to, and then says what the bytes were. */
function slowDriver(returnsBytes: boolean) {
  const inner = memoryBlobDriver()
  const waiting: (() => void)[] = []
  const seen: Uint8Array[] = []
  const driver: BlobDriver = {
    info: inner.info,
    returnsBytes,
    head: (key, call) => inner.head(key, call),
    get: (key, get) => inner.get(key, get),
    delete: (key, call) => inner.delete(key, call),
    list: (list) => inner.list(list),
    async put(key, body, put) {
      await new Promise<void>((resolve) => waiting.push(resolve))
      if (!(body instanceof Uint8Array)) throw new Error('bytes were put')
      seen.push(body.slice())
      return inner.put(key, body.slice(), put)
    },
  }
  return { driver, seen, settleNext: () => waiting.shift()?.() }
}

describe('blob put › bytes', () => {
  it.each([true, false])(
    'are what they were when put was called (returnsBytes: %s)',
    async (returnsBytes) => {
      const { driver, seen, settleNext } = slowDriver(returnsBytes)
      const store = createBlobStore(driver)
      const body = filled(100 * KiB, 1)
      const putting = store.put('a', body)
      body.fill(9)
      await expect.poll(settleNextWhenThere(settleNext, seen)).toBe(1)
      await putting
      expect(seen[0]).toEqual(filled(100 * KiB, 1))
    },
  )

  it('stay what they were for a driver that goes on after the put has timed out', async () => {
    const { driver, seen, settleNext } = slowDriver(true)
    const store = createBlobStore(driver, { layers: [timeout({ timeoutMs: 1 })] })
    await expect(store.put('late', filled(100 * KiB, 1))).rejects.toMatchObject({ kind: 'Timeout' })
    const next = store.put('next', filled(100 * KiB, 2)).catch(() => undefined)
    settleNext()
    await expect.poll(() => seen.length).toBe(1)
    expect(seen[0]).toEqual(filled(100 * KiB, 1))
    settleNext()
    await next
  })
})

function settleNextWhenThere(settleNext: () => void, seen: readonly unknown[]): () => number {
  return () => {
    settleNext()
    return seen.length
  }
}
