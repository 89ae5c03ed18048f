/**
 * A twin of Workers KV: a namespace in memory that behaves as the platform does in production, where the local emulator
 * does not. Its views fit the binding of a Worker, so the preset's own driver runs over them.
 */
import type { Clock } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { seededRng } from '@flowport/capabilities/memory'
import { Location } from './cloudflare-kv-location.ts'
import type { TwinNamespace } from './cloudflare-kv-namespace.ts'
import { CentralStore } from './cloudflare-kv-store.ts'

export interface CloudflareKvTwinOptions {
  /** The same seed and the same calls give the same delays, pages and luck. Default 1. */
  readonly seed?: number
  /** Decides what is stale, expired or too soon. Default the system clock. */
  readonly clock?: Pick<Clock, 'now'>
  /**
   * Milliseconds after which every location sees a write, at the latest; also how long a location caches what it read,
   * or did not find, when the reader names no `cacheTtl`. 0: no staleness. Default 60 000.
   */
  readonly staleMs?: number
  /** Milliseconds before which no other location sees a write. Give `staleMs` for the worst case. Default 0. */
  readonly minStaleMs?: number
  /** The chance, from 0 to 1, that the location that writes sees the write at once. Default 0.9. */
  readonly ownWritesVisible?: number
  /** Whether a second write to a key within a second is refused with 429. Default true. */
  readonly limitsWrites?: boolean
  /** The chance, from 0 to 1, that a page of keys is shorter than asked for, or empty, with more to come. Default 0.25. */
  readonly shortPages?: number
  /** Calls one `invocation` may make. Default 1000. */
  readonly operationsPerInvocation?: number
}

export interface CloudflareKvTwin {
  /** The namespace as a Worker at this location sees it. The same name is the same location, with the same cache. */
  location(name: string): TwinNamespace
  /** As `location`, for one invocation: calls past `operationsPerInvocation` are refused. */
  invocation(location: string): TwinNamespace
}

/** Makes an empty namespace. */
export function cloudflareKvTwin({
  seed = 1,
  clock = systemClock,
  staleMs = 60_000,
  minStaleMs = 0,
  ownWritesVisible = 0.9,
  limitsWrites = true,
  shortPages = 0.25,
  operationsPerInvocation = 1000,
}: CloudflareKvTwinOptions = {}): CloudflareKvTwin {
  checkChance('ownWritesVisible', ownWritesVisible, 1)
  // At 1 a list would never end.
  checkChance('shortPages', shortPages, 0.95)
  if (!(minStaleMs >= 0 && minStaleMs <= staleMs)) throw new RangeError('minStaleMs must be 0 to staleMs')
  const nature = {
    rng: seededRng(seed),
    clock,
    staleMs,
    minStaleMs,
    ownWritesVisible,
    limitsWrites,
    shortPages,
  }
  const store = new CentralStore(nature)
  const locations = new Map<string, Location>()
  const at = (name: string) => {
    const known = locations.get(name) ?? new Location(name, store, nature)
    locations.set(name, known)
    return known
  }
  return {
    location: (name) => at(name).view(Infinity),
    invocation: (name) => at(name).view(operationsPerInvocation),
  }
}

function checkChance(name: string, value: number, max: number): void {
  if (!(value >= 0 && value <= max)) throw new RangeError(`${name} must be 0 to ${max}`)
}
