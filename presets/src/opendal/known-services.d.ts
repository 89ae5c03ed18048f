/** What is known of the common services that OpenDAL cannot tell: guarantees, limits, how they keep paths. */
import type { BlobLimits, Offered } from '@flowport/capabilities'
export interface KnownService {
  readonly consistency: Offered<'consistency'>
  readonly durability: Offered<'durability'>
  readonly limits: Partial<BlobLimits>
  /** Folders are things of their own, and a write shows before it is whole: written beside, then renamed. */
  readonly tree: boolean
  /** Part of a value can be read without reading the rest. */
  readonly ranges: boolean
  /** A copy shows whole or not at all. */
  readonly atomicCopy: boolean
  /** OpenDAL does not encode what a listing's query holds: `&` in a prefix would begin another parameter. */
  readonly rawQuery: boolean
}
/** What is known of the service, or that nothing is. */
export declare function knownService(scheme: string): KnownService
//# sourceMappingURL=known-services.d.ts.map
