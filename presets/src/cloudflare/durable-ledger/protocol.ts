/** What the objects answer over RPC. Strings, numbers and bytes only: what a driver needs to read is on both sides. */
import type { BeginCall, DriverBegin, DriverLook } from '@flowport/capabilities'
import type { Outcome } from '../durable/outcome.ts'
import type { UnknownSlice } from './records.ts'

export interface BeginHow extends Pick<BeginCall, 'started' | 'over'> {
  /** The object to tell when the key becomes unknown. Default none: the caller asks this object itself. */
  readonly index?: string
}

/** A key as an index has it. */
export interface NotedKey {
  readonly key: string
  readonly fence: number
}

/** The steps of the ledger. Each is one atomic step at the object, on the object's clock. */
export interface LedgerCalls {
  reserve(key: string, token: string, ttlMs: number): Promise<Outcome<boolean>>
  begin(
    key: string,
    token: string,
    leaseMs: number,
    fingerprint: string,
    how?: BeginHow,
  ): Promise<Outcome<DriverBegin>>
  complete(key: string, token: string, result: string, ttlMs: number): Promise<Outcome<boolean>>
  release(key: string, token: string): Promise<Outcome<boolean>>
  renew(key: string, token: string, leaseMs: number, started?: boolean): Promise<Outcome<boolean>>
  forget(key: string): Promise<Outcome<null>>
  look(key: string): Promise<Outcome<DriverLook>>
  takeOver(
    key: string,
    token: string,
    leaseMs: number,
    over: number,
    index?: string,
  ): Promise<Outcome<number | null>>
  /** Unknown keys of this object, or those that were noted here. `next` goes on; a slice may be short. */
  unknowns(after: string, limit: number): Promise<Outcome<UnknownSlice>>
  /** Called by the objects of keys on the one that is their index. */
  note(key: string, fence: number): Promise<Outcome<null>>
  /** Removes what was noted, unless the key has been noted under another fence since. */
  unnote(noted: readonly NotedKey[]): Promise<Outcome<null>>
  check(): Promise<Outcome<null>>
}

/** An entry as the object keeps it; `metadata` is JSON text. */
export interface KvRecord {
  readonly value: string | Uint8Array
  readonly metadata: string | null
  readonly expiresAt: number | null
  readonly version: string
}

export interface KvPut {
  readonly metadata: string | null
  readonly expiresAt: number | null
  readonly ifAbsent: boolean
  readonly ifVersion: string | null
}

/** Part of a bulk answer. */
export interface KvFound {
  /** How many of the keys asked for this answers: ask again for the rest. */
  readonly looked: number
  /** The visible entries among them. */
  readonly found: readonly (KvRecord & { readonly key: string })[]
}

export interface KvListed {
  readonly keys: readonly {
    readonly key: string
    readonly metadata: string | null
    readonly expiresAt: number | null
  }[]
  /** Whether others follow. */
  readonly more: boolean
}

/** The steps of the key-value store. */
export interface KvCalls {
  get(key: string): Promise<Outcome<KvRecord | null>>
  getMany(keys: readonly string[]): Promise<Outcome<KvFound>>
  /** Answers the new version. */
  put(key: string, value: string | Uint8Array, put: KvPut): Promise<Outcome<string>>
  deleteMany(keys: readonly string[]): Promise<Outcome<null>>
  /** Keys that begin with `prefix` and sort after `after`, in UTF-8 byte order. */
  list(prefix: string, after: string, limit: number): Promise<Outcome<KvListed>>
  check(): Promise<Outcome<null>>
}
