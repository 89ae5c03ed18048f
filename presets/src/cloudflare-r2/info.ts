/** What R2 states of itself, with the pages its limits come from. Web types only: every runtime states the same. */
import type { BlobCapabilityInfo } from '@flowport/capabilities'

const mebibyte = 1024 ** 2
const gibibyte = 1024 ** 3

/** Largest body of one put, and largest part: 5 MiB less than 5 GiB. https://developers.cloudflare.com/r2/platform/limits/ */
export const maxUploadBytes = 5 * gibibyte - 5 * mebibyte

/** Bytes of a part, where the options do not say. */
export const defaultPartBytes = 8 * mebibyte

/** What holds on every runtime; an opened store may state more features. */
export const r2Info = {
  provider: 'cloudflare-r2',
  // https://developers.cloudflare.com/r2/reference/consistency/
  consistency: 'strong',
  durability: 'durable',
  limits: {
    // https://developers.cloudflare.com/r2/platform/limits/
    maxKeyBytes: 1024,
    // 5 GiB less than 5 TiB.
    maxObjectBytes: 5 * 1024 * gibibyte - 5 * gibibyte,
    maxMetadataBytes: 8192,
    // https://developers.cloudflare.com/r2/api/workers/workers-api-reference/
    maxListKeys: 1000,
    maxBulkKeys: 1000,
    // https://developers.cloudflare.com/r2/objects/multipart-objects/
    multipart: { minPartBytes: 5 * mebibyte, maxPartBytes: maxUploadBytes, maxParts: 10_000 },
  },
  features: {
    createOnly: true,
    compareAndSwap: true,
    ranges: true,
    metadata: true,
    contentType: true,
    serverCopy: false,
    presign: false,
  },
  extensions: {
    // https://developers.cloudflare.com/r2/platform/limits/: faster ones are refused with status 429.
    'com.cloudflare.r2.writesPerSecondPerKey': 1,
    // https://developers.cloudflare.com/r2/reference/unicode-interoperability/
    'com.cloudflare.r2.keys': 'NFC',
  },
} as const satisfies BlobCapabilityInfo

/** The info of an opened store. */
export function r2InfoWith(features: Partial<BlobCapabilityInfo['features']>): BlobCapabilityInfo {
  return { ...r2Info, features: { ...r2Info.features, ...features } }
}
