/**
 * Whose answer it is: a key runs once for everyone, and its answer is kept from other callers. The ledger has the owner from
 * `begin` on, so that a key whose holder died still belongs to the caller it worked for.
 */
import { CapabilityError } from '@flowport/capabilities'
import { hexDigest } from '../hex-digest.ts'
import { owned, ownedParts } from './kept-result.ts'
import type { Digest, RunView } from './run-view.ts'
import { unknownKey } from './unknown-key.ts'

/** Who asks for an answer. */
export interface Caller {
  /** As a hook established it; `undefined` where none did. */
  readonly principal: string | undefined
  /** Whether somebody waits for the answer: such a caller without a principal is not the one who has one. */
  readonly isCalled: boolean
}

/**
 * Owner of a request, as the ledger has it: a digest of the principal, because the ledger holds no names of callers; `nobody`
 * for a request without a principal; `unstated` for a request that an earlier version began, so that only runs without a caller
 * read its answer. `undefined` for nodes whose answers are for everyone.
 */
export type Owner = string | undefined

/** A caller as the ledger compares it. */
export interface Asker {
  readonly owner: Owner
  readonly isCalled: boolean
}

export const nobody = 'nobody'
const unstated = 'unstated'

/** For nodes whose answers are for everyone. */
const everyone: Asker = { owner: undefined, isCalled: false }

/** @throws TypeError for a principal that is not a text: answers could not be kept apart by it. */
export function callerOf({ metadata }: Pick<RunView, 'metadata'>): Caller {
  const { principal } = metadata
  if (principal === undefined || principal === null)
    return { principal: undefined, isCalled: metadata['http.method'] !== undefined }
  if (typeof principal === 'string' && principal !== '') return { principal, isCalled: true }
  throw new TypeError('a hook set metadata.principal to something other than a non-empty text')
}

/** Who asks a node with these `callers` in this run. */
export async function askerOf(callers: 'everyone' | 'apart', run: RunView): Promise<Asker> {
  if (callers === 'everyone') return everyone
  const { principal, isCalled } = callerOf(run)
  return { owner: await ownerOf(principal, run.digest), isCalled }
}

export async function ownerOf(principal: string | undefined, digest: Digest): Promise<string> {
  return principal === undefined ? nobody : hexDigest(principal, digest)
}

/** The owner as the ledger gets it with `begin`. */
export function recordedAs(owner: Owner): { readonly owner?: string } {
  return owner === undefined || owner === unstated ? {} : { owner }
}

/** Whether a principal has the request, and only that principal and runs without a caller may have its answer. */
export function isPrivate(owner: Owner): owner is string {
  return owner !== undefined && owner !== nobody
}

/** The encoded answer, marked with its owner. */
export function forOwner(encoded: unknown, owner: Owner): unknown {
  return isPrivate(owner) ? owned(owner, encoded) : encoded
}

/**
 * The encoded answer, for the caller it was made for and for runs without a caller, such as those of queues and schedules.
 * @throws CapabilityError `IDEM_TAKEN` for another caller.
 */
export function ofAsker(kept: unknown, { owner, isCalled }: Asker): unknown {
  const parts = ownedParts(kept)
  if (parts === null) return kept
  if (!isCalled || owner === parts.owner) return parts.value
  throw taken()
}

/**
 * Who owns the answer of an unknown key when this caller takes the key over: the owner it was begun with. Runs without a
 * caller may take over every key.
 * @throws CapabilityError `IDEM_TAKEN` for the key of another caller; `IDEM_UNKNOWN` where an earlier version began the key,
 * because nobody can know whose answer it is.
 */
export function inherited(recorded: Owner, { owner, isCalled }: Asker, key: string): Owner {
  if (owner === undefined || recorded === nobody) return recorded
  if (recorded === undefined) {
    if (isCalled) throw unknownKey(key)
    return unstated
  }
  if (isCalled && owner !== recorded) throw taken()
  return recorded
}

function taken(): CapabilityError {
  return new CapabilityError('ConditionNotMatch', 'another caller has used this key; use a key of your own', {
    capability: 'dedupe',
    operation: 'begin',
    code: 'IDEM_TAKEN',
    retryable: 'never',
    applied: 'no',
  })
}
