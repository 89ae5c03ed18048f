import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Duration, toMilliseconds } from './duration.ts'

describe('a duration', () => {
  it('is read with its unit', () => {
    const read: readonly [Duration, number][] = [
      [0, 0],
      [15, 15],
      ['250ms', 250],
      ['30s', 30_000],
      ['1.5m', 90_000],
      ['12h', 43_200_000],
      ['1d', 86_400_000],
    ]
    for (const [text, ms] of read) expect(toMilliseconds(text)).toBe(ms)
  })

  it('scales with its number', () => {
    fc.assert(
      fc.property(fc.nat(10_000), (n) => {
        expect(toMilliseconds(`${n}m`)).toBe(60 * toMilliseconds(`${n}s`))
      }),
    )
  })

  it('is refused when it is none', () => {
    for (const bad of [
      '',
      '5',
      '5 s',
      's',
      '-1s',
      '1w',
      '1e3s',
      'NaNs',
      Number.NaN,
      -1,
      Number.POSITIVE_INFINITY,
    ]) {
      expect(() => toMilliseconds(bad as Duration)).toThrow(TypeError)
    }
  })
})
