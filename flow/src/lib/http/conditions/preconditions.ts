/** Preconditions of a request (RFC 9110, 13): read from its headers, evaluated against what is stored. */
import { parseHttpDate } from '@flowport/capabilities'
import type { HttpCall } from '../call.ts'
import { HttpProblem } from '../problem.ts'
import { type EntityTag, matchesStrongly, matchesWeakly, parseTagList, type TagList } from './entity-tag.ts'

export interface Preconditions {
  readonly ifMatch: TagList | undefined
  readonly ifNoneMatch: TagList | undefined
  /** Milliseconds since the epoch. */
  readonly ifModifiedSince: number | undefined
  readonly ifUnmodifiedSince: number | undefined
}

/** What conditions are evaluated against. */
export interface Validators {
  /** `null` where the store gives no version. */
  readonly tag: EntityTag | null
  /** Milliseconds since the epoch, in whole seconds as `Last-Modified` has them; `null` where the store gives no date. */
  readonly modified: number | null
}

/** The conditions of a request, or `null` when it has none. @throws HttpProblem 400 for malformed entity tags. */
export function preconditionsOf(call: Pick<HttpCall, 'method' | 'header'>): Preconditions | null {
  const isRead = call.method === 'GET' || call.method === 'HEAD'
  const ifMatch = call.header('if-match')
  const ifNoneMatch = call.header('if-none-match')
  const ifUnmodifiedSince = call.header('if-unmodified-since')
  // Only GET and HEAD have a use for it: other methods must ignore it (RFC 9110, 13.1.3).
  const ifModifiedSince = isRead ? call.header('if-modified-since') : undefined
  if ((ifMatch ?? ifNoneMatch ?? ifUnmodifiedSince ?? ifModifiedSince) === undefined) return null
  return {
    ifMatch: ifMatch === undefined ? undefined : (parseTagList(ifMatch) ?? malformed('If-Match')),
    ifNoneMatch: ifNoneMatch === undefined ? undefined : noneMatch(ifNoneMatch, isRead),
    // Text that is no date must be ignored.
    ifModifiedSince: dateOf(ifModifiedSince),
    ifUnmodifiedSince: dateOf(ifUnmodifiedSince),
  }
}

/**
 * Whether the request may go on, in the order of RFC 9110, 13.2.2. `current` is `null` when nothing is stored.
 * `'unchanged'` is a 304 to GET and HEAD, `'failed'` a 412.
 */
export function evaluate(
  { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince }: Preconditions,
  current: Validators | null,
  isRead: boolean,
): 'passed' | 'unchanged' | 'failed' {
  const modified = current?.modified ?? null
  if (ifMatch !== undefined) {
    const holds = current !== null && (ifMatch === '*' || matchesStrongly(ifMatch, current.tag))
    if (!holds) return 'failed'
  } else if (ifUnmodifiedSince !== undefined && modified !== null && modified > ifUnmodifiedSince) {
    return 'failed'
  }
  if (ifNoneMatch !== undefined) {
    const holds = current === null || (ifNoneMatch !== '*' && !matchesWeakly(ifNoneMatch, current.tag))
    if (!holds) return isRead ? 'unchanged' : 'failed'
  } else if (ifModifiedSince !== undefined && modified !== null && modified <= ifModifiedSince) {
    return 'unchanged'
  }
  return 'passed'
}

/** A read whose tags are malformed gets the whole answer, which is never wrong; a write is refused. */
function noneMatch(header: string, isRead: boolean): TagList {
  return parseTagList(header) ?? (isRead ? [] : malformed('If-None-Match'))
}

function dateOf(header: string | undefined): number | undefined {
  return header === undefined ? undefined : (parseHttpDate(header) ?? undefined)
}

function malformed(name: string): never {
  throw new HttpProblem({
    status: 400,
    code: 'MALFORMED_CONDITION',
    title: 'A condition of the request is malformed',
    detail: `${name} is "*" or a list of entity tags, each in double quotes, such as "abc", W/"abc"`,
  })
}
