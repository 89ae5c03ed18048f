/** The cache contract: values that the cache may evict at any time. */
import type { CacheCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

export interface CacheSetOptions extends CallOptions {
  /** Milliseconds the value may be served. */
  readonly ttlMs: number
}

/** Reading side, for nodes with `uses: { cache: 'read' }`. */
export interface CacheReader {
  readonly info: CacheCapabilityInfo
  /** Resolves the JSON value, or `undefined` when it is absent, expired or evicted. */
  get(key: string, options?: CallOptions): Promise<unknown>
}

export interface Cache extends CacheReader {
  /** Stores a copy of a JSON value. */
  set(key: string, value: unknown, options: CacheSetOptions): Promise<void>
  delete(key: string, options?: CallOptions): Promise<void>
}
