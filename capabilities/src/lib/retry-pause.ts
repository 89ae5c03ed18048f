/** How long to wait before something is tried again: the one rule for layers, steps, deliveries and transfers. */
import { longestLifeMs } from './numbers.ts'

export interface RetryPause {
  /** How many tries have failed, 1 for the first. */
  readonly attempt: number
  /** Upper bound of the first pause in milliseconds; it doubles with every attempt. */
  readonly baseMs: number
  /** Upper bound of every pause in milliseconds, but for what was asked. */
  readonly maxMs: number
  /** What the other side asked to wait, in milliseconds. Default 0. */
  readonly askedMs?: number | undefined
  /** A number in [0, 1). */
  readonly random: number
}

/**
 * Exponential backoff with full jitter, on top of `askedMs`: no retry is earlier than the server asked, and clients that
 * were asked for the same pause do not retry together. Returns milliseconds, not rounded.
 */
export function retryPause({ attempt, baseMs, maxMs, askedMs = 0, random }: RetryPause): number {
  // Errors come from other drivers, too: `NaN` asks for nothing, and no pause is longer than the longest life.
  const asked = askedMs > 0 ? Math.min(askedMs, longestLifeMs) : 0
  const bound = baseMs > 0 ? Math.min(maxMs, longestLifeMs, baseMs * 2 ** (attempt - 1)) : 0
  return asked + random * bound
}
