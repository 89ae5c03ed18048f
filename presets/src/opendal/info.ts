/** The guarantees of the `opendal` preset before it knows the service: they hold for any. Web types only, for the stub as well. */
import type { BlobCapabilityInfo, KvCapabilityInfo } from '@flowport/capabilities'

export const opendalBlobInfo = {
  provider: 'opendal',
  consistency: 'unknown',
  durability: 'unknown',
  limits: {
    maxKeyBytes: 200,
    maxObjectBytes: 1024 * 1024,
    maxMetadataBytes: 2048,
    maxListKeys: 1000,
    maxBulkKeys: 100,
  },
  features: {
    createOnly: false,
    compareAndSwap: false,
    ranges: false,
    metadata: false,
    contentType: false,
    serverCopy: false,
    presign: false,
  },
  extensions: {},
} as const satisfies BlobCapabilityInfo

export const opendalKvInfo = {
  provider: 'opendal',
  consistency: 'unknown',
  durability: 'unknown',
  // The least guarantee; the opened store states more.
  ttl: 'none',
  limits: {
    maxKeyBytes: 200,
    maxValueBytes: 512 * 1024,
    maxMetadataBytes: 16_384,
    minTtlSeconds: 0,
    maxListKeys: 1000,
    maxBulkKeys: 100,
  },
  features: { list: false, metadata: true, conditional: false, bulk: false },
  extensions: {},
} as const satisfies KvCapabilityInfo
