/** Which resources take part in the transaction of an atomic node, and whether those of a profile can be committed together. */
import { domainOf } from '@flowport/capabilities'
import type { NormalUse } from './uses.ts'

/** Whether an atomic node may have this access: its writes go into the transaction, or there are none. */
export function isCommitted(resource: string, access: string): boolean {
  const domain = domainOf(resource)
  if (domain === 'kv' || domain === 'dedupe' || domain === 'clock' || domain === 'rng') return true
  return domain === 'queue' ? access === 'publish' : access === 'read'
}

/** The resources of the node that are not in the ledger's database. The ledger itself, where it states no transaction. */
export function outsideTransaction(
  uses: readonly NormalUse[],
  transactionOf: (resource: string) => unknown,
): readonly string[] {
  const ledger = transactionOf('dedupe')
  if (typeof ledger !== 'string') return ['dedupe']
  const stores = uses.filter(({ resource }) => ['kv', 'queue'].includes(domainOf(resource) ?? ''))
  return stores.map(({ resource }) => resource).filter((resource) => transactionOf(resource) !== ledger)
}
