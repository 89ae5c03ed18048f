/** Where an object keeps its ledger records: the little in which the two kinds of storage differ. */
import type { Awaitable } from '@flowport/capabilities'
import type { LedgerRecord, Step } from './ledger.ts'

export interface Records {
  /** One step on one record. No other step on it happens between reading and writing. */
  change<A>(key: string, step: (found: LedgerRecord | undefined) => Step<A>): Awaitable<A>
  /** Removes what is useless at `now`. Answers when the next record will be (`Infinity` for
   * never), or `null` when none is left. */
  sweep(now: number): Awaitable<number | null>
  /** The storage has been emptied as a whole. */
  emptied(): void
  /** Throws when the storage cannot be read. */
  check(): Awaitable<void>
}
