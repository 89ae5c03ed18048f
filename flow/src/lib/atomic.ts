/** Which resources take part in the transaction of an atomic node, and whether those of a profile can be committed together. */
import { domainOf } from '@flowport/capabilities'
import type { NormalUse } from './uses.ts'

/** Whether an atomic node may have this access: its writes go into the transaction, or there are none. */
export function isCommitted(resource: string, access: string): boolean {
  const domain = domainOf(resource)
  if (domain === 'kv' || domain === 'dedupe' || domain === 'clock' || domain === 'rng') return true
  return domain === 'queue' ? access === 'publish' : access === 'read'
}

/** The part of an info that says what is committed together. */
export interface StatedTransaction {
  readonly transaction?: unknown
  readonly partitioned?: unknown
}

/** How the stores of an atomic node and its ledger are committed on a profile. */
export type Transactional =
  /** Together; within the partition that the node names, where `isPartitioned`. */
  | { readonly kind: 'together'; readonly isPartitioned: boolean }
  /** These resources are not in the ledger's database; `dedupe` itself, where the ledger states no transaction. */
  | { readonly kind: 'apart'; readonly outside: readonly string[] }
  /** Only what is in one partition is committed together, and the node names none. */
  | { readonly kind: 'no partition' }

export function transactional(
  uses: readonly NormalUse[],
  hasPartition: boolean,
  infoOf: (resource: string) => StatedTransaction | null | undefined,
): Transactional {
  const ledger = infoOf('dedupe')
  if (typeof ledger?.transaction !== 'string') return { kind: 'apart', outside: ['dedupe'] }
  const { transaction } = ledger
  const stores = uses.filter(({ resource }) => ['kv', 'queue'].includes(domainOf(resource) ?? ''))
  const outside = stores
    .map(({ resource }) => resource)
    .filter((resource) => infoOf(resource)?.transaction !== transaction)
  if (outside.length > 0) return { kind: 'apart', outside }
  const isPartitioned = ledger.partitioned === true
  return isPartitioned && !hasPartition ? { kind: 'no partition' } : { kind: 'together', isPartitioned }
}

/** Why an atomic node cannot run over the stores, and what to change; `null` where it can. */
export function whyNotAtomic(name: string, found: Transactional): string | null {
  switch (found.kind) {
    case 'together':
      return null
    case 'apart':
      return `"${name}" is atomic, and ${found.outside.join(', ')} cannot be committed with the record of its key`
    case 'no partition':
      return `"${name}" is atomic and names no partition, and the stores of this profile commit together only what is in one: add idempotency.partition, and begin the keys it uses in kv with that partition and "/"`
  }
}
