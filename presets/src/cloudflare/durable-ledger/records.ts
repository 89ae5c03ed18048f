/** Where an object keeps its ledger records: the little in which the two kinds of storage differ. */
import type { Awaitable, DriverUnknown } from '@flowport/capabilities'
import type { Change, LedgerRecord } from './ledger.ts'

/** Unknown keys in the order of their names. `next`: what to go on after, `null` when all have been seen. */
export interface UnknownSlice {
  readonly keys: readonly DriverUnknown[]
  readonly next: string | null
}

/** An unknown key that its index has to be told of. */
export interface Unlisted {
  readonly key: string
  readonly fence: number
  readonly index: string
}

export interface Records {
  /** One step on one record. No other step on it happens between reading and writing. */
  change<A>(key: string, step: (found: LedgerRecord | undefined) => Change<A>): Awaitable<A>
  /** At most `limit` unknown keys after `after`. Reads a bounded number of records, so that it may answer fewer. */
  unknowns(after: string, limit: number, now: number): Awaitable<UnknownSlice>
  /** Unknown keys that their index has not been told of, a bounded number. */
  unlisted(now: number): Awaitable<readonly Unlisted[]>
  /** Whether a record in flight has an index to tell, should it become unknown. */
  hasIndex(): Awaitable<boolean>
  /**
   * Removes what is useless at `now`. Answers when the next record is due (`Infinity` for never), or `null` when none is
   * left.
   */
  sweep(now: number): Awaitable<number | null>
  /** The storage has been emptied as a whole. */
  emptied(): void
  /** Throws when the storage cannot be read. */
  check(): Awaitable<void>
}
