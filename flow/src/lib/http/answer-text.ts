/** A flow's values as JSON text. What JSON cannot say is an error of the flow that names it, for the log. */
import { describeThrown, RunError } from '../runtime/errors.ts'

/** @throws RunError `InvalidValue` (a 500) for values that are nested too deeply, contain themselves, hold a BigInt, …. */
export function answerText(value: unknown, flow: string): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch (cause) {
    throw new RunError('InvalidValue', `the answer cannot be written as JSON: ${reasonOf(cause)}`, {
      flow,
      code: 'ANSWER_NOT_JSON',
      cause,
    })
  }
}

/** Engines name their own limits: say what about the value is wrong. */
function reasonOf(cause: unknown): string {
  const message = describeThrown(cause)
  if (/call stack|recursion/i.test(message)) return 'it is nested too deeply'
  if (/circular|cyclic/i.test(message)) return 'an object in it contains itself'
  if (/bigint/i.test(message)) return 'it has a BigInt; make it a text or a number'
  if (/string length|allocation/i.test(message)) return 'it is too large for one text; answer with a stream'
  return message
}
