import { describe, expect, it } from 'vitest'
import { longestLifeMs } from './numbers.ts'
import { retryPause } from './retry-pause.ts'

describe('retryPause', () => {
  const rule = { baseMs: 100, maxMs: 1_000, random: 0.5 }

  it('doubles with every attempt up to its bound', () => {
    const pauses = [1, 2, 3, 4, 5, 2_000].map((attempt) => retryPause({ ...rule, attempt }))
    expect(pauses).toEqual([50, 100, 200, 400, 500, 500])
  })

  it('is never shorter than what was asked, and spreads those who were asked the same', () => {
    const asked = [0, 0.25, 0.999].map((random) =>
      retryPause({ ...rule, random, attempt: 1, askedMs: 60_000 }),
    )
    expect(asked).toEqual([60_000, 60_025, 60_099.9])
    expect(retryPause({ ...rule, random: 0, attempt: 1, askedMs: -5 })).toBe(0)
  })

  it('is a finite number, whatever an error asks and however often was tried', () => {
    expect(retryPause({ ...rule, attempt: 1, askedMs: Number.NaN })).toBe(50)
    expect(retryPause({ ...rule, attempt: 1, askedMs: Number.POSITIVE_INFINITY })).toBe(longestLifeMs + 50)
    expect(retryPause({ ...rule, attempt: 2_000, baseMs: 0 })).toBe(0)
    const endless = { ...rule, maxMs: Number.POSITIVE_INFINITY, attempt: 2_000 }
    expect([0, 0.5].map((random) => retryPause({ ...endless, random }))).toEqual([0, longestLifeMs / 2])
  })
})
