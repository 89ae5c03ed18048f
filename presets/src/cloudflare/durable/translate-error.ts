/**
 * What a call to a Durable Object fails with, as `CapabilityError`s. No message holds the object's own: that is the
 * `cause`. https://developers.cloudflare.com/durable-objects/best-practices/error-handling/
 */
import {
  CapabilityError,
  type CapabilityErrorOptions,
  type ErrorKind,
  isCapabilityError,
} from '@flowport/capabilities'

/** What was thrown, as an error callers can branch on; what is not known is returned as it is. */
export function translateError(error: unknown): unknown {
  if (isCapabilityError(error)) return error
  const known = rules.find(({ applies }) => applies(error))
  return known === undefined
    ? error
    : new CapabilityError(known.kind, known.reason, { ...known.options, cause: error })
}

interface Rule {
  readonly applies: (error: unknown) => boolean
  readonly kind: ErrorKind
  readonly reason: string
  readonly options?: CapabilityErrorOptions
}

/** The first that applies counts: an error may be both overloaded and retryable, and then must not be retried. */
const rules: readonly Rule[] = [
  {
    applies: (error) => flag(error, 'overloaded'),
    kind: 'RateLimited',
    reason:
      'the Durable Object has more calls than it can take; send fewer, or spread them over more objects',
    // Repeating the call would add to the load. Calls that wait for too long are dropped before the object sees them.
    options: { retryable: 'never', applied: 'no' },
  },
  {
    applies: says(/SQLITE_FULL|database or disk is full/),
    kind: 'LimitExceeded',
    reason: 'the Durable Object is full; delete something, or spread the data over more objects',
  },
  {
    applies: says(/SQLITE_TOOBIG|(Keys|Values) cannot be larger/),
    kind: 'LimitExceeded',
    reason: 'a key, value or row is larger than a Durable Object stores',
  },
  {
    applies: says(/^Serialized RPC arguments or return values are limited/),
    kind: 'LimitExceeded',
    reason: 'what goes to or comes from the Durable Object is more than one call carries, 32 MiB',
    // The platform does not say which of the two it was.
    options: { applied: 'unknown' },
  },
  {
    applies: (error) => flag(error, 'retryable'),
    kind: 'Unavailable',
    reason: 'the Durable Object could not be reached; try again',
  },
  {
    applies: (error) => flag(error, 'durableObjectReset') || says(/Network connection lost/)(error),
    kind: 'Unavailable',
    reason: 'the Durable Object was reset during the call; try again',
  },
  {
    applies: says(/^SQL is not enabled/),
    kind: 'Misconfigured',
    reason:
      'the bound class has no SQL: declare it under new_sqlite_classes before it is first deployed, which cannot be changed later',
  },
  {
    applies: says(/^The RPC receiver does not implement/),
    kind: 'Misconfigured',
    reason:
      'the bound Durable Object class is another one; bind the class the preset exports, of the same version',
  },
]

/** Errors of the platform carry what they mean as properties. */
function flag(error: unknown, name: string): boolean {
  return typeof error === 'object' && error !== null && name in error && Reflect.get(error, name) === true
}

function says(pattern: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof Error && pattern.test(error.message)
}
