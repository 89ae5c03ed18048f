/** How long the records of the ledger are kept. Its steps are those of every ledger. */
import { ledgerSteps } from '@flowport/capabilities'

export interface LedgerRecord extends ledgerSteps.LedgerRecord {
  /**
   * Where the object is that lists the unknown keys of the store, while that object has to be told when this key becomes
   * unknown. `null` once it has been, and where nothing lists them apart.
   */
  readonly index: string | null
}

export type Moment = ledgerSteps.Moment
/** What a step of every ledger leaves: the object adds the index. */
export type Step<A> = ledgerSteps.Step<A>

/** What a step of an object leaves. */
export interface Change<A> {
  readonly answer: A
  readonly record?: LedgerRecord | null
}

/**
 * How long a record that had not begun its effect is kept after its lease: until then its holder may still complete it. A
 * day.
 */
export const lateHolderMs = 86_400_000

/** No key of the ledger is empty. Under it stands the largest fence of the records that were removed a moment ago. */
export const removedKey = ''

/** How long that fence is kept. After that the time alone gives a larger one. */
export const removedMs = 60_000

/** When nobody needs a record any more; `Infinity` for an unknown one, which somebody has to settle. */
export function uselessAt(record: Pick<LedgerRecord, 'result' | 'endsAt' | 'started'>): number {
  return ledgerSteps.uselessAt(record, lateHolderMs) ?? Infinity
}

/** When an object has to look at the record again: to remove it, or to have it listed as unknown. */
export function dueAt(record: Pick<LedgerRecord, 'result' | 'endsAt' | 'started' | 'index'>): number {
  const { result, started, index, endsAt } = record
  return result === null && started && index !== null ? endsAt : uselessAt(record)
}
