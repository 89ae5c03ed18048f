/** What Google Cloud Storage states of itself over OpenDAL, with the pages its limits come from. Web types only. */
import type { BlobCapabilityInfo } from '@flowport/capabilities'

const mebibyte = 1024 ** 2
const gibibyte = 1024 ** 3

/** Bytes of a part of an upload, where the options do not say. */
export const defaultChunkBytes = 8 * mebibyte

/** Bytes of a conditional put of a stream, which goes in one request. */
export const defaultMaxConditionalBytes = 64 * mebibyte

/** https://cloud.google.com/storage/quotas#requests */
export const maxParts = 10_000

/**
 * Keys that are refused: https://cloud.google.com/storage/docs/objects#naming, and space at the ends and U+0085 and U+2028,
 * which OpenDAL does not hand on as they are.
 */
export const refusedKeys =
  /^\p{White_Space}|\p{White_Space}$|[\r\n\u0085\u2028]|^\.well-known\/acme-challenge\//u

export const gcsInfo = {
  provider: 'gcs',
  // https://cloud.google.com/storage/docs/consistency
  consistency: 'strong',
  // https://cloud.google.com/storage/docs/availability-durability
  durability: 'durable',
  limits: {
    // https://cloud.google.com/storage/quotas#objects; the root counts too.
    maxKeyBytes: 1024,
    // As many parts as there may be, of the size they have by default. The largest object of all has 5 TiB.
    maxObjectBytes: maxParts * defaultChunkBytes,
    maxMetadataBytes: 8192,
    // https://cloud.google.com/storage/docs/json_api/v1/objects/list
    maxListKeys: 1000,
    // https://cloud.google.com/storage/docs/batch
    maxBulkKeys: 100,
    // https://cloud.google.com/storage/docs/multipart-uploads
    multipart: { minPartBytes: 5 * mebibyte, maxPartBytes: 5 * gibibyte, maxParts },
  },
  features: {
    createOnly: true,
    // Google has it by generation, OpenDAL does not send it.
    compareAndSwap: false,
    ranges: true,
    metadata: true,
    contentType: true,
    serverCopy: true,
    // OpenDAL signs URLs with the key unencoded: that of `a%2Fb` would be that of another object.
    presign: false,
  },
  extensions: {
    'dev.flowport.blob.refusedKeys': refusedKeys.source,
    // https://cloud.google.com/storage/quotas#objects: faster ones are answered with status 429.
    'com.google.cloud.storage.writesPerSecondPerKey': 1,
  },
} as const satisfies BlobCapabilityInfo
