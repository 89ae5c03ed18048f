/** What the stores on OPFS state of themselves. The stub for other runtimes states the same. */
import type {
  BlobCapabilityInfo,
  DedupeCapabilityInfo,
  Extensions,
  KvCapabilityInfo,
} from '@flowport/capabilities'

export const opfsBlobInfo = {
  provider: 'opfs-browser',
  consistency: 'strong',
  durability: 'durable',
  limits: {
    maxKeyBytes: 1024,
    // None but the site's quota.
    maxObjectBytes: Infinity,
    maxMetadataBytes: 8192,
    maxListKeys: 1000,
    // Nobody else writes while one call deletes.
    maxBulkKeys: 64,
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
  extensions: {},
} as const satisfies BlobCapabilityInfo

export const opfsKvInfo = {
  provider: 'opfs-browser',
  consistency: 'strong',
  durability: 'durable',
  ttl: 'per_write',
  limits: {
    maxKeyBytes: 1024,
    // Held in memory whole while it is read.
    maxValueBytes: 25 * 1024 * 1024,
    maxMetadataBytes: 8192,
    minTtlSeconds: 0,
    maxListKeys: 1000,
    maxBulkKeys: 64,
  },
  features: { list: true, metadata: true, conditional: true, bulk: false },
  extensions: {},
} as const satisfies KvCapabilityInfo

export const opfsDedupeInfo = {
  provider: 'opfs-browser',
  reservation: 'atomic',
  consistency: 'strong',
  durability: 'durable',
  limits: { maxKeyBytes: 1024, maxResultBytes: 8 * 1024 * 1024, minTtlMs: 1 },
  features: { unknowns: true },
  extensions: {},
} as const satisfies DedupeCapabilityInfo

/** The info of an instance: what it is kept in, and how that is known to last. */
export function infoOf<I extends BlobCapabilityInfo | KvCapabilityInfo | DedupeCapabilityInfo>(
  info: I,
  durability: I['durability'],
  extensions: Extensions,
): I {
  return { ...info, durability, extensions }
}
