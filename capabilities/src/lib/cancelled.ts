/** The error of a call whose signal has fired, because of a timeout or because its caller cancelled it. */
import { type Applied, CapabilityError, isCapabilityError } from './error.ts'

interface SignalledCall {
  readonly capability: string
  readonly operation: string
  readonly key?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Returns `Timeout` for a signal of `AbortSignal.timeout()`, which a step's `retry` can retry with a new signal, and
 * `Cancelled` for any other signal. `applied` states whether the driver may have applied the write.
 */
export function cancelled(
  { capability, operation, key, signal }: SignalledCall,
  applied?: Applied,
): CapabilityError {
  const cause: unknown = signal?.reason
  const where = { capability, operation, key, applied, cause }
  if (isTimeout(cause)) return new CapabilityError('Timeout', "the time of the caller's signal passed", where)
  // Keeps the code of a Flowport error that aborted the signal, such as a lost lease.
  const code = isCapabilityError(cause) && cause.kind === 'Cancelled' ? { code: cause.code } : {}
  return new CapabilityError('Cancelled', 'the caller cancelled the operation', { ...where, ...code })
}

/** https://dom.spec.whatwg.org/#dom-abortsignal-timeout */
function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === 'TimeoutError'
}
