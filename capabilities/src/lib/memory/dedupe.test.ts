import { describe, expect, it } from 'vitest'
import { createDedupeStore } from '../dedupe/dedupe-store.ts'
import { createKeyValue } from '../kv/key-value.ts'
import type { Layer } from '../layer.ts'
import { logging } from '../layers/logging.ts'
import { prefix } from '../layers/prefix.ts'
import { retry } from '../layers/retry.ts'
import { timeout } from '../layers/timeout.ts'
import { silentLogger } from '../logger.ts'
import { dedupeConformance } from '../testing/dedupe-conformance.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { createQueue } from '../queue/queue.ts'
import { memoryDedupeDriver } from './dedupe.ts'
import { memoryKvDriver } from './kv.ts'
import { memoryQueueDriver } from './queue.ts'

const transaction = 'memory:test'
const beside = (clock: ManualClock, layers: readonly Layer[] = []) => ({
  kv: createKeyValue(memoryKvDriver({ clock, transaction }), { clock, layers }),
  queue: createQueue(memoryQueueDriver({ clock, transaction }), { layers }),
})

dedupeConformance('memory dedupe', {
  clock: 'manual',
  open: ({ clock }) => ({
    dedupe: createDedupeStore(memoryDedupeDriver({ clock, transaction })),
    beside: beside(clock),
  }),
})

dedupeConformance('memory dedupe, layered', {
  clock: 'manual',
  open: ({ clock }) => {
    const layers = [
      logging({ log: silentLogger, clock }),
      retry({ clock }),
      timeout({ timeoutMs: 1000, clock }),
      prefix('tenant-1/'),
    ]
    const driver = memoryDedupeDriver({ clock, transaction })
    return {
      dedupe: createDedupeStore(driver, { name: 'dedupe:layered', layers }),
      beside: beside(clock, layers),
    }
  },
})

describe('memoryDedupeDriver', () => {
  it('enforces the limits it states by itself', () => {
    const driver = memoryDedupeDriver({ limits: { maxKeyBytes: 10, maxResultBytes: 4 } })
    expect(() => driver.reserve('t:123456789', 'a', 1000, {})).toThrow(/limit is 10/)
    driver.begin('t:k', 'a', 1000, 'f', {})
    expect(() => driver.complete('t:k', 'a', '"123"', 1000, {})).toThrow(/limit is 4/)
  })

  it('forgets a holder whose lease ended an hour ago, when others write', async () => {
    const clock = new ManualClock()
    const driver = memoryDedupeDriver({ clock })
    driver.begin('t:late', 'a', 1000, 'f', {})
    driver.begin('t:gone', 'a', 1000, 'f', {})
    await clock.advance(3_600_000)
    driver.reserve('t:x', 'b', 1000, {})
    expect(driver.complete('t:late', 'a', '1', 1000, {})).toBe(true)
    await clock.advance(1000)
    driver.reserve('t:y', 'b', 1000, {})
    expect(driver.complete('t:gone', 'a', '1', 1000, {})).toBe(false)
  })

  it('does not notice a wall clock that is set back', async () => {
    const clock = new ManualClock()
    const driver = memoryDedupeDriver({ clock })
    driver.reserve('t:k', 'a', 1000, {})
    await clock.advance(1000)
    clock.jump(-5000)
    expect(driver.reserve('t:k', 'b', 1000, {})).toBe(true)
  })
})
