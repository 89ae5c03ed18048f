/** The error of a call whose signal has fired: its time has passed, or its caller has given it up. */
import { type Applied, CapabilityError, isCapabilityError } from './error.ts'

interface SignalledCall {
  readonly capability: string
  readonly operation: string
  readonly key?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * `Timeout` for a signal of `AbortSignal.timeout()`, which a step's `retry` can try again with a signal of its own; `Cancelled`
 * for every other. `applied` says whether the driver may have done it.
 */
export function cancelled(
  { capability, operation, key, signal }: SignalledCall,
  applied?: Applied,
): CapabilityError {
  const cause: unknown = signal?.reason
  const where = { capability, operation, key, applied, cause }
  if (isTimeout(cause)) return new CapabilityError('Timeout', "the time of the caller's signal passed", where)
  // A signal that fired with a reason of ours, such as a lost lease, says more than that it fired.
  const code = isCapabilityError(cause) && cause.kind === 'Cancelled' ? { code: cause.code } : {}
  return new CapabilityError('Cancelled', 'the caller cancelled the operation', { ...where, ...code })
}

/** https://dom.spec.whatwg.org/#dom-abortsignal-timeout */
function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError'
}
