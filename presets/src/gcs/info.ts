/** What the `gcs` preset guarantees, with the pages its limits come from. Web types only. */
import type { BlobCapabilityInfo } from '@flowport/capabilities'

const mebibyte = 1024 ** 2
const gibibyte = 1024 ** 3

/** Bytes of a part of an upload, where the options do not say. */
export const defaultChunkBytes = 8 * mebibyte

/** https://cloud.google.com/storage/quotas#requests */
export const maxParts = 10_000

/**
 * Keys that are refused: https://cloud.google.com/storage/docs/objects#naming, and space at the ends and U+0085 and U+2028,
 * which OpenDAL does not pass on unchanged, so both engines refuse those.
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
    // By generation, which is the etag here. The engine `opendal` has it not.
    compareAndSwap: true,
    ranges: true,
    metadata: true,
    contentType: true,
    serverCopy: true,
    // A URL is signed with a key, and a token is not one.
    presign: false,
  },
  extensions: {
    'com.google.cloud.storage.etags': 'generation',
    'dev.flowport.blob.refusedKeys': refusedKeys.source,
    // https://cloud.google.com/storage/quotas#objects: faster ones are answered with status 429.
    'com.google.cloud.storage.writesPerSecondPerKey': 1,
  },
} as const satisfies BlobCapabilityInfo
