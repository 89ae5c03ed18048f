/** Makes a `CapabilityError` of any error of OpenDAL: kind, retries, and a text without secrets. The only place that reads it. */
import {
  CapabilityError,
  type ErrorKind,
  isCapabilityError,
  parseRetryAfter,
  type Retryable,
} from '@flowport/capabilities'
import { appliedOfFailure } from './applied.ts'
import type { Place } from './place.ts'
import { redactText } from './redact.ts'

/** What OpenDAL's text says, read apart. */
export interface OpenDalFailure {
  /** OpenDAL's own kind, such as `NotFound`; `null` when the text is not of its form. */
  readonly kind: string | null
  /** `persistent`: temporary, but OpenDAL has retried it already. */
  readonly flag: 'permanent' | 'temporary' | 'persistent' | null
  /** HTTP status of the service, where it answered. */
  readonly status: number | null
  /** The service's own code, such as `AccessDenied`. */
  readonly serviceCode: string | null
  /** Error number of the operating system. */
  readonly osError: number | null
  readonly retryAfterMs: number | null
  /** Without secrets. */
  readonly text: string
}

/** Anything thrown by an OpenDAL call, as a `CapabilityError` told at `where`. */
export function translateOpenDalError(error: unknown, where?: Place): CapabilityError {
  if (isCapabilityError(error)) return where === undefined ? error : error.at(where)
  const failure = readFailure(error)
  const { kind, reason, retryable } = verdict(failure)
  return new CapabilityError(kind, reason, {
    ...where,
    applied: appliedOfFailure(failure, kind),
    ...(retryable === undefined ? {} : { retryable }),
    retryAfterMs: failure.retryAfterMs ?? undefined,
    details: {
      opendal: failure.kind ?? 'none',
      ...(failure.flag === null ? {} : { flag: failure.flag }),
      ...(failure.status === null ? {} : { status: failure.status }),
      ...(failure.serviceCode === null ? {} : { serviceCode: failure.serviceCode }),
    },
    cause: new OpenDalError(failure.text),
  })
}

/** What OpenDAL said, redacted: the `cause` of a translated error. Without a stack, as its stack is only its text. */
export class OpenDalError extends Error {
  constructor(text: string) {
    super(text)
    this.name = 'OpenDalError'
    this.stack = `${this.name}: ${text}`
  }
}

/** Reads OpenDAL's text apart. The head is anchored: nothing a path or a service says can forge a kind. */
export function readFailure(error: unknown): OpenDalFailure {
  const raw = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const head = /^(\w+) \((permanent|temporary|persistent)\) at [\w:]*/.exec(raw)
  const context = head === null ? '' : raw
  const status = /response: Parts \{ status: (\d{3})/.exec(context)?.[1]
  const serviceCode = /=> \w+ \{ code: "([\w.-]{1,80})"/.exec(context)?.[1]
  const osError = /\(os error (\d{1,4})\)$/.exec(context)?.[1]
  const retryAfter = /"retry-after": "([^"]{1,40})"/.exec(context)?.[1]
  return {
    kind: head?.[1] ?? (/^(InvalidArg|\w+Expected)$/.test(code) ? code : null),
    flag: (head?.[2] as 'permanent' | 'temporary' | 'persistent' | undefined) ?? null,
    status: status === undefined ? null : Number(status),
    serviceCode: serviceCode ?? null,
    osError: osError === undefined ? null : Number(osError),
    retryAfterMs: parseRetryAfter(retryAfter) ?? null,
    text: redactText(raw),
  }
}

interface Verdict {
  readonly kind: ErrorKind
  readonly reason: string
  /** Default: the kind's own. */
  readonly retryable?: Retryable | undefined
}

function verdict(failure: OpenDalFailure): Verdict {
  const found = byOperatingSystem(failure) ?? byKind(failure) ?? byStatus(failure) ?? byFlag(failure)
  // What OpenDAL has retried, nobody above tries again.
  return failure.flag === 'persistent' ? { ...found, retryable: 'never' } : found
}

