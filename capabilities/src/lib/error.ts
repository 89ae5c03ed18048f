/** The one error every capability throws. Callers branch on `kind`; `retryable` decides retries. */

export const errorKinds = [
  'NotFound',
  'AlreadyExists',
  'ConditionNotMatch',
  'InvalidInput',
  'LimitExceeded',
  'PermissionDenied',
  'Unauthenticated',
  'RateLimited',
  'Unavailable',
  'Timeout',
  'Cancelled',
  'Unsupported',
  'RangeNotSatisfied',
  'Corrupt',
  'Misconfigured',
  'Unexpected',
] as const

export type ErrorKind = (typeof errorKinds)[number]

/** Kinds that do not prove that the store refused the call. */
const mayHaveApplied: ReadonlySet<ErrorKind> = new Set([
  'RateLimited',
  'Unavailable',
  'Timeout',
  'Cancelled',
  'Corrupt',
  'Unexpected',
])

/** `temporary`: the same call may succeed later. `never`: it will not, or an inner layer has already retried. */
export type Retryable = 'never' | 'temporary'

/**
 * Whether a failed write may have been applied. `no`: the store or the sink refused it, or nothing was sent. `unknown`: this
 * or an earlier try of the same call may have applied the write. Treat it as possibly applied.
 */
export type Applied = 'no' | 'unknown'

export interface CapabilityErrorOptions {
  /** Default: `temporary` for RateLimited, Unavailable and Timeout, `never` for the rest. */
  readonly retryable?: Retryable
  /** Default: `unknown` for RateLimited, Unavailable, Timeout, Cancelled, Corrupt and Unexpected, `no` for the rest. */
  readonly applied?: Applied | undefined
  readonly capability?: string | undefined
  readonly operation?: string | undefined
  readonly key?: string | undefined
  /** A stable code, such as `IDEM099`. Default: the kind in upper snake case with the prefix `CAPABILITY_`. */
  readonly code?: string
  /** Milliseconds that the store requests to wait before a retry. */
  readonly retryAfterMs?: number | undefined
  /** Facts for programs, safe to show. Never a secret. */
  readonly details?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

const brand: unique symbol = Symbol.for('flowport.CapabilityError') as never

/** States the failure, its place and what to do next. Contains no secret: drivers redact at their boundary. */
export class CapabilityError extends Error {
  readonly kind: ErrorKind
  readonly retryable: Retryable
  /**
   * Whether the failed write may have been applied by any try of the call: `no` only if every try was refused or never sent.
   * `no` for a failed read.
   */
  readonly applied: Applied
  readonly capability: string | undefined
  readonly operation: string | undefined
  readonly key: string | undefined
  readonly code: string
  readonly retryAfterMs: number | undefined
  readonly details: Readonly<Record<string, unknown>> | undefined
  /** The message without the capability, operation and key. */
  readonly reason: string

  constructor(kind: ErrorKind, reason: string, options: CapabilityErrorOptions = {}) {
    super(place(options) + reason, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'CapabilityError'
    this.kind = kind
    this.reason = reason
    this.retryable = options.retryable ?? defaultRetryable(kind)
    this.applied = options.applied ?? defaultApplied(kind)
    this.capability = options.capability
    this.operation = options.operation
    this.key = options.key
    this.code = options.code ?? codeOf(kind)
    this.retryAfterMs = options.retryAfterMs
    this.details = options.details
    Object.defineProperty(this, brand, { value: true })
  }

  /** Returns a copy with capability, operation and key. Returns the error itself if they are already set. */
  at(where: { capability: string; operation: string; key?: string | undefined }): CapabilityError {
    if (this.capability !== undefined) return this
    return new CapabilityError(this.kind, this.reason, {
      retryable: this.retryable,
      applied: this.applied,
      capability: where.capability,
      operation: where.operation,
      key: this.key ?? where.key,
      code: this.code,
      retryAfterMs: this.retryAfterMs,
      ...(this.details === undefined ? {} : { details: this.details }),
      cause: this.cause,
    })
  }

  /** Leaves out `cause` and stack, which belong in server logs and not in responses. */
  toJSON(): Record<string, unknown> {
    return {
      name: this.name,
      kind: this.kind,
      code: this.code,
      message: this.message,
      retryable: this.retryable,
      applied: this.applied,
      ...(this.capability === undefined ? {} : { capability: this.capability }),
      ...(this.operation === undefined ? {} : { operation: this.operation }),
      ...(this.key === undefined ? {} : { key: this.key }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? {} : { details: this.details }),
    }
  }
}

/** Whether the value is a `CapabilityError`, also one from another copy of this package. */
export function isCapabilityError(error: unknown): error is CapabilityError {
  return typeof error === 'object' && error !== null && brand in error
}

/** Whether the error is a `CapabilityError` of one of these kinds. */
export function isKind(error: unknown, ...kinds: readonly ErrorKind[]): error is CapabilityError {
  return isCapabilityError(error) && kinds.includes(error.kind)
}

/** Returns a `CapabilityError` with its place set. Wraps any other value as `Unexpected`, with the original as `cause`. */
export function toCapabilityError(
  error: unknown,
  where: { capability: string; operation: string; key?: string | undefined },
): CapabilityError {
  if (isCapabilityError(error)) return error.at(where)
  return new CapabilityError('Unexpected', 'the provider failed in a way its driver does not know', {
    ...where,
    cause: error,
  })
}

function defaultRetryable(kind: ErrorKind): Retryable {
  return kind === 'RateLimited' || kind === 'Unavailable' || kind === 'Timeout' ? 'temporary' : 'never'
}

function defaultApplied(kind: ErrorKind): Applied {
  return mayHaveApplied.has(kind) ? 'unknown' : 'no'
}

function codeOf(kind: ErrorKind): string {
  return `CAPABILITY_${kind.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`
}

function place({ capability, operation, key }: CapabilityErrorOptions): string {
  if (capability === undefined) return ''
  const at = operation === undefined ? capability : `${capability}.${operation}`
  return key === undefined ? `${at}: ` : `${at} ${JSON.stringify(shorten(key))}: `
}

function shorten(key: string): string {
  return key.length <= 120 ? key : `${key.slice(0, 117)}...`
}
