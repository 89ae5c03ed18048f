/** Answers of Azure as `CapabilityError`s. Messages name code and status only: the texts of Azure repeat signed text. */
import {
  appliedByStatus,
  CapabilityError,
  type CapabilityErrorOptions,
  isCapabilityError,
  wasNeverSent,
} from '@flowport/capabilities'
import { failureOf, type S3Failure } from '../s3/translate-error.ts'
import type { S3Answer } from '../object-http/transport.ts'
import { azureMeaning, type Meaning } from './advice.ts'

/** The facts of a failed answer, with Azure's code, such as `BlobNotFound`. */
export async function azureFailureOf(answer: S3Answer, now: number): Promise<S3Failure> {
  // A page sees the header where the CORS rule of the account exposes it. The body repeats the code; answers to `HEAD` have no body.
  const failure = await failureOf(answer, now, answer.headers.get('x-ms-error-code') ?? '')
  return {
    ...failure,
    code: /^[A-Za-z0-9]{1,64}$/.test(failure.code) ? failure.code : '',
    requestId: answer.headers.get('x-ms-request-id'),
  }
}

/** The failure as an error callers can branch on. */
export function azureError({ status, code, requestId, retryAfterMs }: S3Failure): CapabilityError {
  const known = azureMeaning(code) ?? byCode[code]
  const [kind, advice] = known ?? byStatus(status)
  const name = code === '' ? `status ${status}` : `${code} (status ${status})`
  return new CapabilityError(kind, `Azure answered ${name}: ${advice}`, {
    // The known codes are refusals at any status; an operation that timed out may still be applied.
    applied: known === undefined ? appliedByStatus(status) : kind === 'Timeout' ? 'unknown' : 'no',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    details: {
      status,
      ...(code === '' ? {} : { serviceCode: code }),
      ...(requestId === null ? {} : { requestId }),
    },
  })
}

/** What `fetch` threw. Some platforms name the URL there, which may hold a signature. */
export function azureNetworkError(error: unknown): unknown {
  if (isCapabilityError(error)) return error
  if (error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')) return error
  const options: CapabilityErrorOptions = error instanceof Error ? { cause: withoutUrls(error) } : {}
  const applied = wasNeverSent(error) ? 'no' : 'unknown'
  return new CapabilityError('Unavailable', 'the connection to Azure failed', { ...options, applied })
}

function withoutUrls(error: Error): Error {
  const { name, message, cause } = error
  const text = message.replaceAll(/https?:\/\/\S+|\?\S+/g, '…')
  const inner = cause instanceof Error ? { cause: withoutUrls(cause) } : undefined
  // `fetch` that may not see an answer fails with a `TypeError`: by that a storage knows to explain CORS.
  const clean = error instanceof TypeError ? new TypeError(text, inner) : new Error(text, inner)
  clean.name = name
  return clean
}

/** https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes */
const byCode: Readonly<Record<string, Meaning>> = {
  BlobNotFound: ['NotFound', 'there is no such object'],
  BlobAlreadyExists: ['AlreadyExists', 'an object is there already; it was left as it is'],
  ConditionNotMet: ['ConditionNotMatch', 'the object has another version; read it again'],
  TargetConditionNotMet: ['ConditionNotMatch', 'the object has another version; read it again'],
  SourceConditionNotMet: ['ConditionNotMatch', 'the source has another version; read it again'],
  CannotVerifyCopySource: ['NotFound', 'there is no object to copy, or the credentials may not read it'],
  InvalidRange: ['RangeNotSatisfied', 'the range starts at or after the end of the object'],
  InvalidBlobType: ['Unsupported', 'the object is a page or append blob; this writes block blobs only'],
  SnapshotsPresent: ['Unsupported', 'the object has snapshots; delete those first'],
  PendingCopyOperation: ['Unavailable', 'a copy to this object is under way; try again'],
  BlobBeingRehydrated: ['Unavailable', 'the object is being brought back from the archive tier'],
  Md5Mismatch: ['Corrupt', 'the bytes that arrived are not the ones that were sent; send them again'],
  UnsupportedHttpVerb: ['Misconfigured', 'correct the endpoint'],
}

function byStatus(status: number): Meaning {
  if (status >= 300 && status < 400)
    return ['Misconfigured', 'it redirects, and credentials are not sent along; correct the endpoint']
  switch (status) {
    case 401:
      return [
        'Unauthenticated',
        'it does not accept the credentials; check them, and the clock of this machine',
      ]
    case 403:
      return ['PermissionDenied', 'the credentials do not allow this; check them and their permissions']
    case 404:
      return ['NotFound', 'there is no such object, or no such container']
    case 408:
      return ['Timeout', 'it waited too long for the body']
    case 409:
      return ['Unavailable', 'another operation is under way; try again']
    case 412:
      return ['ConditionNotMatch', 'the object has another version; read it again']
    case 413:
      return ['LimitExceeded', 'the object or one block of it is larger than Azure takes']
    case 416:
      return ['RangeNotSatisfied', 'the range starts at or after the end of the object']
    case 429:
      return ['RateLimited', 'it asks to slow down']
    case 501:
      return ['Unsupported', 'it does not have this']
    default:
      return status >= 500
        ? ['Unavailable', 'try again later']
        : ['Unexpected', 'the driver does not know this answer']
  }
}
