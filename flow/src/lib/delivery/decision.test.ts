import { CapabilityError } from '@flowport/capabilities'
import { describe, expect, it } from 'vitest'
import { RunError, type RunFailure } from '../runtime/errors.ts'
import { decide } from './decision.ts'

const trigger = { maxAttempts: 4, backoffMs: 1_000 }
const failure = (kind: RunFailure, cause?: unknown) => new RunError(kind, 'failed', { flow: 'f', cause })
const first = { attempt: 1, reject: () => true }
const at = (attempt: number) => ({ attempt, reject: () => true })
const half = { random: () => 0.5 }

describe('decide', () => {
  it('is done with what worked, even while closing', () => {
    expect(decide(undefined, true, at(99), trigger)).toEqual({ outcome: 'done' })
  })

  it('tries again after a pause that doubles, up to an hour', () => {
    const error = failure('NodeFailed', new Error('bug'))
    const delays = [1, 2, 3].map((attempt) => decide(error, false, at(attempt), trigger, half))
    expect(delays).toEqual([500, 1_000, 2_000].map((delayMs) => ({ outcome: 'retried', delayMs, error })))
    const patient = { maxAttempts: undefined, backoffMs: 1_000 }
    expect(decide(error, false, at(1_000), patient, half)).toMatchObject({ delayMs: 1_800_000 })
  })

  it('adds the jitter to what the store asked for, however deep that is', () => {
    const limited = new CapabilityError('RateLimited', 'slow down', { retryAfterMs: 7_000 })
    const wrapped = failure('NodeFailed', new Error('cannot charge', { cause: limited }))
    expect(decide(wrapped, false, first, trigger, half)).toMatchObject({ outcome: 'retried', delayMs: 7_500 })
  })

  it('waits no longer than the queue can delay', () => {
    const limited = new CapabilityError('RateLimited', 'slow down', { retryAfterMs: 86_400_000 })
    const options = { ...half, maxDelayMs: 43_200_000 }
    expect(decide(failure('NodeFailed', limited), false, first, trigger, options)).toMatchObject({
      delayMs: 43_200_000,
    })
  })

  it('sets aside what does not fit, and what has had its attempts', () => {
    const poison = failure('InvalidInput')
    expect(decide(poison, false, first, trigger)).toEqual({ outcome: 'rejected', error: poison })
    const error = failure('DeadlineExceeded')
    expect(decide(error, false, at(3), trigger)).toMatchObject({ outcome: 'retried' })
    expect(decide(error, false, at(4), trigger)).toEqual({ outcome: 'rejected', error })
  })

  it('hands it back at once until the queue sets it aside, where the host cannot', () => {
    const error = failure('InvalidInput')
    expect(decide(error, false, { attempt: 1 }, trigger)).toEqual({ outcome: 'retried', delayMs: 0, error })
    expect(decide(failure('NodeFailed'), false, { attempt: 4 }, trigger)).toMatchObject({ delayMs: 0 })
  })

  it('gives back what the closing host stopped, attempts left or not', () => {
    for (const kind of ['Draining', 'Cancelled'] as const) {
      const error = failure(kind)
      expect(decide(error, true, at(4), trigger)).toEqual({ outcome: 'returned', error })
    }
  })

  it('counts a fault of the flow as one, also while the host closes', () => {
    expect(decide(failure('NodeFailed'), true, first, trigger)).toMatchObject({ outcome: 'retried' })
    expect(decide(failure('Cancelled'), false, first, trigger)).toMatchObject({ outcome: 'retried' })
  })
})
