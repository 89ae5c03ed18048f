/** Computes the pause before a retry, for layers, steps, deliveries and transfers. */
import { longestLifeMs } from './numbers.ts'

export interface RetryPause {
  /** How many tries have failed, 1 for the first. */
  readonly attempt: number
  /** Upper bound of the first pause in milliseconds; it doubles with every attempt. */
  readonly baseMs: number
  /** Longest backoff in milliseconds, not counting `askedMs`. */
  readonly maxMs: number
  /** Wait that the server requested, in milliseconds. Default 0. */
  readonly askedMs?: number | undefined
  /** A number in [0, 1). */
  readonly random: number
}

/**
 * Returns `askedMs` plus exponential backoff with full jitter, in milliseconds, not rounded: no retry is earlier than the
 * server requested, and clients with the same requested pause do not retry together.
 */
export function retryPause({ attempt, baseMs, maxMs, askedMs = 0, random }: RetryPause): number {
  // Third-party drivers may set any number: `NaN` counts as 0, and `longestLifeMs` is the upper bound.
  const asked = askedMs > 0 ? Math.min(askedMs, longestLifeMs) : 0
  const bound = baseMs > 0 ? Math.min(maxMs, longestLifeMs, baseMs * 2 ** (attempt - 1)) : 0
  return asked + random * bound
}
