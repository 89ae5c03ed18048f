/** What a service is not asked because it would not do it, and what its refusals of conditions mean. */
import { type BlobCapabilityInfo, type BlobDriverPut, CapabilityError } from '@flowport/capabilities'
import type { Place } from './place.ts'
export declare function checkWritable({ provider, features }: BlobCapabilityInfo, where: Place): void
/** OpenDAL drops some options without a word where the service has no use for them. */
export declare function checkPut(
  { contentType, metadata, ifMatch, ifNoneMatch }: BlobDriverPut,
  info: BlobCapabilityInfo,
  where: Place,
): void
export declare function otherVersion(where: Place): CapabilityError
/** OpenDAL has one kind for both conditions; and what is not there has another version than any. */
export declare function refusal(
  error: unknown,
  { ifMatch, ifNoneMatch }: BlobDriverPut,
  where: Place,
): unknown
//# sourceMappingURL=conditions.d.ts.map
