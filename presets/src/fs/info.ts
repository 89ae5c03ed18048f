/** What the file system store states of itself. Web types only: the stub for other runtimes states the same. */
import type { BlobCapabilityInfo, KvCapabilityInfo } from '@flowport/capabilities'

const extensions = {
  'dev.flowport.fs.fsync': 'data',
  'dev.flowport.fs.scope': 'one host',
  'dev.flowport.fs.links': 'refused',
} as const

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
  extensions,
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
  extensions,
} as const satisfies KvCapabilityInfo

export type Fsync = 'data' | 'none'

/**
 * How sure it is that no link is followed. `'refused'`: also one that is planted during a call. `'checked'`: the system has
 * no calls relative to an open directory (macOS, Windows, Linux without `/proc`), so a link that is planted between the
 * check and the call is followed by whoever may write in the directory.
 */
export type Links = 'refused' | 'checked'

/** The info of an instance. What is not synced may be lost, or lose its predecessor, when the power fails. */
export function infoFor<I extends BlobCapabilityInfo | KvCapabilityInfo>(
  info: I,
  { fsync, links }: { readonly fsync: Fsync; readonly links: Links },
): I {
  return {
    ...info,
    durability: fsync === 'data' ? info.durability : 'unknown',
    extensions: { ...info.extensions, 'dev.flowport.fs.fsync': fsync, 'dev.flowport.fs.links': links },
  }
}
