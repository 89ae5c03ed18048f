/** What the stores of `durable-partitions` state of themselves, as literal types that a profile is checked against. */
import type { DedupeCapabilityInfo, KvCapabilityInfo } from '@flowport/capabilities'
import { entriesInObjects, ledgerInObjects } from '../cloudflare/durable-ledger/info.ts'

/** What can be committed together, of one instance: `transaction` then names its objects. */
const committed = { transaction: 'durable-partitions', partitioned: true } as const

export const partitionDedupeInfo = {
  provider: 'durable-partitions',
  ...ledgerInObjects,
  ...committed,
  extensions: {
    'com.cloudflare.durable-objects.storage': 'sqlite',
    'com.cloudflare.durable-objects.objects': 'one_per_partition_or_key',
  },
} as const satisfies DedupeCapabilityInfo

export const partitionKvInfo = {
  provider: 'durable-partitions',
  ...entriesInObjects,
  ...committed,
  extensions: {
    'com.cloudflare.durable-objects.storage': 'sqlite',
    'com.cloudflare.durable-objects.objects': 'one_per_partition',
  },
} as const satisfies KvCapabilityInfo

/** The info of an instance: what it keeps is committed with nothing of another one. */
export function infoOf<I extends KvCapabilityInfo | DedupeCapabilityInfo>(
  info: I,
  transaction: string,
): I & { readonly transaction: string } {
  return { ...info, transaction }
}
