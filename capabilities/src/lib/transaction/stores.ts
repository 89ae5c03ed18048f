/** Refuses changes that a ledger cannot make in one transaction with its record. */
import { CapabilityError } from '../error.ts'
import type { DedupeCapabilityInfo } from '../guarantees/info.ts'
import type { Changes } from './changes.ts'

/** @throws CapabilityError `Misconfigured` for a store in another database than the ledger's. */
export function checkStores(
  { reads, writes }: Changes,
  { provider, transaction }: Pick<DedupeCapabilityInfo, 'provider' | 'transaction'>,
  where: { readonly capability: string; readonly operation: string; readonly key: string },
): void {
  for (const changes of [reads, writes]) {
    for (const { store } of changes) {
      if (store.info.transaction === transaction) continue
      const message = `${store.info.provider} keeps its data in another database than ${provider}`
      throw new CapabilityError('Misconfigured', `${message}: they cannot be committed together`, where)
    }
  }
}
