import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { type Guarantee, levels } from './levels.ts'
import { type Accepted, describeRequirement, type Requirement, satisfies } from './requirement.ts'

const guarantees = Object.keys(levels) as Guarantee[]
const anyLevel = fc.constantFrom(...guarantees).chain((guarantee) =>
  fc.record({
    guarantee: fc.constant(guarantee),
    offered: fc.nat(levels[guarantee].length - 1),
    wanted: fc.nat(levels[guarantee].length - 1),
  }),
)

describe('satisfies', () => {
  it('takes a level for "at least"', () => {
    expect(satisfies('consistency', 'strong', 'eventual')).toBe(true)
    expect(satisfies('consistency', 'eventual', 'strong')).toBe(false)
    expect(satisfies('ttl', 'per_write', { at_least: 'namespace_default' })).toBe(true)
    expect(satisfies('ttl', 'none', { at_least: 'namespace_default' })).toBe(false)
  })

  it('takes any_of at its word: a stronger level that is not named does not do', () => {
    expect(satisfies('delivery', 'at_least_once', { any_of: ['at_least_once'] })).toBe(true)
    expect(satisfies('delivery', 'exactly_once', { any_of: ['at_least_once'] })).toBe(false)
    expect(satisfies('delivery', 'exactly_once', { any_of: [] })).toBe(false)
  })

  it('is never met by what is unknown or not there', () => {
    for (const guarantee of guarantees) {
      for (const level of levels[guarantee]) {
        for (const requirement of [level, { at_least: level }, { any_of: [level] }]) {
          expect(satisfies(guarantee, 'unknown', requirement as Requirement<typeof guarantee>)).toBe(false)
          expect(satisfies(guarantee, undefined, requirement as Requirement<typeof guarantee>)).toBe(false)
        }
      }
    }
  })

  it('is not met by a requirement that names no level', () => {
    expect(satisfies('consistency', 'strong', 'weak' as 'eventual')).toBe(false)
  })

  it('follows the order of the levels', () => {
    fc.assert(
      fc.property(anyLevel, ({ guarantee, offered, wanted }) => {
        const [offer, want] = [levels[guarantee][offered], levels[guarantee][wanted]]
        expect(satisfies(guarantee, offer, want as Requirement<typeof guarantee>)).toBe(offered >= wanted)
      }),
    )
  })
})

describe('describeRequirement', () => {
  it('says it in words', () => {
    expect(describeRequirement('consistency', 'strong')).toBe('strong')
    expect(describeRequirement('consistency', { at_least: 'eventual' })).toBe('at least eventual')
    expect(describeRequirement('ttl', { any_of: ['none', 'per_write'] })).toBe('one of none, per_write')
  })
})

describe('Accepted', () => {
  it('is the levels that meet the requirement', () => {
    expectTypeOf<Accepted<'consistency', 'eventual'>>().toEqualTypeOf<'eventual' | 'strong'>()
    expectTypeOf<Accepted<'consistency', 'strong'>>().toEqualTypeOf<'strong'>()
    expectTypeOf<Accepted<'ttl', { readonly at_least: 'namespace_default' }>>().toEqualTypeOf<
      'namespace_default' | 'per_write'
    >()
    expectTypeOf<
      Accepted<'delivery', { readonly any_of: readonly ['at_least_once'] }>
    >().toEqualTypeOf<'at_least_once'>()
    expectTypeOf<Accepted<'ttl', { readonly any_of: readonly ('none' | 'per_write')[] }>>().toEqualTypeOf<
      'none' | 'per_write'
    >()
  })

  it('is nothing for what is no requirement', () => {
    expectTypeOf<Accepted<'consistency', 'durable'>>().toBeNever()
    expectTypeOf<Accepted<'consistency', { readonly at_least: 'durable' }>>().toBeNever()
  })

  it('only requirements of the guarantee compile', () => {
    // @ts-expect-error durable is no consistency
    const wrong: Requirement<'consistency'> = { at_least: 'durable' }
    expect(wrong).toBeDefined()
  })
})
