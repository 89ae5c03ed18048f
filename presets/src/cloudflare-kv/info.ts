/** What Workers KV states of itself. Web types only: every variant of the preset, and its stub, states from here. */
import type { Extensions, KvCapabilityInfo, KvLimits } from '@flowport/capabilities'

/**
 * Limits of the platform, from https://developers.cloudflare.com/kv/platform/limits/ and, for the smallest time to live,
 * https://developers.cloudflare.com/kv/api/write-key-value-pairs/#expiring-keys.
 */
export const cloudflareKvLimits = {
  maxKeyBytes: 512,
  maxValueBytes: 25 * 1024 * 1024,
  maxMetadataBytes: 1024,
  minTtlSeconds: 60,
  maxListKeys: 1000,
  // https://developers.cloudflare.com/kv/api/read-key-value-pairs/: a bulk read takes 100 keys.
  maxBulkKeys: 100,
  writesPerSecondPerKey: 1,
} as const satisfies KvLimits

/** Shortest time the cache of a location may serve a value, in seconds. */
export const minCacheTtlSeconds = 30

/** Over the binding of a Worker. It has no bulk delete, and its bulk read gives text only, so `bulk` is false. */
export const cloudflareKvInfo = {
  provider: 'cloudflare-kv',
  consistency: 'eventual',
  durability: 'durable',
  ttl: 'per_write',
  limits: cloudflareKvLimits,
  features: { list: true, metadata: true, conditional: false, bulk: false },
  extensions: {
    'com.cloudflare.kv.access': 'binding',
    'com.cloudflare.kv.operationsPerInvocation': 1000,
    'com.cloudflare.kv.minCacheTtlSeconds': minCacheTtlSeconds,
    // https://developers.cloudflare.com/kv/concepts/how-kv-works/: absent keys are cached as values are.
    'com.cloudflare.kv.maxStalenessSeconds': 60,
    'com.cloudflare.kv.negativeCaching': true,
    // The binding tells it in lists only; the option `readExpiry` asks there.
    'com.cloudflare.kv.expiryOnRead': false,
    'com.cloudflare.kv.defaultTtlSeconds': null,
  },
} as const satisfies KvCapabilityInfo

const {
  'com.cloudflare.kv.operationsPerInvocation': _operationsPerInvocation,
  'com.cloudflare.kv.minCacheTtlSeconds': _minCacheTtlSeconds,
  ...common
} = cloudflareKvInfo.extensions

/**
 * Over the REST API. Bulk deletes take 10 000 keys a request, bulk reads of text 100, so a call of 10 000 keys is at most
 * 100 requests: https://developers.cloudflare.com/api/resources/kv/subresources/namespaces/
 */
export const cloudflareKvRestInfo = {
  ...cloudflareKvInfo,
  limits: { ...cloudflareKvLimits, maxBulkKeys: 10_000 },
  features: { ...cloudflareKvInfo.features, bulk: true },
  extensions: {
    ...common,
    'com.cloudflare.kv.access': 'rest',
    'com.cloudflare.kv.expiryOnRead': true,
    // https://developers.cloudflare.com/fundamentals/api/reference/limits/: per user, over all of the API.
    'com.cloudflare.kv.requestsPerFiveMinutes': 1200,
  },
} as const satisfies KvCapabilityInfo

/** What all variants state alike, as literal types. */
export type CloudflareKvInfo = KvCapabilityInfo & {
  readonly provider: 'cloudflare-kv'
  readonly consistency: 'eventual'
  readonly durability: 'durable'
  readonly ttl: 'per_write'
  readonly features: { readonly list: true; readonly metadata: true; readonly conditional: false }
}

/** The info of an instance with its options. */
export function withExtensions(info: CloudflareKvInfo, extensions: Extensions): CloudflareKvInfo {
  return { ...info, extensions: { ...info.extensions, ...extensions } }
}
