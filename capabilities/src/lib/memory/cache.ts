/** A cache driver over an LRU map: what was used longest ago goes first. */
import { LRUCache } from 'lru-cache'
import type { CacheDriver } from '../cache/driver.ts'
import type { Clock } from '../clock/contract.ts'
import type { CacheCapabilityInfo } from '../guarantees/info.ts'
import { checkSize, utf8Length } from '../limits.ts'
import { checkNumbers, countRule } from '../numbers.ts'
import { systemClock } from '../system/clock.ts'

export interface MemoryCacheOptions {
  /** Decides what has expired. Default the system clock. */
  readonly clock?: Clock
  /** Most entries to keep, 1 to 100 000 000. Default 10 000. */
  readonly maxEntries?: number
}

/** What `memoryCacheDriver` states of itself, but for its limits. */
export type MemoryCacheInfo = CacheCapabilityInfo & { readonly provider: 'memory' }

export const memoryCacheLimits: CacheCapabilityInfo['limits'] = { maxKeyBytes: 1024, maxEntries: 10_000 }

/** A cache in memory. */
export function memoryCacheDriver({
  clock = systemClock,
  maxEntries = memoryCacheLimits.maxEntries,
}: MemoryCacheOptions = {}): CacheDriver & { readonly info: MemoryCacheInfo } {
  // All slots are laid out at once: more than this takes gigabytes, or more than an array can hold.
  checkNumbers('memoryCacheDriver', { maxEntries }, { maxEntries: countRule(1, 100_000_000) })
  const { maxKeyBytes } = memoryCacheLimits
  const entries = new LRUCache<string, string>({
    max: maxEntries,
    // lru-cache takes the moment 0 for "no moment", and a clock may well begin there.
    perf: { now: () => clock.monotonic() + 1 },
    // Reads the clock each time instead of remembering the time for a while by means of a timer.
    ttlResolution: 0,
  })
  return {
    info: { provider: 'memory', limits: { maxKeyBytes, maxEntries }, extensions: {} },
    get: (key) => entries.get(key) ?? null,
    set(key, value, ttlMs) {
      if (key.length * 3 > maxKeyBytes) {
        checkSize(utf8Length(key), maxKeyBytes, 'key', { capability: 'cache', operation: 'set', key })
      }
      entries.set(key, value, { ttl: ttlMs })
    },
    delete(key) {
      entries.delete(key)
    },
  }
}
