import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hash, indexName, objectName } from './object-names.ts'

describe('objectName', () => {
  it('is the store and the key where each key has an object', () => {
    expect(objectName({ name: 'orders', shards: undefined }, 't:order-1')).toBe('orders/t:order-1')
  })

  it('is one of so many where keys share objects, today and ever', () => {
    const naming = { name: 'orders', shards: 16 }
    // Which numbers these are does not matter, but they must never change: records lie where they say.
    expect(['t:order-1', 't:order-2', 'b:AAEC', 't:Grüße'].map((key) => objectName(naming, key))).toEqual([
      'orders#2/16',
      'orders#5/16',
      'orders#7/16',
      'orders#13/16',
    ])
  })

  it('keeps stores, numbers of shards and ways apart', () => {
    const key = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => `t:${text}`)
    const shards = fc.option(fc.integer({ min: 1, max: 64 }), { nil: undefined })
    const naming = fc.record({ name: fc.constantFrom('a', 'b', 'default'), shards })
    fc.assert(
      fc.property(naming, naming, key, (one, other, key) => {
        const same = one.name === other.name && one.shards === other.shards
        expect(objectName(one, key) === objectName(other, key)).toBe(same)
      }),
    )
  })

  it('names no object like the index of a store', () => {
    expect(indexName('orders')).toBe('orders#unknown')
    for (const shards of [undefined, 1, 16])
      for (const key of ['t:unknown', 't:#unknown', `t:${'k'.repeat(600)}`])
        expect(objectName({ name: 'orders', shards }, key)).not.toBe(indexName('orders'))
  })

  it('names objects of long keys by a hash of them', () => {
    const naming = { name: 'orders', shards: undefined }
    expect(objectName(naming, 'k'.repeat(512))).toBe(`orders/${'k'.repeat(512)}`)
    expect(objectName(naming, 'ü'.repeat(256))).toBe(`orders/${'ü'.repeat(256)}`)
    const long = objectName(naming, 'k'.repeat(513))
    expect(long).toMatch(/^orders#[0-9a-f]{16}$/)
    expect(objectName(naming, `${'k'.repeat(512)}l`)).not.toBe(long)
  })

  it('spreads keys that differ little evenly over the shards', () => {
    for (const shards of [2, 7, 16, 64]) {
      const counts = new Map<string, number>()
      const keys = 1000 * shards
      for (let i = 0; i < keys; i++) {
        const name = objectName({ name: 's', shards }, `t:order-${i}`)
        counts.set(name, (counts.get(name) ?? 0) + 1)
      }
      expect(counts.size).toBe(shards)
      for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(200)
    }
  })
})

describe('hash', () => {
  it('is of the UTF-8 bytes, 32 bits without a sign', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (text, seed) => {
        const value = hash(text, seed)
        expect(Number.isInteger(value) && value >= 0 && value < 2 ** 32).toBe(true)
      }),
    )
  })
})
