/** What the `azblob` preset guarantees, with the pages its limits come from. Web types only. */
import type { BlobCapabilityInfo } from '@flowport/capabilities'

const mebibyte = 1024 ** 2

/** Bytes of a block of an upload, where the options do not say. */
export const defaultChunkBytes = 8 * mebibyte

/** Most segments a name may have. https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata#blob-names */
export const maxSegments = 254

/**
 * Keys that are refused, by the same page: some front ends drop a dot at the end of a segment, and XML, in which Azure lists
 * names, has no such characters. OpenDAL trims space at both ends and does not read U+2028 back, so both engines refuse those.
 */
export const refusedKeys =
  /^\p{White_Space}|\p{White_Space}$|[\p{Cc}\u2028\ufffe\uffff]|\.(?:\/|$)|^(?:[^/]*\/){254}/u

/** https://learn.microsoft.com/rest/api/storageservices/understanding-block-blobs--append-blobs--and-page-blobs */
export const maxBlocks = 50_000

export const azblobInfo = {
  provider: 'azblob',
  // https://learn.microsoft.com/azure/storage/blobs/concurrency-manage and https://azure.microsoft.com/blog/sosp-paper-windows-azure-storage-a-highly-available-cloud-storage-service-with-strong-consistency/
  consistency: 'strong',
  // https://learn.microsoft.com/azure/storage/common/storage-redundancy
  durability: 'durable',
  limits: {
    // 1024 characters, which are no more than 1024 bytes; the root counts too. Page as for `maxSegments`.
    maxKeyBytes: 1024,
    // As many blocks as there may be, of the size they have by default. One block may have 4000 MiB.
    maxObjectBytes: maxBlocks * defaultChunkBytes,
    // https://learn.microsoft.com/rest/api/storageservices/setting-and-retrieving-properties-and-metadata-for-blob-resources
    maxMetadataBytes: 8192,
    maxListKeys: 1000,
    // https://learn.microsoft.com/rest/api/storageservices/blob-batch
    maxBulkKeys: 256,
    multipart: { minPartBytes: 1, maxPartBytes: 4000 * mebibyte, maxParts: maxBlocks },
  },
  features: {
    createOnly: true,
    compareAndSwap: true,
    ranges: true,
    metadata: true,
    contentType: true,
    serverCopy: true,
    presign: false,
  },
  extensions: { 'dev.flowport.blob.refusedKeys': refusedKeys.source },
} as const satisfies BlobCapabilityInfo
