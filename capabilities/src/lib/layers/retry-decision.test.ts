import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CapabilityError, type CapabilityErrorOptions, errorKinds } from '../error.ts'
import type { Call } from '../layer.ts'
import { retryDecision, type RetryPolicy } from './retry-decision.ts'

const now = Date.UTC(2030, 0, 1)
const policy: RetryPolicy = { maxAttempts: 3, baseMs: 100, maxMs: 5000, maxRetryAfterMs: 60_000 }

function call(changes: Partial<Call> = {}): Call {
  return {
    capability: 'kv',
    operation: 'get',
    key: 'k',
    effect: 'read',
    replayable: true,
    attempt: 1,
    signal: undefined,
    deadline: undefined,
    ...changes,
  }
}

function failure(options: CapabilityErrorOptions = {}): CapabilityError {
  return new CapabilityError('Unavailable', 'down', options)
}

const randoms = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const attempts = fc.integer({ min: 1, max: 100 })
const policies: fc.Arbitrary<RetryPolicy> = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 50 }),
  baseMs: fc.integer({ min: 0, max: 10_000 }),
  maxMs: fc.integer({ min: 0, max: 100_000 }),
  maxRetryAfterMs: fc.integer({ min: 0, max: 100_000 }),
})

describe('retryDecision', () => {
  it('retries temporary errors of replayable calls', () => {
    expect(retryDecision(failure(), call(), 1, now, 0.5, policy)).toEqual({ retry: true, delayMs: 50 })
    expect(retryDecision(failure(), call(), 2, now, 0.5, policy)).toEqual({ retry: true, delayMs: 100 })
  })

  it('says why it does not', () => {
    const why = (error: unknown, changes: Partial<Call>, attempt = 1) =>
      retryDecision(error, call(changes), attempt, now, 0.5, policy)
    expect(why(failure({ retryable: 'never' }), {})).toEqual({ retry: false, why: 'not_temporary' })
    expect(why(new Error('bug'), {})).toEqual({ retry: false, why: 'not_temporary' })
    expect(why(failure(), { replayable: false })).toEqual({ retry: false, why: 'not_replayable' })
    expect(why(failure(), { body: { touched: true } })).toEqual({ retry: false, why: 'not_replayable' })
    expect(why(failure(), { body: { touched: false } })).toMatchObject({ retry: true })
    expect(why(failure(), { signal: AbortSignal.abort() })).toEqual({ retry: false, why: 'cancelled' })
    expect(why(failure(), {}, 3)).toEqual({ retry: false, why: 'exhausted' })
    expect(why(failure(), { deadline: now + 50 })).toEqual({ retry: false, why: 'deadline' })
    expect(why(failure(), { deadline: now + 51 })).toMatchObject({ retry: true })
    expect(why(failure({ retryAfterMs: 60_001 }), {})).toEqual({ retry: false, why: 'asked_too_long' })
  })

  it('retries no kind that is not temporary by default', () => {
    const retried = errorKinds.filter(
      (kind) => retryDecision(new CapabilityError(kind, 'x'), call(), 1, now, 0, policy).retry,
    )
    expect(retried).toEqual(['RateLimited', 'Unavailable', 'Timeout'])
  })

  it('never tries more than maxAttempts times', () => {
    fc.assert(
      fc.property(policies, attempts, randoms, (any, attempt, random) => {
        const decision = retryDecision(failure(), call(), attempt, now, random, any)
        expect(decision.retry).toBe(attempt < any.maxAttempts)
      }),
    )
  })

  it('pauses between nothing and the doubling bound, never above maxMs', () => {
    fc.assert(
      fc.property(policies, attempts, randoms, (any, attempt, random) => {
        const decision = retryDecision(failure(), call(), attempt, now, random, { ...any, maxAttempts: 1000 })
        if (!decision.retry) return expect.fail('it must retry')
        expect(decision.delayMs).toBeGreaterThanOrEqual(0)
        expect(decision.delayMs).toBeLessThanOrEqual(Math.min(any.maxMs, any.baseMs * 2 ** (attempt - 1)))
      }),
    )
  })

  it('uses the whole pause: half the randomness, half the pause', () => {
    fc.assert(
      fc.property(policies, attempts, randoms, (any, attempt, random) => {
        const at = (chance: number) =>
          retryDecision(failure(), call(), attempt, now, chance, { ...any, maxAttempts: 1000 })
        const [whole, half] = [at(random), at(random / 2)]
        if (!whole.retry || !half.retry) return expect.fail('it must retry')
        expect(half.delayMs).toBeCloseTo(whole.delayMs / 2)
      }),
    )
  })

  it('waits at least as long as the store asks', () => {
    fc.assert(
      fc.property(policies, fc.integer({ min: 0, max: 100_000 }), randoms, (any, retryAfterMs, random) => {
        const decision = retryDecision(failure({ retryAfterMs }), call(), 1, now, random, {
          ...any,
          maxAttempts: 9,
        })
        expect(decision.retry).toBe(retryAfterMs <= any.maxRetryAfterMs)
        if (decision.retry) expect(decision.delayMs).toBeGreaterThanOrEqual(retryAfterMs)
      }),
    )
  })

  it('never starts a try at or after the deadline', () => {
    const leftMs = fc.integer({ min: -1000, max: 20_000 })
    fc.assert(
      fc.property(policies, attempts, randoms, leftMs, leftMs, (any, attempt, random, left, retryAfterMs) => {
        const decision = retryDecision(
          failure({ retryAfterMs }),
          call({ deadline: now + left }),
          attempt,
          now,
          random,
          any,
        )
        if (decision.retry) expect(decision.delayMs).toBeLessThan(left)
      }),
    )
  })
})
