/** Refuses puts that the service cannot keep, and translates its refusals of conditions. */
import {
  type BlobCapabilityInfo,
  type BlobDriverPut,
  CapabilityError,
  isKind,
  withApplied,
} from '@flowport/capabilities'
import { toPlace } from './native.ts'
import type { Place } from './place.ts'

export function checkWritable({ provider, features }: BlobCapabilityInfo, where: Place): void {
  if (features.write !== false) return
  throw new CapabilityError('Unsupported', `${provider} only reads`, toPlace(where))
}

/** OpenDAL silently drops some options that the service does not support. */
export function checkPut(
  { contentType, metadata, ifMatch, ifNoneMatch }: BlobDriverPut,
  info: BlobCapabilityInfo,
  where: Place,
): void {
  checkWritable(info, where)
  const { provider, features } = info
  const unsupported = (what: string) =>
    new CapabilityError('Unsupported', `${provider} ${what}`, toPlace(where))
  if (ifNoneMatch !== undefined && !features.createOnly) throw unsupported('has no create-only put')
  if (ifMatch !== undefined && !features.compareAndSwap) throw unsupported('cannot replace one version only')
  if (contentType !== null && !features.contentType) throw unsupported('keeps no content type')
  if (Object.keys(metadata).length > 0 && !features.metadata) throw unsupported('keeps no metadata')
}

export function otherVersion(where: Place): CapabilityError {
  return new CapabilityError(
    'ConditionNotMatch',
    'the object has another version; read it again',
    toPlace(where),
  )
}

/** OpenDAL has one kind for both conditions, and an absent object matches no version. */
export function refusal(error: unknown, { ifMatch, ifNoneMatch }: BlobDriverPut, where: Place): unknown {
  if (ifNoneMatch !== undefined && isKind(error, 'ConditionNotMatch')) {
    const { applied, details, cause } = error
    return new CapabilityError('AlreadyExists', 'an object is there already; it was left as it is', {
      ...toPlace(where),
      applied,
      ...(details === undefined ? {} : { details }),
      cause,
    })
  }
  if (ifMatch !== undefined && isKind(error, 'NotFound'))
    return withApplied(otherVersion(where), error.applied)
  return error
}
