/** Which answers are worth replaying: those that a later try would give again. */
import { RunError } from '../../runtime/errors.ts'
import { HttpProblem } from '../problem.ts'

/** Whether an answer of this status is recorded. What a later try may do better is not. */
export function isRecordable(status: number): boolean {
  if (status === 206 || status === 304 || status >= 500) return false
  return status !== 401 && status !== 403 && status !== 429
}

/** A node's `problem()` is an answer like any other. Other errors say that the flow did not come to its end. */
export function isDecided(error: unknown): boolean {
  const problem = error instanceof RunError && error.failure === 'NodeFailed' ? error.cause : error
  return problem instanceof HttpProblem && !problem.code.startsWith('IDEM') && isRecordable(problem.status)
}
