/** How long the records of the ledger are kept. Its steps are those of every ledger. */
import { ledgerSteps } from '@flowport/capabilities'

export type LedgerRecord = ledgerSteps.LedgerRecord
export type Moment = ledgerSteps.Moment
export type Step<A> = ledgerSteps.Step<A>

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
