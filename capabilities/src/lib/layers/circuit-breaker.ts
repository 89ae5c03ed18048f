/** Stops asking a store that keeps failing, and tries it with one call before trusting it again. */
import type { Clock } from '../clock/contract.ts'
import { CapabilityError, isCapabilityError, isKind } from '../error.ts'
import { type Call, isImmediate, type Layer } from '../layer.ts'
import { systemClock } from '../system/clock.ts'
import { checkNumbers, countRule, timerRule } from '../numbers.ts'

export interface CircuitBreakerOptions {
  /** How many failures open the circuit. */
  readonly failures: number
  /**
   * Milliseconds within which they must fall, whatever succeeds in between. Default: no window; they must follow one
   * another without a success.
   */
  readonly windowMs?: number
  /** Milliseconds the circuit stays open before one call may probe the store. */
  readonly resetAfterMs: number
  /** Default the system clock. */
  readonly clock?: Clock
}

type Verdict = 'works' | 'fails' | 'unclear'

/**
 * While the circuit is open every call is `Unavailable` at once, with `retryAfterMs`. Failures of the store count;
 * refusals such as `NotFound` show that it works. One layer object is one circuit: resources that share it open together.
 */
export function circuitBreaker({
  failures,
  windowMs,
  resetAfterMs,
  clock = systemClock,
}: CircuitBreakerOptions): Layer {
  checkNumbers('circuitBreaker', { failures, resetAfterMs, windowMs }, rules)
  let failedAt: number[] = []
  /** Set while the circuit is open: the moment one call may probe. It moves on with each probe, so that one is enough. */
  let probeFrom: number | undefined
  /** Changes when the circuit opens or closes: answers to calls of an earlier era say nothing about this one. */
  let era = 0

  function close(): void {
    era += 1
    failedAt = []
    probeFrom = undefined
  }

  function open(): void {
    era += 1
    failedAt = []
    probeFrom = clock.monotonic() + resetAfterMs
  }

  function judge(verdict: Verdict): void {
    if (verdict === 'works' && windowMs === undefined && failedAt.length > 0) failedAt = []
    if (verdict !== 'fails') return
    const now = clock.monotonic()
    if (windowMs !== undefined) failedAt = failedAt.filter((at) => at > now - windowMs)
    failedAt.push(now)
    if (failedAt.length >= failures) open()
  }

  function judgeProbe(verdict: Verdict): void {
    if (verdict === 'works') close()
    else if (verdict === 'fails') open()
    else probeFrom = clock.monotonic()
  }

  function watch<T>(answer: Promise<T>, tell: (verdict: Verdict) => void): Promise<T> {
    if (isImmediate(answer)) {
      tell('works')
      return answer
    }
    const asked = era
    return answer.then(
      (value) => {
        if (asked === era) tell('works')
        return value
      },
      (error: unknown) => {
        if (asked === era) tell(verdictOf(error))
        throw error
      },
    )
  }

  return {
    name: 'circuitBreaker',
    around(call, next) {
      if (probeFrom === undefined) return watch(next(call), judge)
      const now = clock.monotonic()
      if (now < probeFrom) return Promise.reject(openCircuit(call, probeFrom - now))
      probeFrom = now + resetAfterMs
      return watch(next(call), judgeProbe)
    },
  }
}

/** What the outcome of a call says about the store. Kinds count also where a retry below has made them final. */
function verdictOf(error: unknown): Verdict {
  if (!isCapabilityError(error)) return 'fails'
  // A layer below that never asked the store has learnt nothing about it.
  if (error.kind === 'Cancelled' || error.details?.['outcome'] === 'not_started') return 'unclear'
  const failed =
    error.retryable === 'temporary' || isKind(error, 'RateLimited', 'Unavailable', 'Timeout', 'Unexpected')
  return failed ? 'fails' : 'works'
}

function openCircuit({ capability, operation, key }: Call, retryAfterMs: number): CapabilityError {
  return new CapabilityError('Unavailable', 'the store kept failing and is given a rest; try again later', {
    capability,
    operation,
    key,
    retryAfterMs,
    applied: 'no',
    details: { circuit: 'open', outcome: 'not_started' },
  })
}

const rules = { failures: countRule(), resetAfterMs: timerRule(1), windowMs: timerRule(1) }
