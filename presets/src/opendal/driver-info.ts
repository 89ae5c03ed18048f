/** The guarantees of a store over an operator: the capability that OpenDAL reports, and the known facts about the service. */
import type { Capability, Operator } from 'opendal'
import {
  type BlobCapabilityInfo,
  type BlobFeatures,
  type BlobLimits,
  type Extensions,
  type KvCapabilityInfo,
  type KvLimits,
  type Offered,
  utf8Length,
} from '@flowport/capabilities'
import { refusedKeys } from './key.ts'
import { knownService } from './known-services.ts'

/** How objects are kept: `plain` as the service would, `enveloped` with a header before the content. */
export type ObjectForm = 'plain' | 'enveloped'

export interface OpenDalBlobInfoOptions {
  readonly scheme: string
  readonly provider?: string | undefined
  readonly consistency?: Offered<'consistency'> | undefined
  readonly durability?: Offered<'durability'> | undefined
  readonly limits?: Partial<BlobLimits> | undefined
  readonly features?: Partial<BlobFeatures> | undefined
  readonly extensions?: Extensions | undefined
  /** The operator's root, such as `'/notes'`, which shortens the longest key. Default `'/'`. */
  readonly root?: string | undefined
  /** Default: `plain` where the service tells versions of its objects apart, else `enveloped`. */
  readonly objects?: ObjectForm | undefined
  /** Bytes of each part of a multipart upload. Default 8 MiB. */
  readonly chunkBytes?: number | undefined
}

/** Bytes of a part, and of each ranged read. */
export const defaultChunkBytes = 8 * 1024 * 1024

/** The default form of objects. */
export function formFor(capability: Capability): ObjectForm {
  // A service that takes If-Match has etags. One without may forget that an object was replaced.
  return capability.readWithIfMatch || !capability.write ? 'plain' : 'enveloped'
}

/** The `info` of a blob store over the operator. */
export function opendalBlobInfo(operator: Operator, options: OpenDalBlobInfoOptions): BlobCapabilityInfo {
  const { scheme, provider = `opendal-${scheme}`, extensions } = options
  const can = operator.capability()
  const known = knownService(scheme)
  const { objects = formFor(can) } = options
  const plain = objects === 'plain'
  return {
    provider,
    consistency: options.consistency ?? known.consistency,
    durability: options.durability ?? known.durability,
    limits: { ...blobLimits(can, options, plain), ...options.limits },
    features: {
      // Only where one request both checks and writes: in an envelope on a tree, a rename would not check.
      createOnly: can.writeWithIfNotExists && plain && !known.tree,
      compareAndSwap: can.writeWithIfMatch && plain && !known.tree,
      ranges: can.read && known.ranges,
      metadata: plain ? can.writeWithUserMetadata : can.write,
      contentType: plain ? can.writeWithContentType || !can.write : can.write,
      serverCopy: can.copy && plain && known.atomicCopy,
      presign: can.presignRead && can.presignWrite && plain,
      ...(can.list ? {} : { list: false }),
      ...(can.write && can.delete ? {} : { write: false }),
      ...options.features,
    },
    extensions: {
      'org.apache.opendal.scheme': scheme,
      'org.apache.opendal.objects': objects,
      ...(plain ? { 'dev.flowport.blob.refusedKeys': refusedKeys.source } : {}),
      ...extensions,
    },
  }
}

function blobLimits(
  can: Capability,
  { scheme, root = '/', chunkBytes = defaultChunkBytes }: OpenDalBlobInfoOptions,
  plain: boolean,
): BlobLimits {
  const { limits, tree } = knownService(scheme)
  const total = can.writeTotalMaxSize === null ? Infinity : Number(can.writeTotalMaxSize)
  const parts = limits.multipart === undefined ? Infinity : limits.multipart.maxParts * chunkBytes
  const streamed = can.writeCanMulti ? 5 * 1024 ** 4 : 64 * 1024 ** 2
  return {
    maxMetadataBytes: 2048,
    maxBulkKeys: 100,
    ...limits,
    // As it is, a key on a file system is a name of at most 255 bytes, at least when it has one segment.
    maxKeyBytes: plain && tree ? 255 : (limits.maxKeyBytes ?? 512) - (tree ? 0 : rootBytes(root)),
    maxObjectBytes: Math.min(limits.maxObjectBytes ?? streamed, total, parts),
    maxListKeys: 1000,
  }
}

/** Bytes that the root puts in front of every key: `/notes` and `notes/` are `notes/`. */
function rootBytes(root: string): number {
  const trimmed = root.trim().replaceAll(/^\/+|(?<!\/)\/+$/g, '')
  return trimmed === '' ? 0 : utf8Length(trimmed) + 1
}

/** How long entries live: as each put says, all for the same time, or for ever. */
export type OpenDalTtl = 'per_write' | { readonly namespaceDefault: number } | 'none'

export interface OpenDalKvInfoOptions {
  readonly scheme: string
  readonly ttl: OpenDalTtl
  readonly provider?: string | undefined
  readonly consistency?: Offered<'consistency'> | undefined
  readonly durability?: Offered<'durability'> | undefined
  readonly limits?: Partial<KvLimits> | undefined
  readonly extensions?: Extensions | undefined
}

/** The `info` of a key-value store over the operator. */
export function opendalKvInfo(operator: Operator, options: OpenDalKvInfoOptions): KvCapabilityInfo {
  const { scheme, ttl, provider = `opendal-${scheme}`, extensions } = options
  const can = operator.capability()
  const { consistency, durability, limits } = knownService(scheme)
  return {
    provider,
    consistency: options.consistency ?? consistency,
    durability: options.durability ?? durability,
    ttl: typeof ttl === 'object' ? 'namespace_default' : ttl,
    limits: {
      maxKeyBytes: Math.min(512, limits.maxKeyBytes ?? 512),
      maxValueBytes: Math.min(25 * 1024 ** 2, limits.maxObjectBytes ?? Infinity) - 65_536,
      maxMetadataBytes: 16_384,
      minTtlSeconds: 0,
      maxListKeys: 1000,
      maxBulkKeys: Math.min(100, limits.maxBulkKeys ?? 100),
      ...options.limits,
    },
    features: { list: can.list, metadata: true, conditional: false, bulk: false },
    extensions: {
      'org.apache.opendal.scheme': scheme,
      ...(typeof ttl === 'object' ? { 'org.apache.opendal.namespaceTtlSeconds': ttl.namespaceDefault } : {}),
      ...extensions,
    },
  }
}
