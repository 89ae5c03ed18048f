/** What the stores on Durable Objects state of themselves, as literal types that a profile is checked against. */
import type { DedupeCapabilityInfo, KvCapabilityInfo } from '@flowport/capabilities'

/** `limits.test.ts` holds these numbers against the platform's. */
export const durableDedupeInfo = {
  provider: 'durable-dedupe',
  reservation: 'atomic',
  consistency: 'strong',
  durability: 'durable',
  limits: { maxKeyBytes: 2048, maxResultBytes: 1_980_000, minTtlMs: 1 },
  features: { unknowns: true },
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
  consistency: 'strong',
  durability: 'durable',
  ttl: 'per_write',
  limits: {
    maxKeyBytes: 2048,
    maxValueBytes: 1_980_000,
    maxMetadataBytes: 16_384,
    minTtlSeconds: 0,
    maxListKeys: 1000,
    maxBulkKeys: 1000,
  },
  features: { list: true, metadata: true, conditional: true, bulk: true },
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
