/** A changed copy of an error, for layers that know more about a failure than the driver did. */
import { CapabilityError, type CapabilityErrorOptions } from './error.ts'

/** `error` with what `changes` names put in place of its own; `details` are added to its own. */
export function amended(
  error: CapabilityError,
  { reason = error.reason, details, ...changes }: CapabilityErrorOptions & { readonly reason?: string },
): CapabilityError {
  const { retryable, applied, capability, operation, key, code, retryAfterMs, cause } = error
  const merged = details === undefined ? error.details : { ...error.details, ...details }
  return new CapabilityError(error.kind, reason, {
    retryable,
    applied,
    capability,
    operation,
    key,
    code,
    retryAfterMs,
    cause,
    ...(merged === undefined ? {} : { details: merged }),
    ...changes,
  })
}
