import { abortAllDurableObjects } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createDedupeStore, createKeyValue, prefix, silentLogger } from '@flowport/capabilities'
import { dedupeConformance, kvConformance, type ManualClock } from '@flowport/capabilities/testing'
import { afterEach, vi } from 'vitest'
import { durablePartitionsLayers } from '../../src/durable-partitions/declaration.ts'
import { openPartitionDrivers } from '../../src/durable-partitions/drivers.ts'

// The objects live in this isolate and read this clock, so that every moment of a lease can be met.
afterEach(() => void vi.restoreAllMocks())

let stores = 0

/** Drivers of a store nobody has used, and the same ones again once its objects have been put out of memory. */
function opened(clock: ManualClock) {
  vi.spyOn(Date, 'now').mockImplementation(() => clock.now())
  stores += 1
  const open = () => openPartitionDrivers({ ...env }, { name: `store-${stores}` })
  return {
    drivers: open(),
    reopen: async () => {
      await abortAllDurableObjects()
      return open()
    },
  }
}

// Ledger keys without a partition have an object each, as in `durable-dedupe.test.ts`: the records are the same code.

kvConformance('durable-partitions kv, a partition for each key', {
  clock: 'manual',
  // Cases with a thousand keys make a thousand objects.
  timeoutMs: 180_000,
  features: { list: true, metadata: true, conditional: true, bulk: true },
  open({ clock }) {
    const { drivers, reopen } = opened(clock)
    return {
      kv: createKeyValue(drivers.kv, { clock }),
      reopen: async () => createKeyValue((await reopen()).kv, { clock }),
    }
  },
})

for (const isLayered of [false, true]) {
  const how = isLayered ? 'layered' : 'bare'
  const layers = (clock: ManualClock) =>
    isLayered ? durablePartitionsLayers({ log: silentLogger, clock }) : []
  /** A store whose keys are all in the partition `p`: as an app's are, which begin with its name. */
  const within = (clock: ManualClock, text: string) => ({ clock, layers: [...layers(clock), prefix(text)] })

  dedupeConformance(`durable-partitions dedupe, in one partition, ${how}`, {
    clock: 'manual',
    open({ clock }) {
      const { drivers, reopen } = opened(clock)
      const inPartition = within(clock, 't:@p/')
      return {
        dedupe: createDedupeStore(drivers.dedupe, inPartition),
        beside: {
          kv: createKeyValue(drivers.kv, within(clock, 'p/')),
          partition: 'p',
          elsewhere: createKeyValue(drivers.kv, within(clock, 'q/')),
          partitionElsewhere: 'q',
        },
        reopen: async () => createDedupeStore((await reopen()).dedupe, inPartition),
      }
    },
  })

  kvConformance(`durable-partitions kv, in one partition, ${how}`, {
    clock: 'manual',
    features: { list: true, metadata: true, conditional: true, bulk: true },
    open({ clock }) {
      const { drivers, reopen } = opened(clock)
      return {
        kv: createKeyValue(drivers.kv, within(clock, 'p/')),
        reopen: async () => createKeyValue((await reopen()).kv, within(clock, 'p/')),
      }
    },
  })
}
