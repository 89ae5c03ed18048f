/** Conditions of a request that stores its body (RFC 9110, 13): the store holds the write to them, in one step. */
import { type BlobStore, isKind, isUnversioned } from '@flowport/capabilities'
import type { HttpCall } from './call.ts'
import { evaluate, type Preconditions, preconditionsOf } from './conditions/preconditions.ts'
import { validatorsOf } from './conditions/validators.ts'
import { HttpProblem } from './problem.ts'

export interface UploadCondition {
  readonly ifMatch?: string
  readonly ifNoneMatch?: '*'
}

/**
 * The condition for the store's write. Lists, `*`, weak tags and dates are evaluated against what is stored now, and the
 * write is then held to that very version. @throws HttpProblem 412 for conditions that do not hold.
 */
export async function uploadCondition(
  call: HttpCall,
  store: BlobStore,
  key: string,
): Promise<UploadCondition> {
  const conditions = preconditionsOf(call)
  if (conditions === null) return {}
  const { createOnly, compareAndSwap } = store.info.features
  const direct = directCondition(conditions)
  if (direct?.ifNoneMatch !== undefined && createOnly) return direct
  if (direct?.ifMatch !== undefined && compareAndSwap) return direct
  const current = await store.head(key)
  if (evaluate(conditions, current === null ? null : validatorsOf(current), false) === 'failed')
    throw conditionFailed(
      current === null ? 'There is no object yet' : 'The version that is stored does not meet the condition',
    )
  if (current === null && createOnly) return { ifNoneMatch: '*' }
  if (current !== null && compareAndSwap && !isUnversioned(current.etag)) return { ifMatch: current.etag }
  throw new HttpProblem({
    status: 400,
    code: 'CONDITION_NOT_SUPPORTED',
    title: 'This route cannot hold a write to that condition',
    detail:
      'Its store cannot check and write in one step; nothing was stored. Send the request without conditions',
  })
}

/** The 412 of a condition that did not hold; any other error as it is. */
export function notHeld(error: unknown, { ifMatch, ifNoneMatch }: UploadCondition): unknown {
  const isAsked = ifMatch !== undefined || ifNoneMatch !== undefined
  if (!isAsked || !isKind(error, 'AlreadyExists', 'ConditionNotMatch')) return error
  return conditionFailed(
    ifMatch === undefined
      ? 'There is an object already'
      : 'The object was changed or removed; read it again before you send it again',
  )
}

/** The condition as the store takes it, where nothing must be looked up: `If-None-Match: *`, or one strong tag. */
function directCondition(conditions: Preconditions): UploadCondition | undefined {
  const { ifMatch, ifNoneMatch, ifUnmodifiedSince } = conditions
  if (ifMatch === undefined)
    return ifNoneMatch === '*' && ifUnmodifiedSince === undefined ? { ifNoneMatch } : undefined
  if (ifMatch === '*' || ifNoneMatch !== undefined) return undefined
  const [tag, ...others] = ifMatch
  if (tag === undefined || others.length > 0 || tag.weak || !isStrongEtag(tag.opaque)) return undefined
  return { ifMatch: tag.opaque }
}

/** Whether a store may have given this text as the etag of a strong version. */
function isStrongEtag(opaque: string): boolean {
  return /^[\x21\x23-\x7e]+$/.test(opaque) && opaque !== '*' && !opaque.startsWith('W/')
}

function conditionFailed(detail: string): HttpProblem {
  return new HttpProblem({
    status: 412,
    code: 'PRECONDITION_FAILED',
    title: 'The object is not the version asked for',
    detail,
  })
}
