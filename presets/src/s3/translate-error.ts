/**
 * Answers of S3 as `CapabilityError`s. Messages name code and status only: the texts of S3 repeat access keys and signed text.
 */
import {
  appliedByStatus,
  CapabilityError,
  type CapabilityErrorOptions,
  type ErrorKind,
  isCapabilityError,
  isKind,
  retryAfterOf,
  wasNeverSent,
} from '@flowport/capabilities'
import type { S3Answer } from '../object-http/transport.ts'
import { parseXml, text } from '../object-http/xml.ts'

/** The facts of a failed answer. */
export interface S3Failure {
  readonly status: number
  /** S3's code, such as `NoSuchKey`; empty where the answer had none, as those to `HEAD` do. */
  readonly code: string
  readonly requestId: string | null
  readonly retryAfterMs: number | undefined
}

/**
 * Reads a failed answer to its end, so that its connection can be used again. Where only the body can say what is wrong and
 * it comes incomplete, the failure is the connection's: the same request may work later.
 * @param code The error's code where a header has it; then the body is not needed.
 */
export async function failureOf(answer: S3Answer, now: number, code = ''): Promise<S3Failure> {
  const { status, headers } = answer
  const body = await answer.text().catch((error: unknown) => {
    if (code === '' && needsCode(status)) throw error
    if (isKind(error, 'Unavailable', 'Timeout')) return ''
    throw error
  })
  if (code === '' && needsCode(status) && isCutDocument(body)) {
    throw new CapabilityError(
      'Unavailable',
      `the store's answer came incomplete (status ${status}); try again`,
      { applied: appliedByStatus(status), details: { status } },
    )
  }
  return {
    status,
    code: code === '' ? codeIn(body) : code,
    requestId: headers.get('x-amz-request-id') ?? headers.get('cf-ray'),
    retryAfterMs: retryAfterOf(headers, now),
  }
}

/** The code of an error document, which S3 also sends with status 200; empty for any other document. */
export function codeIn(xml: string): string {
  const root = parseXml(xml)
  const code = root?.name === 'Error' ? (text(root, 'Code') ?? '') : ''
  // A code is one word; any other text of a server is not repeated.
  return /^[A-Za-z0-9.]{1,64}$/.test(code) ? code : ''
}

/** Whether a status alone is ambiguous: 403 may mean missing rights, a wrong secret or a wrong clock. */
function needsCode(status: number): boolean {
  return status >= 400 && status < 500 && !clearStatuses.has(status)
}

/** Whether a text begins as S3's error documents do, and is not a whole one. */
function isCutDocument(body: string): boolean {
  return /^\s*<(?:\?xml|Error)/.test(body) && parseXml(body) === null
}

/** The failure as an error callers can branch on. */
export function errorFor({ status, code, requestId, retryAfterMs }: S3Failure): CapabilityError {
  const known = Object.hasOwn(byCode, code) ? byCode[code] : undefined
  const [kind, advice, options] = known ?? byStatus(status)
  const name = code === '' ? `status ${status}` : `${code} (status ${status})`
  return new CapabilityError(kind, `the store answered ${name}: ${advice}`, {
    // A code says more than its status: a conflict may be a refusal, and 200 may come with an error.
    ...(known === undefined ? { applied: appliedByStatus(status) } : {}),
    ...options,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    details: { status, ...(code === '' ? {} : { s3: code }), ...(requestId === null ? {} : { requestId }) },
  })
}

/** The error of a code, for answers that somebody else has read; `null` for a code whose meaning is not known. */
export function errorOfCode(code: string, status: number): CapabilityError | null {
  return Object.hasOwn(byCode, code)
    ? errorFor({ status, code, requestId: null, retryAfterMs: undefined })
    : null
}

/** What `fetch` threw, as an error callers can branch on. */
export function networkError(error: unknown): unknown {
  if (isCapabilityError(error)) return error
  // The caller aborted: the store above reports it with the caller's reason.
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
    return new CapabilityError('Timeout', 'the store was silent for too long', { cause: error })
  }
  return new CapabilityError('Unavailable', 'the connection to the store failed', {
    cause: error,
    ...(wasNeverSent(error) ? { applied: 'no' } : {}),
  })
}

type Known = readonly [ErrorKind, string, CapabilityErrorOptions?]

