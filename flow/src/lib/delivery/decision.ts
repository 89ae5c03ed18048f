/** What becomes of a message, by how its run ended: a pure function, so that every rule can be proven by itself. */
import { isCapabilityError, retryPause } from '@flowport/capabilities'
import { systemRng } from '@flowport/capabilities/system'
import { RunError } from '../runtime/errors.ts'
import type { QueueTrigger } from '../trigger.ts'

export type Decision =
  | { readonly outcome: 'done' }
  | { readonly outcome: 'retried'; readonly delayMs: number; readonly error: Error }
  | { readonly outcome: 'rejected' | 'returned'; readonly error: Error }

interface Attempted {
  readonly attempt: number
  /** Present where the host can set a message aside. */
  readonly reject?: unknown
}

interface Pauses {
  readonly random?: () => number
  readonly maxDelayMs?: number
}

const hourMs = 3_600_000

/**
 * Worked: done. The host is closing: returned, at once. Input that does not fit: set aside, since it never will. All else
 * is tried again until the trigger's `maxAttempts`: faults pass, and what a new version mends is worth waiting for. The
 * pause is exponential with full jitter, on top of what a store asked for.
 */
export function decide(
  error: Error | undefined,
  closing: boolean,
  { attempt, reject }: Attempted,
  { maxAttempts = Number.POSITIVE_INFINITY, backoffMs }: Pick<QueueTrigger, 'maxAttempts' | 'backoffMs'>,
  { random = systemRng.float, maxDelayMs = hourMs }: Pauses = {},
): Decision {
  if (error === undefined) return { outcome: 'done' }
  if (closing && wasStopped(error)) return { outcome: 'returned', error }
  const isHopeless = isPoison(error) || attempt >= maxAttempts
  if (isHopeless && reject !== undefined) return { outcome: 'rejected', error }
  const pauseMs = retryPause({
    attempt,
    baseMs: backoffMs,
    maxMs: hourMs,
    askedMs: askedMs(error),
    random: random(),
  })
  const delayMs = isHopeless ? 0 : Math.min(maxDelayMs, Math.round(pauseMs))
  return { outcome: 'retried', delayMs, error }
}

/** Whether the run was ended from outside, and not by a fault of its own. */
function wasStopped(error: Error): boolean {
  return error instanceof RunError && (error.failure === 'Draining' || error.failure === 'Cancelled')
}

function isPoison(error: Error): boolean {
  return error instanceof RunError && error.failure === 'InvalidInput'
}

/** What the store asked to wait, however deep the error is wrapped. */
function askedMs(error: unknown): number {
  let at: unknown = error
  for (let depth = 0; depth < 8 && at instanceof Error; depth++) {
    if (isCapabilityError(at)) return Math.max(0, at.retryAfterMs ?? 0)
    at = at.cause
  }
  return 0
}
