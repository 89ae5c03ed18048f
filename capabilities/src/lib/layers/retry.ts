/** The `retry` layer: repeats calls after temporary errors. `retry-decision.ts` has the rules. */
import type { Clock } from '../clock/contract.ts'
import { AppliedOverTries, appliedOf } from '../applied.ts'
import { type Applied, type CapabilityError, isCapabilityError, isKind } from '../error.ts'
import { cancelled } from '../cancelled.ts'
import { type Call, isImmediate, type Layer, type Next } from '../layer.ts'
import type { Logger } from '../logger.ts'
import type { Rng } from '../rng/contract.ts'
import { systemClock } from '../system/clock.ts'
import { systemRng } from '../system/rng.ts'
import { amended } from '../amended-error.ts'
import { checkNumbers, countRule, timerRule } from '../numbers.ts'
import { type NoRetry, retryDecision, type RetryPolicy } from './retry-decision.ts'

export interface RetryOptions {
  /** Most tries, including the first. Default 3. */
  readonly maxAttempts?: number
  /** Upper bound of the first pause in milliseconds; it doubles with every attempt. Default 100. */
  readonly baseMs?: number
  /** Longest backoff in milliseconds. A wait that the store requests can exceed it, see `maxRetryAfterMs`. Default 5000. */
  readonly maxMs?: number
  /** Longest wait a store may request, in milliseconds; after a longer request the call is not retried. Default 60 000. */
  readonly maxRetryAfterMs?: number
  /** Default: the system clock. */
  readonly clock?: Clock
  /** Source of the jitter. Default: the system's randomness. */
  readonly rng?: Pick<Rng, 'float'>
  /** Logs every retry at level info. Default: no log. */
  readonly log?: Logger
}

/**
 * Retries only `temporary` errors of replayable calls: with exponential backoff and full jitter, not before `retryAfterMs`
 * and not past the deadline. The error it gives up with has `retryable: 'never'` and `details.attempts`, so that outer layers
 * do not retry again. `applied` is the worst over all tries: `unknown` for a write whose first try was lost and whose last
 * try was refused. Calls of a step that has its own `retry` are not retried here.
 */
export function retry({
  maxAttempts = 3,
  baseMs = 100,
  maxMs = 5_000,
  maxRetryAfterMs = 60_000,
  clock = systemClock,
  rng = systemRng,
  log,
}: RetryOptions = {}): Layer {
  checkNumbers('retry', { maxAttempts, baseMs, maxMs, maxRetryAfterMs }, rules)
  const policy: RetryPolicy = { maxAttempts, baseMs, maxMs, maxRetryAfterMs }

  async function retryAfter<T>(first: unknown, call: Call, next: Next<T>): Promise<T> {
    const tries = new AppliedOverTries()
    let error = tries.failed(first)
    for (let attempt = 1; ; attempt++) {
      const decision = retryDecision(error, call, attempt, clock.now(), rng.float(), policy)
      if (!decision.retry) throw verdict(error, decision.why, call, attempt)
      log?.info(
        fieldsOf(call, error as CapabilityError, attempt, decision.delayMs),
        'capability call is tried again',
      )
      await pause(clock, decision.delayMs, call, appliedOf(error))
      // A pause can last longer than requested: the machine slept, or the event loop was busy.
      if (call.deadline !== undefined && clock.now() >= call.deadline)
        throw verdict(error, 'deadline', call, attempt)
      try {
        return await next({ ...call, attempt: attempt + 1 })
      } catch (again) {
        error = tries.failed(again)
      }
    }
  }

  return {
    name: 'retry',
    around(call, next) {
      const answer = next(call)
      if (call.isRetried || isImmediate(answer)) return answer
      return answer.then(undefined, (error: unknown) => retryAfter(error, call, next))
    },
  }
}

/** @param applied The combined `applied` of the tries before the pause. */
async function pause(clock: Clock, ms: number, call: Call, applied: Applied): Promise<void> {
  try {
    await clock.sleep(ms, { signal: call.signal })
  } catch (error) {
    throw call.signal?.aborted ? cancelled(call, applied) : error
  }
  if (call.signal?.aborted) throw cancelled(call, applied)
}

/** The error to throw. Errors that are not temporary, not replayable or no `CapabilityError` are returned unchanged. */
function verdict(error: unknown, why: NoRetry, call: Call, attempts: number): unknown {
  if (why === 'cancelled') return isKind(error, 'Cancelled') ? error : cancelled(call, appliedOf(error))
  if (why === 'not_temporary' || why === 'not_replayable' || !isCapabilityError(error)) return error
  return amended(error, { retryable: 'never', details: { attempts, gaveUp: why } })
}

function fieldsOf(
  { capability, operation, key }: Call,
  { kind, code }: CapabilityError,
  attempt: number,
  delayMs: number,
) {
  return { capability, operation, key, attempt, delayMs: Math.round(delayMs), kind, code }
}

const rules = {
  maxAttempts: countRule(),
  baseMs: timerRule(),
  maxMs: timerRule(),
  maxRetryAfterMs: timerRule(),
}
