/** Whose stored answer it is: a key runs once for everyone, and its answer is kept from other callers. */
import { CapabilityError } from '@flowport/capabilities'
import { hexDigest } from '../hex-digest.ts'
import { owned, ownedParts } from './kept-result.ts'
import type { Digest, RunView } from './run-view.ts'

/** Who asks for an answer. */
export interface Caller {
  /** As a hook established it; `undefined` where none did. */
  readonly principal: string | undefined
  /** Whether somebody waits for the answer: such a caller without a principal is not the one who has one. */
  readonly isCalled: boolean
}

/** @throws TypeError for a principal that is not a text: answers could not be kept apart by it. */
export function callerOf({ metadata }: RunView): Caller {
  const { principal } = metadata
  if (principal === undefined || principal === null)
    return { principal: undefined, isCalled: metadata['http.method'] !== undefined }
  if (typeof principal === 'string' && principal !== '') return { principal, isCalled: true }
  throw new TypeError('a hook set metadata.principal to something other than a non-empty text')
}

/** The encoded answer, marked with a digest of the principal it was made for: the ledger holds no names of callers. */
export async function forCaller(encoded: unknown, { principal }: Caller, digest: Digest): Promise<unknown> {
  return principal === undefined ? encoded : owned(await hexDigest(principal, digest), encoded)
}

/**
 * The encoded answer, for the caller it was made for and for runs without a caller, such as those of queues and schedules.
 * @throws CapabilityError `IDEM_TAKEN` for another caller.
 */
export async function ofCaller(
  kept: unknown,
  { principal, isCalled }: Caller,
  digest: Digest,
): Promise<unknown> {
  const parts = ownedParts(kept)
  if (parts === null) return kept
  const isOwn = principal === undefined ? !isCalled : (await hexDigest(principal, digest)) === parts.owner
  if (isOwn) return parts.value
  throw new CapabilityError('ConditionNotMatch', 'another caller has used this key; use a key of your own', {
    capability: 'dedupe',
    operation: 'begin',
    code: 'IDEM_TAKEN',
    retryable: 'never',
    applied: 'no',
  })
}

/** For nodes whose answers are for everyone. */
export const everyone: Caller = { principal: undefined, isCalled: false }
