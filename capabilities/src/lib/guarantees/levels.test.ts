import { describe, expect, expectTypeOf, it } from 'vitest'
import { type AtLeast, type Guarantee, type Level, levels, type Offered, rank } from './levels.ts'

describe('levels', () => {
  it('rank from weakest to strongest; unknown is below all', () => {
    for (const guarantee of Object.keys(levels) as Guarantee[]) {
      expect(levels[guarantee].map((level) => rank(guarantee, level))).toEqual(
        levels[guarantee].map((_, i) => i),
      )
      expect(rank(guarantee, 'unknown')).toBe(-1)
    }
  })

  it('are the ones the design names', () => {
    expect(levels).toEqual({
      consistency: ['eventual', 'strong'],
      durability: ['ephemeral', 'durable'],
      ttl: ['none', 'namespace_default', 'per_write'],
      delivery: ['at_most_once', 'at_least_once', 'exactly_once'],
      ordering: ['unordered', 'ordered'],
      reservation: ['best_effort', 'atomic'],
    })
  })

  it('AtLeast is the level and all stronger ones', () => {
    expectTypeOf<AtLeast<'consistency', 'eventual'>>().toEqualTypeOf<'eventual' | 'strong'>()
    expectTypeOf<AtLeast<'consistency', 'strong'>>().toEqualTypeOf<'strong'>()
    expectTypeOf<AtLeast<'ttl', 'none'>>().toEqualTypeOf<'none' | 'namespace_default' | 'per_write'>()
    expectTypeOf<AtLeast<'ttl', 'namespace_default'>>().toEqualTypeOf<'namespace_default' | 'per_write'>()
    expectTypeOf<AtLeast<'delivery', 'at_least_once'>>().toEqualTypeOf<'at_least_once' | 'exactly_once'>()
    expectTypeOf<AtLeast<'delivery', 'exactly_once'>>().toEqualTypeOf<'exactly_once'>()
  })

  it('AtLeast never holds unknown', () => {
    expectTypeOf<'unknown'>().not.toExtend<AtLeast<'consistency', 'eventual'>>()
    expectTypeOf<Offered<'consistency'>>().toEqualTypeOf<'eventual' | 'strong' | 'unknown'>()
    expectTypeOf<Level<'ordering'>>().toEqualTypeOf<'unordered' | 'ordered'>()
  })

  it('a level of another guarantee does not compile', () => {
    // @ts-expect-error durable is no consistency
    expectTypeOf<AtLeast<'consistency', 'durable'>>()
    // @ts-expect-error weak is no level
    expect(rank('consistency', 'weak')).toBe(-1)
  })
})