const credentials: Known = ['Unauthenticated', 'check access key, secret and clock of this machine']
const skewed: Known = ['Unauthenticated', 'the clock of this machine is wrong; set it']
const expired: Known = [
  'Unauthenticated',
  'the session credentials have expired; get new ones, or give the credentials as a function that does',
]
const rights: Known = ['PermissionDenied', 'the access key may not do this; check its permissions']
const slow: Known = ['RateLimited', 'it asks to slow down', { applied: 'no' }]
const failing: Known = ['Unavailable', 'try again later']
const large: Known = ['LimitExceeded', 'the object or one part of it is larger than it takes']
const altered: Known = [
  'Corrupt',
  'the bytes that arrived are not the ones that were sent; send them again',
  { retryable: 'temporary', applied: 'no' },
]
const lost: Known = [
  'Unavailable',
  'the multipart upload was ended by somebody else; put the object again',
  { applied: 'no' },
]

/**
 * The meaning of each code. Each is a refusal, except the kinds `Timeout` and `Unavailable` without their own `applied`.
 *
 * https://developers.cloudflare.com/r2/api/error-codes/ and https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const byCode: Readonly<Record<string, Known>> = {
  NoSuchKey: ['NotFound', 'there is no such object'],
  NoSuchBucket: ['Misconfigured', 'create the bucket, or correct its name'],
  InvalidBucketName: ['Misconfigured', 'correct the name of the bucket'],
  AuthorizationHeaderMalformed: ['Misconfigured', 'the region is another one; correct it'],
  PermanentRedirect: ['Misconfigured', 'the bucket lives at another endpoint; correct it'],
  Unauthorized: credentials,
  InvalidAccessKeyId: credentials,
  SignatureDoesNotMatch: credentials,
  RequestTimeTooSkewed: skewed,
  RequestExpired: skewed,
  ExpiredRequest: skewed,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  TokenRefreshRequired: expired,
  InvalidToken: credentials,
  AccessDenied: rights,
  NotEntitled: rights,
  ObjectLockedByBucketPolicy: rights,
  PreconditionFailed: ['ConditionNotMatch', 'the object has another version; read it again'],
  InvalidRange: ['RangeNotSatisfied', 'the range starts at or after the end of the object'],
  EntityTooLarge: large,
  KeyTooLongError: ['LimitExceeded', 'the key is longer than it takes'],
  MetadataTooLarge: ['LimitExceeded', 'the metadata is larger than it takes'],
  InvalidObjectName: ['InvalidInput', 'the key is one it does not take'],
  BadDigest: altered,
  XAmzContentSHA256Mismatch: altered,
  NoSuchUpload: lost,
  InvalidPart: lost,
  MissingContentLength: ['Unsupported', 'it takes no body of unknown length'],
  InvalidStorageClass: ['InvalidInput', 'it has no such storage class'],
  NotImplemented: ['Unsupported', 'it does not have this'],
  RequestTimeout: ['Timeout', 'it waited too long for the body'],
  ClientDisconnect: failing,
  IncompleteBody: ['Unavailable', 'try again later', { applied: 'no' }],
  SlowDown: slow,
  SlowDownRead: slow,
  SlowDownWrite: slow,
  RequestLimitExceeded: slow,
  TooManyRequests: slow,
  InternalError: failing,
  ServiceUnavailable: failing,
}

/** Statuses from 400 to 499 that mean the same with every code. */
const clearStatuses: ReadonlySet<number> = new Set([401, 408, 412, 413, 416, 429])

function byStatus(status: number): Known {
  if (status >= 300 && status < 400) {
    return ['Misconfigured', 'it redirects, and credentials are not sent along; correct the endpoint']
  }
  switch (status) {
    case 401:
      return credentials
    case 403:
      return rights
    case 404:
      return ['NotFound', 'there is no such object']
    case 408:
      return ['Timeout', 'it waited too long for the body']
    case 412:
      return ['ConditionNotMatch', 'the object has another version; read it again']
    case 413:
      return large
    case 416:
      return ['RangeNotSatisfied', 'the range starts at or after the end of the object']
    case 429:
      return slow
    case 501:
      return ['Unsupported', 'it does not have this']
    default:
      return status >= 500 ? failing : ['Unexpected', 'the driver does not know this answer']
  }
}
