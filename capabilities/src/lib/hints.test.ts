import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  determinismAllows,
  determinisms,
  effectCovers,
  effects,
  hintFor,
  impliedDeterminism,
  impliedEffect,
  type Hint,
} from './hints.ts'
import { domains } from './guarantees/domains.ts'
import { operations } from './operations.ts'

describe('hintFor', () => {
  it.each([
    ['kv', 'read', 'resource::kv::read', 'read_only', 'best_effort'],
    ['kv', 'write', 'resource::kv::write', 'effectful', 'best_effort'],
    ['kv:sessions', 'read', 'resource::kv::read', 'read_only', 'best_effort'],
    ['blob', 'write', 'resource::blob::write', 'effectful', 'best_effort'],
    ['queue', 'publish', 'resource::queue::publish', 'effectful', 'best_effort'],
    ['queue', 'consume', 'resource::queue::consume', 'effectful', 'best_effort'],
    ['dedupe', 'write', 'resource::dedupe::write', 'effectful', 'best_effort'],
    ['state', 'read', 'resource::state::read', 'read_only', 'best_effort'],
    ['state:rooms', 'write', 'resource::state::write', 'effectful', 'best_effort'],
    ['http', 'read', 'resource::http::read', 'read_only', 'best_effort'],
    ['clock', 'read', 'resource::clock', 'pure', 'best_effort'],
    ['rng', 'read', 'resource::rng', 'pure', 'best_effort'],
    ['secrets', 'read', 'resource::secrets', 'pure', 'strict'],
  ])(
    '%s %s is %s: at least %s, at strictest %s',
    (resource, access, name, minEffect, strictestDeterminism) => {
      expect(hintFor(resource, access)).toEqual({ name, minEffect, strictestDeterminism })
    },
  )

  it('knows no other domain, also none that only starts like one', () => {
    for (const name of ['sql', 'kvx', 'kvx:a', '', ':kv', 'KV', '__proto__'])
      expect(hintFor(name, 'read')).toBeNull()
  })

  it('takes an access it does not know for the strongest effect', () => {
    expect(hintFor('kv', 'whatever')?.minEffect).toBe('effectful')
  })

  it('has a hint for every domain', () => {
    for (const domain of domains) expect(hintFor(domain, 'read')).not.toBeNull()
    expect(Object.keys(operations).toSorted()).toEqual([...domains].toSorted())
  })
})

describe('effects and determinism', () => {
  it('are ordered', () => {
    expect(effectCovers('effectful', 'pure')).toBe(true)
    expect(effectCovers('read_only', 'read_only')).toBe(true)
    expect(effectCovers('pure', 'read_only')).toBe(false)
    expect(determinismAllows('nondeterministic', 'best_effort')).toBe(true)
    expect(determinismAllows('best_effort', 'best_effort')).toBe(true)
    expect(determinismAllows('strict', 'best_effort')).toBe(false)
  })

  const hints: fc.Arbitrary<Hint[]> = fc.array(
    fc.record({
      name: fc.constant('resource::kv::read'),
      minEffect: fc.constantFrom(...effects),
      strictestDeterminism: fc.constantFrom(...determinisms),
    }),
  )

  it('implied of no hints are the strictest', () => {
    expect([impliedEffect([]), impliedDeterminism([])]).toEqual(['pure', 'strict'])
  })

  it('implied of hints cover each of them, and are the least that do', () => {
    fc.assert(
      fc.property(hints, (some) => {
        const effect = impliedEffect(some)
        const determinism = impliedDeterminism(some)
        for (const hint of some) {
          expect(effectCovers(effect, hint.minEffect)).toBe(true)
          expect(determinismAllows(determinism, hint.strictestDeterminism)).toBe(true)
        }
        expect(effect === 'pure' || some.some(({ minEffect }) => minEffect === effect)).toBe(true)
        expect(
          determinism === 'strict' ||
            some.some(({ strictestDeterminism }) => strictestDeterminism === determinism),
        ).toBe(true)
      }),
    )
  })

  it('do not depend on the order of the hints', () => {
    fc.assert(
      fc.property(hints, (some) => {
        expect(impliedEffect(some.toReversed())).toBe(impliedEffect(some))
        expect(impliedDeterminism(some.toReversed())).toBe(impliedDeterminism(some))
      }),
    )
  })
})
