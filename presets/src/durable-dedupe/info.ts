/** What the stores on Durable Objects state of themselves, as literal types that a profile is checked against. */
import type { DedupeCapabilityInfo, KvCapabilityInfo } from '@flowport/capabilities'
import { entriesInObjects, ledgerInObjects } from '../cloudflare/durable-ledger/info.ts'

export const durableDedupeInfo = {
  provider: 'durable-dedupe',
  ...ledgerInObjects,
  extensions: {
    'com.cloudflare.durable-objects.storage': 'sqlite',
    'com.cloudflare.durable-objects.objects': 'one_per_key',
  },
} as const satisfies DedupeCapabilityInfo

export const legacyDedupeInfo = {
  ...durableDedupeInfo,
  limits: { maxKeyBytes: 2046, maxResultBytes: 120_000, minTtlMs: 1 },
  extensions: {
    'com.cloudflare.durable-objects.storage': 'legacy-kv',
    'com.cloudflare.durable-objects.objects': 'one_per_key',
  },
} as const satisfies DedupeCapabilityInfo

export const durableKvInfo = {
  provider: 'durable-dedupe',
  ...entriesInObjects,
  extensions: { 'com.cloudflare.durable-objects.storage': 'sqlite' },
} as const satisfies KvCapabilityInfo

/** The info of an instance with these options. */
export function dedupeInfoFor({
  storage,
  shards,
}: {
  readonly storage: 'sqlite' | 'legacy-kv'
  readonly shards: number | undefined
}): DedupeCapabilityInfo {
  const info = storage === 'sqlite' ? durableDedupeInfo : legacyDedupeInfo
  if (shards === undefined) return info
  return { ...info, extensions: { ...info.extensions, 'com.cloudflare.durable-objects.objects': shards } }
}
