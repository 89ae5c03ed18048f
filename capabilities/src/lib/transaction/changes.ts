/** What a transaction has read and is to write, as the driver of a ledger commits it together with a record. */
import type { KvDriver, KvDriverList, KvDriverPage } from '../kv/driver.ts'
import type { QueueDriver } from '../queue/driver.ts'

/** A condition of the commit: what was read is still so. */
export type TransactionRead =
  /** The entry has this version; `null`: no entry is visible. */
  | {
      readonly kind: 'entry'
      readonly store: KvDriver
      readonly key: string
      readonly version: string | null
    }
  /** The page has these keys, as `pageText` gives them. */
  | {
      readonly kind: 'page'
      readonly store: KvDriver
      readonly list: Pick<KvDriverList, 'prefix' | 'cursor' | 'limit'>
      readonly text: string
    }

/** At most one `put` or `delete` for each key of a store. */
export type TransactionWrite =
  | PutWrite
  | { readonly kind: 'delete'; readonly store: KvDriver; readonly key: string }
  | SendWrite

/** Writes the entry under the version that was handed out for it, whatever is there. */
export interface PutWrite {
  readonly kind: 'put'
  readonly store: KvDriver
  readonly key: string
  readonly value: string | Uint8Array<ArrayBuffer>
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined
  readonly metadata: unknown
}

export interface SendWrite {
  readonly kind: 'send'
  readonly store: QueueDriver
  readonly bodies: readonly string[]
  readonly delayMs: number
}

/** `store` is always the driver itself, without its layers, and states the ledger's `info.transaction`. */
export interface Changes {
  readonly reads: readonly TransactionRead[]
  /** In the order they were made. */
  readonly writes: readonly TransactionWrite[]
}

/** The record a transaction is committed with. */
export interface CommitRecord {
  readonly key: string
  readonly token: string
  /** JSON text. */
  readonly result: string
  readonly ttlMs: number
}

/** The holder whose effect begins with the writes of a transaction. */
export interface StartRecord {
  readonly key: string
  readonly token: string
  /** Milliseconds to which the lease is renewed. */
  readonly leaseMs: number
}

/**
 * `'started'`: the begin of the effect is recorded and every write was made; `ids` names the messages that were sent,
 * in order. `'fenced'`: nothing was written, because the token is no longer the holder's. `'conflict'`: nothing was written
 * or recorded, because something that was read has changed since.
 */
export type StartOutcome =
  | { readonly state: 'started'; readonly ids: readonly string[] }
  | { readonly state: 'fenced' }
  | { readonly state: 'conflict' }

/**
 * `'committed'`: the record and every write are there.
 * `'fenced'`: nothing was written, because the token is no longer the holder's.
 * `'conflict'`: nothing was written, because something that was read has changed since.
 */
export type CommitOutcome = 'committed' | 'fenced' | 'conflict'

/** Wraps the drivers that one node reads and writes through. Portable types find it in their call scope. */
export interface TransactionScope {
  kv(store: KvDriver, clock: { now(): number }): KvDriver
  queue(store: QueueDriver): QueueDriver
}

/** A page in a form that two readings of it can be compared by. */
export function pageText({ keys, cursor }: KvDriverPage): string {
  return JSON.stringify([keys.map(({ key, expiresAt, metadata }) => [key, expiresAt, metadata]), cursor])
}
