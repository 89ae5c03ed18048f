/** What a blob or key-value store over an operator states: what OpenDAL says it can, what is known of the service, no more. */
import type { Capability, Operator } from 'opendal'
import {
  type BlobCapabilityInfo,
  type BlobFeatures,
  type BlobLimits,
  type Extensions,
  type KvCapabilityInfo,
  type KvLimits,
  type Offered,
} from '@flowport/capabilities'
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
  /** The operator's root, such as `'/notes'`: what it takes of the longest key. Default `'/'`. */
  readonly root?: string | undefined
  /** Default: `plain` where the service tells versions of its objects apart, else `enveloped`. */
  readonly objects?: ObjectForm | undefined
  /** Bytes of each part of a multipart upload. Default 8 MiB. */
  readonly chunkBytes?: number | undefined
}
/** Bytes of a part, and of each ranged read. */
export declare const defaultChunkBytes: number
/** The form objects are kept in when nobody says. */
export declare function formFor(capability: Capability): ObjectForm
/** What a blob store over the operator states of itself. */
export declare function opendalBlobInfo(
  operator: Operator,
  options: OpenDalBlobInfoOptions,
): BlobCapabilityInfo
/** How long entries live: as each put says, all for the same time, or for ever. */
export type OpenDalTtl =
  | 'per_write'
  | {
      readonly namespaceDefault: number
    }
  | 'none'
export interface OpenDalKvInfoOptions {
  readonly scheme: string
  readonly ttl: OpenDalTtl
  readonly provider?: string | undefined
  readonly consistency?: Offered<'consistency'> | undefined
  readonly durability?: Offered<'durability'> | undefined
  readonly limits?: Partial<KvLimits> | undefined
  readonly extensions?: Extensions | undefined
}
/** What a key-value store over the operator states of itself. */
export declare function opendalKvInfo(operator: Operator, options: OpenDalKvInfoOptions): KvCapabilityInfo
//# sourceMappingURL=driver-info.d.ts.map
