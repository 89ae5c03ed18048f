import { abortAllDurableObjects } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createDedupeStore, createKeyValue, silentLogger } from '@flowport/capabilities'
import { dedupeConformance, kvConformance, type ManualClock } from '@flowport/capabilities/testing'
import { afterEach, expect, vi } from 'vitest'
import { type DurableDedupeOptions, durableDedupeLayers } from '../../src/durable-dedupe/declaration.ts'
import { openDurableDrivers } from '../../src/durable-dedupe/drivers.ts'

// The objects live in this isolate and read this clock, so that every moment of a lease can be met.
afterEach(() => void vi.restoreAllMocks())

let stores = 0

/** Drivers of a store nobody has used, and the same ones again once its objects have been put out of memory. */
function opened(clock: ManualClock, options: DurableDedupeOptions) {
  vi.spyOn(Date, 'now').mockImplementation(() => clock.now())
  stores += 1
  const open = () => openDurableDrivers({ ...env }, { name: `store-${stores}`, ...options })
  return {
    drivers: open(),
    reopen: async () => {
      await abortAllDurableObjects()
      return open()
    },
  }
}

/** The driver of a domain that was not excluded by `only`. */
function present<T>(driver: T | undefined): T {
  return driver ?? expect.fail('the driver is missing')
}

const kinds: Readonly<Record<string, DurableDedupeOptions>> = {
  'an object for each key': {},
  '3 objects': { shards: 3 },
  'legacy objects': { binding: 'LEGACY_LEDGER', storage: 'legacy-kv' },
}

for (const isLayered of [false, true]) {
  const how = isLayered ? 'layered' : 'bare'
  const portable = (clock: ManualClock) => ({
    clock,
    layers: isLayered ? durableDedupeLayers({ log: silentLogger, clock }) : [],
  })

  for (const [kind, options] of Object.entries(kinds)) {
    dedupeConformance(`durable-dedupe dedupe, ${kind}, ${how}`, {
      clock: 'manual',
      open({ clock }) {
        const { drivers, reopen } = opened(clock, options)
        return {
          dedupe: createDedupeStore(present(drivers.dedupe), portable(clock)),
          reopen: async () => createDedupeStore(present((await reopen()).dedupe), portable(clock)),
        }
      },
    })
  }

  kvConformance(`durable-dedupe kv, ${how}`, {
    clock: 'manual',
    features: { list: true, metadata: true, conditional: true, bulk: true },
    open({ clock }) {
      const { drivers, reopen } = opened(clock, {})
      return {
        kv: createKeyValue(present(drivers.kv), portable(clock)),
        reopen: async () => createKeyValue(present((await reopen()).kv), portable(clock)),
      }
    },
  })
}
