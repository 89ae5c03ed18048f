/** The cache contract: a place that may forget at any time. */
import type { CacheCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

export interface CacheSetOptions extends CallOptions {
  /** Milliseconds the value may be served. */
  readonly ttlMs: number
}

/** Reading side: what a node gets for `uses: { cache: 'read' }`. */
export interface CacheReader {
  readonly info: CacheCapabilityInfo
  /** The JSON value, or `undefined` when it is absent, expired or forgotten. */
  get(key: string, options?: CallOptions): Promise<unknown>
}

export interface Cache extends CacheReader {
  /** Keeps a copy of a JSON value. */
  set(key: string, value: unknown, options: CacheSetOptions): Promise<void>
  delete(key: string, options?: CallOptions): Promise<void>
}
