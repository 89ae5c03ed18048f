/** Copies an error with changes, for layers that know more about a failure than the driver did. */
import { CapabilityError, type CapabilityErrorOptions } from './error.ts'

/** Returns a copy of `error` with the fields of `changes`. `details` are merged into the error's details. */
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
