/** Ledgers that each break one of their promises: small wrappers of an honest driver, for tests. */
import type { DedupeDriver, DriverBegin, DriverLook } from '../../dedupe/driver.ts'
import type { Rng } from '../../rng/contract.ts'

export type DedupeLie = (honest: DedupeDriver, rng: Rng) => Partial<DedupeDriver>

/** The driver as an object whose methods can be replaced. */
export function honestDedupe(driver: DedupeDriver): DedupeDriver {
  return {
    info: driver.info,
    reserve: (key, token, ttlMs, call) => driver.reserve(key, token, ttlMs, call),
    begin: (key, token, leaseMs, print, call) => driver.begin(key, token, leaseMs, print, call),
    complete: (key, token, result, ttlMs, call) => driver.complete(key, token, result, ttlMs, call),
    release: (key, token, call) => driver.release(key, token, call),
    renew: (key, token, leaseMs, call) => driver.renew(key, token, leaseMs, call),
    forget: (key, call) => driver.forget(key, call),
    unknowns: (cursor, limit, call) => driver.unknowns?.(cursor, limit, call) ?? { keys: [], cursor: null },
    look: (key, call) => driver.look?.(key, call) ?? { state: 'free' },
    takeOver: (key, token, leaseMs, over, call) => driver.takeOver?.(key, token, leaseMs, over, call) ?? null,
  }
}

export const dedupeLies: readonly { readonly lie: string; readonly as: DedupeLie }[] = [
  {
    lie: 'gives two callers the same key',
    as: (honest) => ({
      begin: async (key, token, leaseMs, print, call) => {
        const found = await honest.look?.(key, {})
        await Promise.resolve()
        if (found?.state === 'free') await honest.forget(key, {})
        return honest.begin(key, token, leaseMs, print, call)
      },
    }),
  },
  {
    lie: 'reserves a key for two callers',
    as: (honest, rng) => ({
      reserve: async (key, token, ttlMs, call) =>
        (await honest.reserve(key, token, ttlMs, call)) || rng.float() < 0.3,
    }),
  },
  {
    lie: 'gives every holder the same fence',
    as: (honest) => ({
      begin: async (key, token, leaseMs, print, call) => {
        const begun = await honest.begin(key, token, leaseMs, print, call)
        return begun.state === 'fresh' ? { ...begun, fence: 1 } : begun
      },
    }),
  },
  {
    lie: 'starts the fence again when a key was given back',
    as: (honest) => {
      const fences = new Map<string, number>()
      return {
        begin: async (key, token, leaseMs, print, call) => {
          const begun = await honest.begin(key, token, leaseMs, print, call)
          if (begun.state !== 'fresh') return begun
          const fence = (fences.get(key) ?? 0) + 1
          fences.set(key, fence)
          return { ...begun, fence }
        },
        release: async (key, token, call) => {
          fences.delete(key)
          return honest.release(key, token, call)
        },
      }
    },
  },
  {
    lie: 'completes for a holder that lost the key',
    as: (honest) => ({
      complete: async (key, token, result, ttlMs, call) => {
        const isHeld = await honest.complete(key, token, result, ttlMs, call)
        return isHeld || (await honest.look?.(key, {}))?.state === 'in_flight'
      },
    }),
  },
  {
    lie: 'forgets that an effect began',
    as: (honest) => ({
      begin: (key, token, leaseMs, print, call) =>
        honest.begin(key, token, leaseMs, print, { ...call, started: false }),
      renew: (key, token, leaseMs, call) => honest.renew(key, token, leaseMs, { ...call, started: false }),
    }),
  },
  {
    lie: 'ends leases in a quarter of their time',
    as: (honest) => ({
      begin: (key, token, leaseMs, print, call) => honest.begin(key, token, leaseMs / 4, print, call),
    }),
  },
  {
    lie: 'renews for a former holder',
    as: (honest) => ({
      renew: async (key, token, leaseMs, call) => {
        await honest.renew(key, token, leaseMs, call)
        return true
      },
    }),
  },
  {
    lie: 'says that it renewed, and does not',
    as: (honest) => ({
      renew: async (key, token, _leaseMs, call) => honest.renew(key, token, 1, call),
    }),
  },
  {
    lie: 'lets anybody give a key back',
    as: (honest) => ({
      release: async (key, token, call) => {
        if (await honest.release(key, token, call)) return true
        await honest.forget(key, call)
        return false
      },
    }),
  },
  {
    lie: 'forgets results',
    as: (honest, rng) => ({
      complete: async (key, token, result, ttlMs, call) => {
        const isDone = await honest.complete(key, token, result, ttlMs, call)
        if (isDone && rng.float() < 0.3) await honest.forget(key, call)
        return isDone
      },
    }),
  },
  {
    lie: 'shows the result from before it was replaced',
    as: (honest) => {
      const first = new Map<string, string>()
      const shown = <S extends DriverBegin | DriverLook>(key: string, found: S): S =>
        found.state === 'done' ? { ...found, result: first.get(key) ?? found.result } : found
      return {
        complete: async (key, token, result, ttlMs, call) => {
          const isDone = await honest.complete(key, token, result, ttlMs, call)
          if (isDone && !first.has(key)) first.set(key, result)
          return isDone
        },
        begin: async (key, token, leaseMs, print, call) =>
          shown(key, await honest.begin(key, token, leaseMs, print, call)),
      }
    },
  },
  {
    lie: 'takes a key over although its fence was seen too long ago',
    as: (honest) => ({
      takeOver: async (key, token, leaseMs, over, call) => {
        const found = await honest.look?.(key, {})
        const fence = found?.state === 'unknown' ? found.fence : over
        return (await honest.takeOver?.(key, token, leaseMs, fence, call)) ?? null
      },
    }),
  },
  {
    lie: 'frees an unknown key by itself',
    as: (honest, rng) => ({
      begin: async (key, token, leaseMs, print, call) => {
        const found = await honest.look?.(key, {})
        if (found?.state === 'unknown' && rng.float() < 0.8) await honest.forget(key, {})
        return honest.begin(key, token, leaseMs, print, call)
      },
    }),
  },
]
