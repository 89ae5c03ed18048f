/** Whether a failed call is tried again, and when: a pure function, so that every rule can be proven by itself. */
import { isCapabilityError } from '../error.ts'
import { type Call, isReplayable } from '../layer.ts'
import { retryPause } from '../retry-pause.ts'

export interface RetryPolicy {
  /** Tries in total, the first included. */
  readonly maxAttempts: number
  /** Upper bound of the first pause in milliseconds; it doubles with every attempt. */
  readonly baseMs: number
  /** Upper bound of every pause in milliseconds, but for what the store asks. */
  readonly maxMs: number
  /** Longest wait a store may ask for in milliseconds. */
  readonly maxRetryAfterMs: number
}

/** Why a call is not tried again. */
export type NoRetry =
  /** The same call would fail the same way. */
  | 'not_temporary'
  /** Doing it twice is not doing it once, or its body has been read. */
  | 'not_replayable'
  /** The caller's signal has fired. */
  | 'cancelled'
  /** It was tried `maxAttempts` times. */
  | 'exhausted'
  /** The next try would start after the deadline. */
  | 'deadline'
  /** The store asks for more than `maxRetryAfterMs`. */
  | 'asked_too_long'

export type RetryDecision =
  | { readonly retry: false; readonly why: NoRetry }
  | { readonly retry: true; readonly delayMs: number }

/**
 * Whether the call is tried again, and after how long by `retryPause`.
 *
 * @param attempt How many tries have failed, 1 for the first.
 * @param now Milliseconds since the epoch.
 * @param random A number in [0, 1).
 */
export function retryDecision(
  error: unknown,
  call: Call,
  attempt: number,
  now: number,
  random: number,
  { maxAttempts, baseMs, maxMs, maxRetryAfterMs }: RetryPolicy,
): RetryDecision {
  if (call.signal?.aborted) return { retry: false, why: 'cancelled' }
  if (!isCapabilityError(error) || error.retryable !== 'temporary')
    return { retry: false, why: 'not_temporary' }
  if (!isReplayable(call)) return { retry: false, why: 'not_replayable' }
  if (attempt >= maxAttempts) return { retry: false, why: 'exhausted' }
  const asked = Math.max(0, error.retryAfterMs ?? 0)
  if (asked > maxRetryAfterMs) return { retry: false, why: 'asked_too_long' }
  const delayMs = retryPause({ attempt, baseMs, maxMs, askedMs: asked, random })
  if (call.deadline !== undefined && now + delayMs >= call.deadline) return { retry: false, why: 'deadline' }
  return { retry: true, delayMs }
}
