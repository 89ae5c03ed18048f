import { describe, expect, it } from 'vitest'
import { createKeyValue } from '../kv/key-value.ts'
import type { KvDriver } from '../kv/driver.ts'
import { logging } from '../layers/logging.ts'
import { prefix } from '../layers/prefix.ts'
import { retry } from '../layers/retry.ts'
import { timeout } from '../layers/timeout.ts'
import { silentLogger } from '../logger.ts'
import { kvConformance } from '../testing/kv-conformance.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { memoryKvDriver } from './kv.ts'

const features = { list: true, metadata: true, conditional: true, bulk: true }

kvConformance('memory kv', {
  clock: 'manual',
  features,
  open: ({ clock }) => ({ kv: createKeyValue(memoryKvDriver({ clock }), { clock }) }),
})

kvConformance('memory kv under layers', {
  clock: 'manual',
  features,
  open: ({ clock }) => ({
    kv: createKeyValue(memoryKvDriver({ clock }), {
      clock,
      name: 'kv:tenant',
      layers: [logging({ log: silentLogger }), retry(), timeout({ timeoutMs: 60_000 }), prefix('tenant-1/')],
    }),
  }),
})

kvConformance('memory kv with small limits', {
  clock: 'manual',
  features,
  open: ({ clock }) => {
    const limits = {
      maxKeyBytes: 200,
      maxValueBytes: 70_000,
      minTtlSeconds: 60,
      maxListKeys: 50,
      maxBulkKeys: 7,
    }
    return { kv: createKeyValue(memoryKvDriver({ clock, limits }), { clock }) }
  },
})

kvConformance('memory kv stating as little as it may', {
  clock: 'manual',
  features: { list: false, metadata: false, conditional: false, bulk: false },
  settleMs: 0,
  open: ({ clock }) => ({ kv: createKeyValue(modest(memoryKvDriver({ clock })), { clock }) }),
})

describe('memory kv driver', () => {
  it('answers at once, without promises', () => {
    const driver = memoryKvDriver()
    expect(driver.put('key', 'value', {})).toBe('1')
    expect(driver.get('key', {})).toMatchObject({ value: 'value', version: '1' })
    expect(driver.list?.({ prefix: '', limit: 1 })).toMatchObject({ keys: [{ key: 'key' }] })
  })

  it('sweeps what has expired while it is written to, a few entries per write', async () => {
    const clock = new CountingClock()
    const driver = memoryKvDriver({ clock })
    for (let i = 0; i < 100; i++) driver.put(`ends/${i}`, 'value', { expiresAt: clock.now() + 1000 })
    await clock.advance(1000)
    let most = 0
    for (let i = 0; i < 100; i++) {
      clock.asked = 0
      driver.put(`stays/${i}`, 'value', {})
      most = Math.max(most, clock.asked)
    }
    expect(most).toBeLessThanOrEqual(5)
    clock.asked = 0
    driver.put('last', 'value', {})
    expect(clock.asked).toBe(0)
  })

  it('refuses what is over maxBytes, and makes room of what has expired, is replaced or deleted', async () => {
    const clock = new ManualClock()
    const kv = createKeyValue(memoryKvDriver({ clock, maxBytes: 100 }), { clock })
    await kv.put('a', 'x'.repeat(49))
    await kv.put('b', new Uint8Array(49), { ttlSeconds: 10 })
    await expect(kv.put('c', 'x')).rejects.toMatchObject({ kind: 'LimitExceeded', key: 'c' })
    await expect(kv.put('a', 'x'.repeat(50))).rejects.toMatchObject({ kind: 'LimitExceeded' })
    expect(await kv.get('a')).toBe('x'.repeat(49))
    await clock.advance(10_000)
    await kv.put('c', '€'.repeat(16))
    await kv.put('a', 'short')
    await kv.delete('c')
    await kv.put('d', 'x'.repeat(90))
  })

  it('keeps every store to itself', async () => {
    const one = createKeyValue(memoryKvDriver())
    await one.put('key', 'value')
    expect(await createKeyValue(memoryKvDriver()).get('key')).toBeNull()
  })
})

class CountingClock extends ManualClock {
  asked = 0

  override now(): number {
    this.asked += 1
    return super.now()
  }
}

/** The same store without any of its optional parts. */
function modest(driver: KvDriver): KvDriver {
  return {
    info: {
      ...driver.info,
      consistency: 'eventual',
      ttl: 'none',
      features: { list: false, metadata: false, conditional: false, bulk: false },
    },
    get: async (key, call) => {
      const entry = await driver.get(key, call)
      return entry && { value: entry.value }
    },
    put: async (key, value, put) => {
      await driver.put(key, value, put)
      return undefined
    },
    delete: (key, call) => driver.delete(key, call),
  }
}