/** OpenDAL calls what the file system refuses temporary, which it is not. */
function byOperatingSystem({ osError, kind, text }: OpenDalFailure): Verdict | null {
  if (kind !== 'Unexpected' && kind !== 'AlreadyExists') return null
  if (osError === 17 && kind === 'AlreadyExists') return { kind: 'Unsupported', reason: keysArePaths }
  if (osError === 20 || osError === 21 || osError === 39) return { kind: 'Unsupported', reason: keysArePaths }
  if (osError === 36) return { kind: 'LimitExceeded', reason: 'the service cannot have so long a name' }
  if (osError === 28 || osError === 122) {
    return { kind: 'Unavailable', reason: 'the disk is full: make room', retryable: 'never' }
  }
  if (/invalid input parameter/.test(text)) {
    return { kind: 'InvalidInput', reason: 'the service does not take this key' }
  }
  return null
}

/** Why a file system refuses a key above or beneath another. */
export const keysArePaths =
  'the service keeps keys as paths: it cannot hold a key and another beneath it, such as "a" and "a/b"'

function byKind({ kind, serviceCode, text }: OpenDalFailure): Verdict | null {
  switch (kind) {
    case 'NotFound':
      return { kind: 'NotFound', reason: 'the service does not have it' }
    case 'AlreadyExists':
      return { kind: 'AlreadyExists', reason: 'something is there already; it was left as it is' }
    case 'ConditionNotMatch':
      return { kind: 'ConditionNotMatch', reason: 'the object has another version; read it again' }
    case 'Conflict':
      return { kind: 'Unavailable', reason: 'another call changes the same object: try again' }
    case 'PermissionDenied':
      return {
        kind: 'PermissionDenied',
        reason: `the service refuses it${named(serviceCode)}: check what the credentials allow`,
      }
    case 'RateLimited':
      return { kind: 'RateLimited', reason: `the service asks for fewer calls${named(serviceCode)}` }
    case 'RangeNotSatisfied':
      return { kind: 'RangeNotSatisfied', reason: 'the range starts after the end of the object' }
    case 'Unsupported':
      return { kind: 'Unsupported', reason: 'the service cannot do this' }
    case 'ConfigInvalid':
      return {
        kind: 'Misconfigured',
        reason: `the service is not configured for this${named(serviceCode)}: ${lastWords(text)}`,
      }
    case 'IsADirectory':
    case 'NotADirectory':
      return { kind: 'Unsupported', reason: keysArePaths }
    case 'IsSameFile':
      return { kind: 'InvalidInput', reason: 'source and target are the same' }
    case null:
    default:
      return null
  }
}

/** What OpenDAL has no kind for, by the status the service answered with. */
function byStatus({ status, serviceCode }: OpenDalFailure): Verdict | null {
  if (status === 401) {
    return {
      kind: 'Unauthenticated',
      reason: `the service does not accept the credentials${named(serviceCode)}`,
    }
  }
  if (status === 403) {
    return { kind: 'PermissionDenied', reason: `the service refuses it${named(serviceCode)}` }
  }
  if (status === 429) return { kind: 'RateLimited', reason: 'the service asks for fewer calls' }
  if (status === 408) return { kind: 'Timeout', reason: 'the service waited too long for the request' }
  if (status !== null && status >= 500) {
    return { kind: 'Unavailable', reason: `the service fails: status ${status}${named(serviceCode)}` }
  }
  if (status === null) return null
  return { kind: 'Unexpected', reason: `the service answers with status ${status}${named(serviceCode)}` }
}

function byFlag({ kind, flag, text }: OpenDalFailure): Verdict {
  if (/operation timeout reached|operation timed out/.test(text)) {
    return { kind: 'Timeout', reason: 'the service did not answer in time' }
  }
  if (/reader got too (?:little|much) data/.test(text)) {
    return { kind: 'Unavailable', reason: 'the service sent another number of bytes than it said' }
  }
  if (/\bcredential/i.test(text) && flag !== 'temporary') {
    return {
      kind: 'Unauthenticated',
      reason: 'there are no credentials for the service: give them in its config',
    }
  }
  if (flag === 'temporary' || flag === 'persistent') {
    return { kind: 'Unavailable', reason: 'the service cannot be reached, or broke off' }
  }
  if (kind !== null && flag === null) {
    return { kind: 'InvalidInput', reason: 'OpenDAL does not take an argument of this call' }
  }
  return { kind: 'Unexpected', reason: 'OpenDAL failed in a way this version does not know' }
}

function named(serviceCode: string | null): string {
  return serviceCode === null ? '' : ` (${serviceCode})`
}

/** OpenDAL's own explanation, after the context. */
function lastWords(text: string): string {
  const at = text.indexOf(' => ')
  return at === -1 ? text : text.slice(at + 4)
}
