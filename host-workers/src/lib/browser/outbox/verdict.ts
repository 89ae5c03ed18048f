/** Decides from an answer whether an outbox entry is done, has failed permanently, or must be retried under its key. */
import { retryAfterOf } from '@flowport/capabilities'
import { longestAskedMs } from './pauses.ts'

export type Verdict =
  | { readonly outcome: 'sent' }
  | { readonly outcome: 'failed'; readonly problem: string }
  | { readonly outcome: 'retry'; readonly problem: string; readonly retryAfterMs: number | null }

/** 408 Request Timeout, 425 Too Early, 429 Too Many Requests: the same request may be accepted later. */
const temporary: ReadonlySet<number> = new Set([408, 425, 429])
/** 501 Not Implemented, 505 HTTP Version Not Supported: the request will never be accepted. */
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
  // A 409 with `Retry-After` means that a request with this key is in flight. Any other 409 is a conflict.
  const isInFlight = status === 409 && retryAfterMs !== null
  const problem = isInFlight ? 'the server is working on it (409)' : `the server answers ${status}`
  if (isInFlight || temporary.has(status) || (status >= 500 && !final.has(status)))
    return { outcome: 'retry', problem, retryAfterMs }
  return { outcome: 'failed', problem }
}

/** Returns the requested pause in milliseconds, or `null` without a valid `Retry-After`. */
function readRetryAfter(headers: Headers, now: number): number | null {
  const askedMs = retryAfterOf(headers, now)
  return askedMs === undefined ? null : Math.min(longestAskedMs, askedMs)
}
