/** What a provider supplies to be a key-value store. Arguments arrive checked; `createKeyValue` does the rest. */
import type { KvCapabilityInfo } from '../guarantees/info.ts'
import type { Partitions } from '../transaction/partition.ts'

/** A value, at once or later: drivers over synchronous stores need not make promises. */
export type Awaitable<T> = T | PromiseLike<T>

export interface DriverCall {
  readonly signal?: AbortSignal | undefined
}

export interface StoredKvEntry {
  /** Text or bytes, as the store holds it. Bytes are the caller's to keep. */
  readonly value: string | Uint8Array<ArrayBuffer>
  readonly metadata?: unknown
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | undefined
  readonly version?: string | undefined
}

/** What the caller will make of what is read, so that a store need not fetch more. */
export interface KvDriverGet extends DriverCall {
  readonly cacheTtlSeconds?: number | undefined
  /** Whether metadata and expiry are of use. Default true. */
  readonly withMetadata?: boolean | undefined
}

export interface KvDriverGetMany extends DriverCall {
  readonly cacheTtlSeconds?: number | undefined
  /** `'text'`: the values are read as text or JSON, so bytes that are no UTF-8 may come as U+FFFD. Default `'bytes'`. */
  readonly form?: 'text' | 'bytes' | undefined
}

export interface KvDriverPut extends DriverCall {
  /** Milliseconds since the epoch; present only when `info.ttl` is `'per_write'`. */
  readonly expiresAt?: number | undefined
  readonly metadata?: unknown
  readonly ifAbsent?: boolean | undefined
  readonly ifVersion?: string | undefined
}

export interface KvDriverList extends DriverCall {
  readonly prefix: string
  readonly cursor?: string | undefined
  readonly limit: number
}

export interface KvDriverPage {
  /** In UTF-8 byte order. */
  readonly keys: readonly {
    readonly key: string
    readonly expiresAt?: number | undefined
    readonly metadata?: unknown
  }[]
  /** Present when more may follow. */
  readonly cursor?: string | undefined
}

export interface KvDriver {
  readonly info: KvCapabilityInfo
  /** Which partition keeps a key. Present exactly where `info.partitioned` is true. */
  readonly partitions?: Partitions
  /** The visible entry, or `null`. */
  get(key: string, call: KvDriverGet): Awaitable<StoredKvEntry | null>
  /**
   * Writes, or throws `AlreadyExists` / `ConditionNotMatch`. Resolves the new version, if the store has versions. Bytes
   * may be kept without copying: the portable type has copied them.
   */
  put(key: string, value: string | Uint8Array<ArrayBuffer>, put: KvDriverPut): Awaitable<string | undefined>
  delete(key: string, call: DriverCall): Awaitable<void>
  list?(list: KvDriverList): Awaitable<KvDriverPage>
  /** At most `limits.maxBulkKeys` keys. Without this, as without `deleteMany`, the portable type goes key by key. */
  getMany?(keys: readonly string[], call: KvDriverGetMany): Awaitable<ReadonlyMap<string, StoredKvEntry>>
  deleteMany?(keys: readonly string[], call: DriverCall): Awaitable<void>
  /** Rejects when the store cannot serve; asked by readiness checks. */
  check?(call: DriverCall): Awaitable<void>
  close?(): Awaitable<void>
}
