/** The answer for an error, and what is logged of it. */
import { isCapabilityError } from '@flowport/capabilities'
import { systemRng } from '@flowport/capabilities/system'
import { isBodiless } from '../response-head.ts'
import { describeThrown, RunError } from '../runtime/errors.ts'
import type { RunRng } from '../runtime/run-view.ts'
import { type AnswerHeaders, baseHeaders, usualHeaders } from './answer-headers.ts'
import type { HttpCall, HttpOutcome } from './call.ts'
import { problemText, toProblem } from './problem.ts'
import { safeRequestId } from './request-id.ts'

/**
 * The answer for an error, wherever it happened. Faults of the server are logged as errors, with their cause. A client's
 * mistake is not logged; a client that goes away, and a server that is closing, are logged as `info`.
 */
export function problemOutcome(
  error: unknown,
  call: HttpCall,
  requestId: string = requestIdOf(call),
  isClientGone = false,
  answerHeaders: AnswerHeaders = usualHeaders,
): HttpOutcome {
  const problem = toProblem(error)
  if (isClientGone && isCancelled(error)) {
    call.log?.info({ requestId }, 'the client went away before it was answered')
  } else if (error instanceof RunError && error.failure === 'Draining') {
    call.log?.info({ requestId, flow: error.flow }, 'refused a request: the server is closing')
  } else if (problem.status >= 500) {
    const node = error instanceof RunError ? { flow: error.flow, node: error.node } : {}
    call.log?.error(
      { err: error, requestId, code: problem.code, ...node },
      `request failed: ${describeThrown(error)}`,
    )
  }
  const headers = {
    ...baseHeaders(call, requestId, answerHeaders),
    ...problem.headers,
    // Whatever a problem says: its text may repeat what a client sent, and must not be read as a page.
    'content-type': 'application/problem+json; charset=utf-8',
  }
  return {
    status: problem.status,
    headers,
    body: isBodiless(problem.status) ? null : problemText(problem, { path: call.path, requestId }),
  }
}

function isCancelled(error: unknown): boolean {
  return error instanceof RunError
    ? error.failure === 'Cancelled'
    : isCapabilityError(error) && error.kind === 'Cancelled'
}

/** The caller's `X-Request-Id`, where that is safe, else a new one. */
export function requestIdOf(call: HttpCall, rng: RunRng = systemRng): string {
  return safeRequestId(call.header('x-request-id')) ?? rng.uuid()
}
