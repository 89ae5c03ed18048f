/** The body of an answer, whose reading fails with the errors of the contract: the connection can break after the head. */
import { cancelled } from '../cancelled.ts'
import { type Applied, CapabilityError } from '../error.ts'

/** The call that was answered. */
export interface AnsweredCall {
  readonly capability: string
  readonly operation: string
  readonly key?: string
  readonly signal: AbortSignal | undefined
}

/**
 * The same response. Its `text`, `json`, `bytes`, `arrayBuffer` and `blob` reject with `Unavailable` when the connection breaks,
 * which layers and steps can try again, and as the signal says when it fires. Text that is not JSON stays a `SyntaxError`, and a
 * body that is read twice a `TypeError`.
 */
export function withBodyErrors(response: Response, call: AnsweredCall): Response {
  if (response.body === null) return response
  const read = <T>(how: () => Promise<T>): Promise<T> =>
    response.bodyUsed || response.body?.locked === true
      ? how()
      : how().catch((error: unknown) => {
          throw error instanceof SyntaxError ? error : brokenBody(error, call)
        })
  const { text, json, arrayBuffer, blob } = response
  response.text = () => read(() => text.call(response))
  response.json = () => read(() => json.call(response))
  response.arrayBuffer = () => read(() => arrayBuffer.call(response))
  response.blob = () => read(() => blob.call(response))
  // Browsers from before 2025 lack it.
  const bytes: Response['bytes'] | undefined = response.bytes
  if (bytes !== undefined) response.bytes = () => read(() => bytes.call(response))
  return response
}

function brokenBody(cause: unknown, call: AnsweredCall): CapabilityError {
  const applied: Applied = call.operation === 'read' ? 'no' : 'unknown'
  if (call.signal?.aborted === true) return cancelled(call, applied)
  const { signal: _, ...where } = call
  const message = 'the connection broke before the answer was whole'
  return new CapabilityError('Unavailable', message, { ...where, applied, cause })
}
