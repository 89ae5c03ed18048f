/** Where the blob driver finds what is kept of an object: beside its content, or in an envelope before it. */
import type { Metadata, Operator, WriteOptions } from 'opendal'
import { type BlobDriverPut, type BlobListed, type BlobObject } from '@flowport/capabilities'
import type { Place } from './place.ts'
/** An object that is there. */
export interface FoundObject {
  readonly object: BlobObject
  /** Bytes at the service before the content. */
  readonly contentAt: number
  /** The etag as the service says it, for conditions; `null` where there is none. */
  readonly serviceEtag: string | null
}
export interface ObjectsContext {
  readonly operator: Operator
  readonly scheme: string
  now(): number
}
/** One way of keeping objects. */
export interface Objects {
  find(path: string, key: string, where: Place, signal: AbortSignal | undefined): Promise<FoundObject | null>
  /** What a listing says of an object, or `null` when it must be asked for. */
  listed(key: string, metadata: Metadata): BlobListed | null
  /** What to write before the content, and with which options. */
  prepare(put: BlobDriverPut, size: number | undefined): Prepared
}
export interface Prepared {
  readonly header: Uint8Array<ArrayBuffer>
  readonly options: WriteOptions
  /** The object once `size` bytes are stored, where the service's answer tells it; else it must be found. */
  stored(key: string, size: number, answer: Metadata | null): BlobObject | null
}
/** Objects as the service would keep them. */
export declare function plainObjects({ operator, scheme, now }: ObjectsContext): Objects
/** Objects behind a header of our own, for services that tell no versions: everything the contract has is kept there. */
export declare function envelopedObjects({ operator, now }: ObjectsContext): Objects
//# sourceMappingURL=objects.d.ts.map
