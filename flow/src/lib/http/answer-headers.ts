/** Headers that every answer of a route gets. */
import type { HttpCall } from './call.ts'

export interface AnswerHeaders {
  /** `X-Request-Id`: the client's, where that is safe, else a new one. Default true. */
  readonly requestId?: boolean
  /** `Cache-Control: no-store`, where the flow says nothing else. Default true. */
  readonly cacheControl?: boolean
  /** `Server-Timing`: how long each node took. It tells the names of nodes to everybody. Default false. */
  readonly serverTiming?: boolean
}

export const usualHeaders: AnswerHeaders = {}

export function baseHeaders(
  call: HttpCall,
  id: string,
  { requestId = true, cacheControl = true }: AnswerHeaders,
): Record<string, string> {
  const headers: Record<string, string> =
    requestId && cacheControl
      ? { 'x-request-id': id, 'cache-control': 'no-store' }
      : { ...(requestId && { 'x-request-id': id }), ...(cacheControl && { 'cache-control': 'no-store' }) }
  const traceparent = call.header('traceparent')
  if (traceparent !== undefined && isTraceparent(traceparent)) headers['traceparent'] = traceparent
  return headers
}

/** W3C Trace Context: version, trace id, parent id, flags. */
export function isTraceparent(value: string): boolean {
  return /^[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/.test(value)
}
