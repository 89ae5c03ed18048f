/**
 * A twin of Workers KV: a namespace in memory that behaves as the platform does in production, where the local emulator
 * does not. Its views fit the binding of a Worker, so the preset's own driver runs over them.
 */
import type { Clock } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { seededRng } from '@flowport/capabilities/memory'
import { Location } from './cloudflare-kv-location.ts'
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

/** How a value is read; the binding takes the type alone or among options. */
export type TwinRead<T extends string> = T | { readonly type: T; readonly cacheTtl?: number }

/** Options of a read as text. */
export interface TwinUntyped {
  readonly type?: undefined
  readonly cacheTtl?: number
}

export interface TwinEntry<V, M = unknown> {
  value: V | null
  metadata: M | null
  cacheStatus: string | null
}

export interface TwinPutOptions {
  /** Seconds since the epoch. */
  readonly expiration?: number
  /** Seconds from now; wins over `expiration`. */
  readonly expirationTtl?: number
  readonly metadata?: unknown
}

export interface TwinListed<M = unknown> {
  name: string
  expiration?: number
  metadata?: M
}

export type TwinPage<M = unknown> =
  | { list_complete: true; keys: TwinListed<M>[]; cacheStatus: string | null }
  | { list_complete: false; keys: TwinListed<M>[]; cursor: string; cacheStatus: string | null }

/**
 * What a Worker has as a binding: the methods of `KVNamespace`, with its refusals and their texts. Where a `KVNamespace`
 * is asked for it can be given; that is why its JSON is typed by the caller, as there.
 */
export interface TwinNamespace {
  get(key: string, read?: TwinRead<'text'> | TwinUntyped): Promise<string | null>
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the type it must fit has them
  get<T = unknown>(key: string, read?: TwinRead<'json'>): Promise<T | null>
  get(key: string, read?: TwinRead<'arrayBuffer'>): Promise<ArrayBuffer | null>
  get(key: string, read?: TwinRead<'stream'>): Promise<ReadableStream | null>
  get(keys: string[], read?: TwinRead<'text'> | TwinUntyped): Promise<Map<string, string | null>>
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as above
  get<T = unknown>(keys: string[], read?: TwinRead<'json'>): Promise<Map<string, T | null>>
  getWithMetadata<M = unknown>(
    key: string,
    read?: TwinRead<'text'> | TwinUntyped,
  ): Promise<TwinEntry<string, M>>
  getWithMetadata<T = unknown, M = unknown>(key: string, read?: TwinRead<'json'>): Promise<TwinEntry<T, M>>
  getWithMetadata<M = unknown>(
    key: string,
    read?: TwinRead<'arrayBuffer'>,
  ): Promise<TwinEntry<ArrayBuffer, M>>
  getWithMetadata<M = unknown>(key: string, read?: TwinRead<'stream'>): Promise<TwinEntry<ReadableStream, M>>
  getWithMetadata<M = unknown>(
    keys: string[],
    read?: TwinRead<'text'> | TwinUntyped,
  ): Promise<Map<string, TwinEntry<string, M>>>
  getWithMetadata<T = unknown, M = unknown>(
    keys: string[],
    read?: TwinRead<'json'>,
  ): Promise<Map<string, TwinEntry<T, M>>>
  put(
    key: string,
    value: string | ArrayBuffer | ArrayBufferView | ReadableStream,
    options?: TwinPutOptions,
  ): Promise<void>
  delete(key: string): Promise<void>
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- as above
  list<M = unknown>(options?: {
    readonly prefix?: string | null
    readonly cursor?: string | null
    readonly limit?: number
  }): Promise<TwinPage<M>>
}
