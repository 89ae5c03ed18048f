/** Conditional writes: which condition did not hold, however the store tells the loser of a race. */
import {
  appliedOf,
  beforeApplying,
  type BlobDriverPut,
  type BlobObject,
  CapabilityError,
  isCapabilityError,
  isKind,
} from '@flowport/capabilities'
import type { S3Profile } from './profile.ts'

export function isConditional({ ifMatch, ifNoneMatch }: BlobDriverPut): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined
}

/** Runs a write, telling a condition that did not hold by which one it was. `head` reads the current object. */
export async function conditionally<T>(
  put: BlobDriverPut,
  { lostRaceCodes }: Pick<S3Profile, 'lostRaceCodes'>,
  head: () => Promise<BlobObject | null>,
  write: () => Promise<T>,
): Promise<T> {
  try {
    return await write()
  } catch (error) {
    if (!isConditional(put)) throw error
    if (isKind(error, 'ConditionNotMatch')) throw refusal(put.ifMatch, error)
    // Where the object is gone there is no version to match, and stores disagree about the status.
    if (put.ifMatch !== undefined && isKind(error, 'NotFound')) throw refusal(put.ifMatch, error)
    // The code of the store: `s3` from the driver of this package, `serviceCode` from OpenDAL.
    const { s3, serviceCode } = (isCapabilityError(error) ? error.details : undefined) ?? {}
    const code = String(s3 ?? serviceCode)
    if (code === 'ConditionalRequestConflict' || lostRaceCodes.includes(code)) {
      // Nothing was written; the current object decides whether a retry could help.
      refuseUnless(await beforeApplying(head), put.ifMatch)
      throw new CapabilityError('Unavailable', 'another write was under way; try again', {
        applied: 'no',
        cause: error,
      })
    }
    throw error
  }
}

/** Throws when the condition of a write does not hold for the current object. */
export function refuseUnless(there: BlobObject | null, ifMatch: string | undefined): void {
  if (ifMatch === undefined ? there !== null : there?.etag !== ifMatch) throw refusal(ifMatch)
}

/** @param cause The store's own refusal, which may be the last of several tries. */
function refusal(ifMatch: string | undefined, cause?: unknown): CapabilityError {
  const options = { cause, ...(cause === undefined ? {} : { applied: appliedOf(cause) }) }
  return ifMatch === undefined
    ? new CapabilityError('AlreadyExists', 'an object is there already; it was left as it is', options)
    : new CapabilityError('ConditionNotMatch', 'the object has another version; read it again', options)
}
