/** Answers and failures of a web server as `CapabilityError`s. They name status and host, never headers that were sent. */
import {
  CapabilityError,
  type CapabilityErrorOptions,
  type ErrorKind,
  isCapabilityError,
  retryAfterOf,
} from '@flowport/capabilities'

/** An answer that is no object, as an error callers can branch on. */
export function errorFor(response: Response, now: number): CapabilityError {
  const { status, headers } = response
  const [kind, advice, options] = byStatus(status)
  const retryAfterMs = retryAfterOf(headers, now)
  return new CapabilityError(kind, `the server answered ${status}: ${advice}`, {
    ...options,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    details: { status },
  })
}

/** What `fetch` or a body threw, as an error callers can branch on. */
export function networkError(error: unknown): unknown {
  const known = knownIn(error)
  if (known !== undefined) return known
  if (isAbort(error)) return error
  if (error instanceof Error && codeOf(error.cause) === 'UND_ERR_HEADERS_OVERFLOW') {
    return new CapabilityError('LimitExceeded', 'the headers of the answer are larger than maxHeaderBytes', {
      details: { limit: 'maxHeaderBytes' },
    })
  }
  return new CapabilityError('Unavailable', 'the connection to the server failed', { cause: error })
}

type Known = readonly [ErrorKind, string, CapabilityErrorOptions?]

function byStatus(status: number): Known {
  switch (status) {
    case 401:
      return ['Unauthenticated', 'it wants credentials, or other ones; check token, username and password']
    case 403:
      return ['PermissionDenied', 'it does not give this object; check the rights of the credentials']
    case 408:
      return ['Timeout', 'it waited too long for the request']
    case 412:
      return ['ConditionNotMatch', 'the object has another version; read it again']
    case 414:
      return ['LimitExceeded', 'the key makes a longer URL than it takes']
    case 416:
      return ['RangeNotSatisfied', 'the range starts at or after the end of the object']
    case 429:
      return ['RateLimited', 'it asks to slow down']
    case 431:
      return ['LimitExceeded', 'the request has more headers than it takes']
    case 501:
    case 505:
      return ['Unsupported', 'it does not have this']
    default:
      if (status >= 500) return ['Unavailable', 'try again later']
      return ['Unexpected', 'the driver does not know this answer; check the URL']
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

/** A `CapabilityError` somewhere among the causes, such as one of the address check below `fetch`. */
function knownIn(error: unknown): CapabilityError | undefined {
  let each = error
  for (let depth = 0; depth < 8 && each instanceof Error; depth++) {
    if (isCapabilityError(each)) return each
    each = each.cause
  }
  return undefined
}

/** An abort is the caller's: the portable type tells it with the caller's reason. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}
