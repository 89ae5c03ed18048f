/** What a failing node means for its run. */
import { SchemaError } from '../schema.ts'
import { describeThrown, RunError } from './errors.ts'

/** `thrown` is what the node threw, or what its value was refused with. */
export function stepError(flow: string, node: string | undefined, thrown: unknown): RunError {
  const where = { flow, node, cause: thrown }
  // A nested run's error describes the nested run: its input came from this flow, not from this flow's caller.
  if (thrown instanceof RunError) return new RunError('NodeFailed', thrown.message, where)
  if (thrown instanceof SchemaError) return new RunError('InvalidValue', thrown.message, where)
  return new RunError('NodeFailed', describeThrown(thrown), where)
}

/** `thrown` is what the stream that answers the run ended with: the run's own error, or the node's. */
export function streamError(flow: string, node: string | undefined, thrown: unknown): RunError {
  return thrown instanceof RunError ? thrown : stepError(flow, node, thrown)
}

/** `reason` is why the caller gave the run up. */
export function cancelledError(flow: string, reason: unknown): RunError {
  return new RunError('Cancelled', 'the run was cancelled', { flow, cause: reason })
}

export function deadlinePassed(flow: string): RunError {
  const message = 'the deadline passed before there was an answer'
  return new RunError('DeadlineExceeded', message, { flow, code: 'TIME015' })
}

export function notReached(flow: string, node: string): RunError {
  const message = `"${node}" was not reached, and the flow answers with it`
  return new RunError('NoAnswer', message, { flow, node, code: 'DAG204' })
}
