/** The error for a key whose outcome nobody can know. */
import { CapabilityError } from '@flowport/capabilities'

/** Has no `retryAfterMs`: asking again changes nothing until somebody settles the key. */
export function unknownKey(key: string): CapabilityError {
  const message =
    'this began before, and nobody can know whether its effect was made; look at the system it changes, then settle the key'
  return new CapabilityError('ConditionNotMatch', message, {
    capability: 'dedupe',
    operation: 'begin',
    key,
    code: 'IDEM_UNKNOWN',
    retryable: 'never',
  })
}
