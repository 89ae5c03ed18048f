/** Errors of a KV binding as `CapabilityError`s. The platform throws plain errors that tell an HTTP status in their text. */
import {
  appliedByStatus,
  CapabilityError,
  type CapabilityErrorOptions,
  type ErrorKind,
  isCapabilityError,
} from '@flowport/capabilities'

/** Runs a driver's method with its errors translated. */
export async function translated<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw translateError(error)
  }
}

/** What a binding threw, as an error callers can branch on; what is not known stays as it is. */
export function translateError(error: unknown): unknown {
  if (isCapabilityError(error) || !(error instanceof Error)) return error
  const { message } = error
  const [, method = '', status = ''] = /^KV (\w+) failed: (\d{3})\b/.exec(message) ?? []
  if (status !== '') return ofStatus(Number(status), method, error)
  if (/too many (api requests|subrequests)/i.test(message)) {
    return new CapabilityError(
      'LimitExceeded',
      'the invocation has made as many calls as the platform allows one; read in bulk, or spread the work over more',
      { details: { limit: 'operationsPerInvocation' }, cause: error },
    )
  }
  if (/^internal error|network connection lost|timed? ?out/i.test(message)) {
    return new CapabilityError('Unavailable', 'Workers KV did not answer; try again', { cause: error })
  }
  return error
}

/** One write to a key per second: https://developers.cloudflare.com/kv/api/write-key-value-pairs/ */
export const sameKeyPauseMs = 1000

function ofStatus(status: number, method: string, cause: Error): CapabilityError {
  const failure = (kind: ErrorKind, reason: string, options: CapabilityErrorOptions = {}) =>
    new CapabilityError(kind, reason, {
      ...options,
      applied: appliedByStatus(status),
      details: { status },
      cause,
    })
  if (status === 429) {
    const writes = method === 'PUT' || method === 'DELETE'
    return failure('RateLimited', rateLimited, writes ? { retryAfterMs: sameKeyPauseMs } : {})
  }
  if (status === 413 || status === 414) {
    return failure('LimitExceeded', 'key, value or metadata is larger than Workers KV takes')
  }
  // A binding has no credentials that could be wrong: the platform says so when it is unwell.
  if (status >= 500 || status === 401 || status === 403) {
    return failure('Unavailable', `Workers KV answered ${status}; try again`)
  }
  if (status === 408) return failure('Timeout', 'Workers KV answered too late; try again')
  return failure(
    'InvalidInput',
    `Workers KV refused the call with ${status}; the cause says what it did not take`,
  )
}

/** The advice of every `RateLimited` error. */
export const rateLimited =
  'Workers KV limits the rate of calls, to one write per second for each key; write the key less often'
