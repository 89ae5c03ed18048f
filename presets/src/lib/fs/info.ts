/** What the file system store states of itself. Web types only: the stub for other runtimes states the same. */
import type { BlobCapabilityInfo, KvCapabilityInfo } from '@flowport/capabilities'

export const fsBlobInfo = {
  provider: 'fs',
  consistency: 'strong',
  durability: 'durable',
  limits: {
    maxKeyBytes: 1024,
    maxObjectBytes: 5 * 1024 ** 4,
    maxMetadataBytes: 8192,
    maxListKeys: 1000,
    maxBulkKeys: 1000,
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
  extensions: { 'dev.flowport.fs.fsync': 'data', 'dev.flowport.fs.scope': 'one host' },
} as const satisfies BlobCapabilityInfo

export const fsKvInfo = {
  provider: 'fs',
  consistency: 'strong',
  durability: 'durable',
  ttl: 'per_write',
  limits: {
    maxKeyBytes: 1024,
    maxValueBytes: 25 * 1024 * 1024,
    maxMetadataBytes: 8192,
    minTtlSeconds: 0,
    maxListKeys: 1000,
    // One file per key: bounds how many are open at once in one call.
    maxBulkKeys: 64,
  },
  features: { list: true, metadata: true, conditional: true, bulk: false },
  extensions: { 'dev.flowport.fs.fsync': 'data', 'dev.flowport.fs.scope': 'one host' },
} as const satisfies KvCapabilityInfo

export type Fsync = 'data' | 'none'

/** The info of an instance: what is not synced may be lost, or lose its predecessor, when the power fails. */
export function withFsync<I extends BlobCapabilityInfo | KvCapabilityInfo>(info: I, fsync: Fsync): I {
  if (fsync === 'data') return info
  return {
    ...info,
    durability: 'unknown',
    extensions: { ...info.extensions, 'dev.flowport.fs.fsync': fsync },
  }
}
