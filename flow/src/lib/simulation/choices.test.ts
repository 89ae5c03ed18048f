import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Choices, decodeChoices, encodeChoices } from './choices.ts'

describe('the choices of a schedule', () => {
  const draw = (choices: Choices) => Array.from({ length: 50 }, () => choices.below(1000))

  it('are the same for the same seed, and others for another', () => {
    expect(draw(new Choices(7))).toEqual(draw(new Choices(7)))
    expect(draw(new Choices(7))).not.toEqual(draw(new Choices(8)))
  })

  it('are repeated from their record, whatever the seed', () => {
    const recorded = new Choices(7)
    const drawn = draw(recorded)
    expect(draw(new Choices(99, recorded.made))).toEqual(drawn)
  })

  it('are calm past the end of a record: the first of several, and no fault', () => {
    const choices = new Choices(1, [])
    expect(choices.below(10)).toBe(0)
    expect(choices.chance(0.99)).toBe(false)
  })

  it('make a fault as often as its rate says', () => {
    const choices = new Choices(3)
    const hits = Array.from({ length: 20_000 }, () => choices.chance(0.05)).filter(Boolean).length
    expect(hits).toBeGreaterThan(800)
    expect(hits).toBeLessThan(1200)
  })

  it('draw nothing for a fault that the class does not have', () => {
    const choices = new Choices(3)
    choices.chance(0)
    expect(choices.made).toEqual([])
  })

  it('come back from their text', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 65_535 }), { maxLength: 200 }), (made) => {
        const withoutEnd = made.slice(0, made.findLastIndex((value) => value !== 0) + 1)
        expect(decodeChoices(encodeChoices(made))).toEqual(withoutEnd)
      }),
    )
  })

  it.each(['x', '1.', '5.1-3.1', '0.1jfg', '99999999.1', '1.2.3-'])('refuse the text %j', (text) => {
    expect(() => decodeChoices(text)).toThrow(TypeError)
  })
})
