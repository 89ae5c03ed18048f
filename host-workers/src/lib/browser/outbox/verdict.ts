/** What an answer means for an entry of the outbox: done with, refused for good, or to be sent again under its key. */
import { retryAfterOf } from '@flowport/capabilities'
import { longestAskedMs } from './pauses.ts'

export type Verdict =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'failed'; readonly problem: string }
  | { readonly outcome: 'retry'; readonly problem: string; readonly retryAfterMs: number | null }

/** 408 Request Timeout, 425 Too Early, 429 Too Many Requests: the same request may be taken later. */
const temporary: ReadonlySet<number> = new Set([408, 425, 429])
/** 501 Not Implemented, 505 HTTP Version Not Supported: it will not. */
const final: ReadonlySet<number> = new Set([501, 505])

export function verdictOf(
  response: Pick<Response, 'status' | 'type' | 'ok' | 'headers'>,
  now: number,
): Verdict {
  const { status, type, ok, headers } = response
  if (ok) return { outcome: 'sent' }
  if (type === 'opaqueredirect')
    return {
      outcome: 'failed',
      problem: 'the server redirects: queue the request with the URL it redirects to',
    }
  const retryAfterMs = readRetryAfter(headers, now)
  // A 409 that says when to come back is a request with this key that is being worked on; any other is a conflict.
  const isInFlight = status === 409 && retryAfterMs !== null
  const problem = isInFlight ? 'the server is working on it (409)' : `the server answers ${status}`
  if (isInFlight || temporary.has(status) || (status >= 500 && !final.has(status)))
    return { outcome: 'retry', problem, retryAfterMs }
  return { outcome: 'failed', problem }
}

/** `null` where there is none that can be read. */
function readRetryAfter(headers: Headers, now: number): number | null {
  const askedMs = retryAfterOf(headers, now)
  return askedMs === undefined ? null : Math.min(longestAskedMs, askedMs)
}
