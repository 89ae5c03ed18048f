/** Key-value drivers that each break linearizability in one way: small wrappers of an honest driver, for tests. */
import type { KvDriver, StoredKvEntry } from '../../kv/driver.ts'
import { CapabilityError } from '../../error.ts'
import type { Rng } from '../../rng/contract.ts'

export type KvLie = (honest: KvDriver, rng: Rng) => Partial<KvDriver>

/** The driver as an object whose methods can be replaced. */
export function honestKv(driver: KvDriver): KvDriver {
  return {
    info: { ...driver.info, features: { ...driver.info.features, bulk: false } },
    get: (key, call) => driver.get(key, call),
    put: (key, value, put) => driver.put(key, value, put),
    delete: (key, call) => driver.delete(key, call),
    list: (list) => driver.list?.(list) ?? { keys: [] },
  }
}

export const kvLies: readonly { readonly lie: string; readonly as: KvLie }[] = [
  {
    lie: 'loses an update: it checks the version before it writes, not while',
    as: (honest) => ({
      put: async (key, value, put) => {
        const before = await honest.get(key, {})
        if (put.ifVersion !== undefined && before?.version !== put.ifVersion)
          return honest.put(key, value, put)
        await Promise.resolve()
        return honest.put(key, value, { ...put, ifVersion: undefined })
      },
    }),
  },
  {
    lie: 'has two winners: it checks that the key is absent before it writes, not while',
    as: (honest) => ({
      put: async (key, value, put) => {
        if (put.ifAbsent === true && (await honest.get(key, {})) !== null) return honest.put(key, value, put)
        await Promise.resolve()
        return honest.put(key, value, { ...put, ifAbsent: undefined })
      },
    }),
  },
  {
    lie: 'reads from a replica that is one write behind',
    as: (honest, rng) => {
      const before = new Map<string, StoredKvEntry | null>()
      const remember = async (key: string) => before.set(key, await honest.get(key, {}))
      return {
        put: async (key, value, put) => {
          await remember(key)
          return honest.put(key, value, put)
        },
        delete: async (key, call) => {
          await remember(key)
          return honest.delete(key, call)
        },
        get: (key, call) => (rng.float() < 0.1 ? (before.get(key) ?? null) : honest.get(key, call)),
      }
    },
  },
  {
    lie: 'brings a deleted key back',
    as: (honest, rng) => ({
      delete: async (key, call) => {
        const last = await honest.get(key, {})
        await honest.delete(key, call)
        if (last === null || rng.float() > 0.2) return
        await Promise.resolve()
        await honest.put(key, last.value, {})
      },
    }),
  },
  {
    lie: 'acknowledges a write that it does not keep',
    as: (honest, rng) => ({
      put: async (key, value, put) => {
        const last = await honest.get(key, {})
        const version = await honest.put(key, value, put)
        if (rng.float() > 0.05) return version
        if (last === null) await honest.delete(key, {})
        else await honest.put(key, last.value, {})
        return version
      },
    }),
  },
  {
    lie: 'writes what it refuses',
    as: (honest) => ({
      put: async (key, value, put) => {
        try {
          return await honest.put(key, value, put)
        } catch (error) {
          await honest.put(key, value, {})
          throw error
        }
      },
    }),
  },
  {
    lie: 'applies a write a second time, after others',
    as: (honest, rng) => {
      let late: (() => unknown) | undefined
      return {
        put: async (key, value, put) => {
          if (late !== undefined && rng.float() < 0.3) {
            await late()
            late = undefined
          }
          const version = await honest.put(key, value, put)
          if (rng.float() < 0.1) late = () => honest.put(key, value, {})
          return version
        },
      }
    },
  },
  {
    lie: 'says that a write whose answer was lost was not applied',
    as: (honest, rng) => ({
      put: async (key, value, put) => {
        const version = await honest.put(key, value, put)
        if (rng.float() > 0.1) return version
        throw new CapabilityError('Unavailable', 'the connection was reset', { applied: 'no' })
      },
    }),
  },
]
