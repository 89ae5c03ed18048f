/** Whether one request body arrives fast enough. Hosts say how many bytes came and how long the client was waited for. */
import { CapabilityError } from '@flowport/capabilities'
import type { CheckedBodyLimits } from './body-limits.ts'

export class BodyPace {
  readonly #limits: CheckedBodyLimits
  readonly #timeoutMs: number
  #waitedMs = 0
  #windowBytes = 0
  #windowMs = 0

  constructor(limits: CheckedBodyLimits, kind: 'json' | 'upload') {
    this.#limits = limits
    this.#timeoutMs = kind === 'json' ? limits.jsonTimeoutMs : limits.uploadTimeoutMs
  }

  /**
   * Counts `bytes` that arrived during `elapsedMs` in which the client was waited for. Returns the refusal of a body that
   * is too slow, or that has taken too long.
   */
  arrived(bytes: number, elapsedMs: number): CapabilityError | undefined {
    const { minBytesPerSecond, rateWindowMs } = this.#limits
    this.#waitedMs += elapsedMs
    if (this.#waitedMs >= this.#timeoutMs) return tooLate(this.#timeoutMs)
    this.#windowBytes += bytes
    this.#windowMs += elapsedMs
    if (this.#windowMs < rateWindowMs) return undefined
    if (this.#windowBytes * 1_000 < minBytesPerSecond * this.#windowMs) return tooSlow(minBytesPerSecond)
    this.#windowBytes = 0
    this.#windowMs = 0
    return undefined
  }
}

/** The 408 of a body that was not whole in time. A capability's error, as are those below: they pass through stores. */
function tooLate(timeoutMs: number): CapabilityError {
  return new CapabilityError('InvalidInput', `the body was not whole within ${timeoutMs} ms`, {
    code: 'BODY_TIMEOUT',
  })
}

/** The 408 of a body that arrives too slowly. */
function tooSlow(minBytesPerSecond: number): CapabilityError {
  const message = `the body arrives too slowly: send at least ${minBytesPerSecond} bytes a second`
  return new CapabilityError('InvalidInput', message, { code: 'BODY_TOO_SLOW' })
}

/** The 503 of a body that has no place in the memory for unfinished bodies. */
export function tooManyBodies(): CapabilityError {
  return new CapabilityError('Unavailable', 'the server is receiving more bodies than it can keep', {
    code: 'TOO_MANY_BODIES',
    retryable: 'never',
    retryAfterMs: 1_000,
  })
}

/** The 503 of a body that was still arriving when the server closed. */
export function closingBeforeWhole(): CapabilityError {
  return new CapabilityError('Unavailable', 'the server is closing and the body was not whole', {
    code: 'DRAINING',
    retryable: 'never',
    retryAfterMs: 1_000,
  })
}
