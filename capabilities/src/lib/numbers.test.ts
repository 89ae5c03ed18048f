import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { afterTimers } from './clock/after-timers.ts'
import {
  checkLimits,
  checkNumbers,
  countOrInfinityRule,
  countRule,
  lifeRule,
  limitRule,
  longestLifeMs,
  longestTimerMs,
  numberFault,
  timerRule,
} from './numbers.ts'
import { parseRetryAfter, retryAfterOf } from './retry-after.ts'
import { systemClock } from './system/clock.ts'
import { strangeNumbers } from './testing/numeric-option.ts'

describe('a rule for numbers', () => {
  it('takes what it says, for any number', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), fc.maxSafeInteger()), (value) => {
        expect(numberFault(value, countRule(1, 64)) === null).toBe(
          Number.isInteger(value) && value >= 1 && value <= 64,
        )
        expect(numberFault(value, countRule(0)) === null).toBe(Number.isSafeInteger(value) && value >= 0)
        expect(numberFault(value, timerRule()) === null).toBe(value >= 0 && value <= longestTimerMs)
        expect(numberFault(value, lifeRule) === null).toBe(value > 0 && value <= longestLifeMs)
        expect(numberFault(value, countOrInfinityRule(1)) === null).toBe(
          value === Infinity || (Number.isSafeInteger(value) && value >= 1),
        )
      }),
    )
  })

  it('says what fits, and repeats numbers only', () => {
    expect(numberFault(Number.NaN, countRule(1, 64))).toBe('must be a whole number from 1 to 64, not NaN')
    expect(numberFault(0.5, countOrInfinityRule(1))).toBe(
      'must be a whole number from 1 on, or Infinity, not 0.5',
    )
    expect(numberFault('a secret', timerRule(1))).toBe(
      'must be from 1 to 2147483647 milliseconds, not string',
    )
    expect(numberFault(0, lifeRule)).toBe('must be above 0 and at most 2147483647000 milliseconds, not 0')
    for (const value of strangeNumbers.filter((each) => typeof each !== 'number'))
      expect(numberFault(value, limitRule)).not.toBeNull()
  })

  it('is checked for options that are there, and for limits within limits', () => {
    expect(() => checkNumbers('it', {}, { a: countRule() })).not.toThrow()
    expect(() => checkNumbers('it', { a: 0 }, { a: countRule() })).toThrow('it: a must be')
    expect(() => checkLimits('it', { a: Infinity, sql: null, multipart: { c: 1 } })).not.toThrow()
    expect(() => checkLimits('it', { multipart: { c: -1 } })).toThrow('it: multipart: c must be')
  })
})

describe('Retry-After', () => {
  it('is seconds or a date, and at most what one timer can wait', () => {
    const now = Date.parse('2030-01-01T00:00:00Z')
    expect(parseRetryAfter('7', now)).toBe(7000)
    expect(parseRetryAfter('Tue, 01 Jan 2030 00:00:09 GMT', now)).toBe(9000)
    expect(parseRetryAfter('Tue, 01 Jan 2019 00:00:09 GMT', now)).toBe(0)
    expect(parseRetryAfter('9'.repeat(400), now)).toBe(longestTimerMs)
    expect(parseRetryAfter('Tue, 01 Jan 2199 00:00:09 GMT', now)).toBe(longestTimerMs)
    for (const none of [null, undefined, '', 'soon', '-1 s'])
      expect(parseRetryAfter(none, now)).toBeUndefined()
  })

  it('is taken with fractions of seconds, and no text passes for a date', () => {
    const now = Date.parse('2030-01-01T00:00:00Z')
    expect(parseRetryAfter('1.5', now)).toBe(1500)
    for (const none of [
      '-5',
      '+5',
      '5, 10',
      '1e3',
      '.5',
      'wait 2099',
      '2099-01-01',
      'Jan 2099',
      '01/01/2099',
    ])
      expect([none, parseRetryAfter(none, now)]).toEqual([none, undefined])
  })

  it('is a date by the clock of the answer, and by the own clock where the answer has none', () => {
    const now = Date.parse('2030-01-01T00:00:00Z')
    const later = 'Tue, 01 Jan 2030 00:00:09 GMT'
    expect(retryAfterOf(new Headers({ 'retry-after': later }), now)).toBe(9000)
    expect(
      retryAfterOf(new Headers({ 'retry-after': later, date: 'Tue, 01 Jan 2030 00:00:04 GMT' }), now),
    ).toBe(5000)
    expect(retryAfterOf(new Headers({ 'retry-after': later, date: 'today' }), now)).toBe(9000)
    expect(retryAfterOf(new Headers(), now)).toBeUndefined()
  })
})

describe('waits longer than one timer', () => {
  it('the system clock and one-shot timers wait them out, to the millisecond', async () => {
    vi.useFakeTimers()
    try {
      for (const ms of [longestTimerMs, longestTimerMs + 1, 3 * longestTimerMs + 7]) {
        let fired = 0
        afterTimers(ms, () => (fired += 1))
        void systemClock.sleep(ms).then(() => (fired += 1))
        await vi.advanceTimersByTimeAsync(ms - 1)
        expect(fired).toBe(0)
        await vi.advanceTimersByTimeAsync(1)
        expect(fired).toBe(2)
      }
      let fired = false
      const stop = afterTimers(2 * longestTimerMs, () => (fired = true))
      await vi.advanceTimersByTimeAsync(longestTimerMs + 5)
      stop()
      expect(vi.getTimerCount()).toBe(0)
      const leave = new AbortController()
      const sleeping = systemClock.sleep(2 * longestTimerMs, { signal: leave.signal })
      leave.abort(new Error('enough'))
      await expect(sleeping).rejects.toThrow('enough')
      expect([fired, vi.getTimerCount()]).toEqual([false, 0])
    } finally {
      vi.useRealTimers()
    }
  })

  it('a sleep that is no finite number is refused, and one of 0 or less is over at once', async () => {
    for (const ms of [Number.NaN, Infinity, -Infinity, '5' as never, undefined as never])
      await expect(systemClock.sleep(ms)).rejects.toMatchObject({ kind: 'InvalidInput' })
    await systemClock.sleep(0)
    await systemClock.sleep(-1e15)
  })
})
