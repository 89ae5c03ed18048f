/** Conditions of a request that stores its body (RFC 9110, 13.1): the store holds the write to them, in one step. */
import { type BlobStore, isKind } from '@flowport/capabilities'
import type { HttpCall } from './call.ts'
import { HttpProblem } from './problem.ts'

export interface UploadCondition {
  readonly ifMatch?: string
  readonly ifNoneMatch?: '*'
}

/** What the headers ask, as the store takes it. What it cannot promise is refused: a write must not pass over a condition. */
export function conditionOf(call: HttpCall, { info }: BlobStore): UploadCondition {
  const ifMatch = call.header('if-match')
  const ifNoneMatch = call.header('if-none-match')
  if (ifMatch === undefined && ifNoneMatch === undefined) return {}
  const { createOnly, compareAndSwap } = info.features
  if (ifMatch === undefined && ifNoneMatch?.trim() === '*' && createOnly) return { ifNoneMatch: '*' }
  const etag = /^\s*"([^"]+)"\s*$/.exec(ifMatch ?? '')?.[1]
  if (ifNoneMatch === undefined && etag !== undefined && compareAndSwap) return { ifMatch: etag }
  const ways = [
    ...(createOnly ? ['If-None-Match: *'] : []),
    ...(compareAndSwap ? ['If-Match with one strong ETag'] : []),
  ]
  throw new HttpProblem({
    status: 501,
    code: 'CONDITION_NOT_SUPPORTED',
    title: 'This route cannot hold a write to that condition',
    detail: ways.length === 0 ? 'Its store has no conditional writes' : `It takes ${ways.join(', or ')}`,
  })
}

/** The 412 of a condition that did not hold; any other error as it is. */
export function notHeld(error: unknown, { ifMatch, ifNoneMatch }: UploadCondition): unknown {
  const isAsked = ifMatch !== undefined || ifNoneMatch !== undefined
  if (!isAsked || !isKind(error, 'AlreadyExists', 'ConditionNotMatch')) return error
  return new HttpProblem({
    status: 412,
    code: 'PRECONDITION_FAILED',
    title: 'The object is not the version asked for',
    detail: ifMatch === undefined ? 'There is one already' : 'It has been changed, or is not there',
  })
}
