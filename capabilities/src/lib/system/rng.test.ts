import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Rng } from '../rng/contract.ts'
import { seededRng } from '../rng/seeded-rng.ts'
import { integer, systemRng } from './rng.ts'

describe.each<[string, Rng]>([
  ['systemRng', systemRng],
  ['seededRng', seededRng(42)],
])('%s', (_, rng) => {
  it('gives as many bytes as asked for, and not the same ones twice', () => {
    expect(rng.bytes(1)).toHaveLength(1)
    expect(rng.bytes(65_536)).toHaveLength(65_536)
    expect(rng.bytes(32)).not.toEqual(rng.bytes(32))
    for (const bad of [0, -1, 1.5, 65_537, Number.NaN]) {
      expect(() => rng.bytes(bad)).toThrow(expect.objectContaining({ kind: 'InvalidInput' }))
    }
  })

  it('gives numbers in [0, 1), evenly', () => {
    const numbers = Array.from({ length: 10_000 }, () => rng.float())
    expect(numbers.every((number) => number >= 0 && number < 1)).toBe(true)
    const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.05)
  })

  it('gives every integer of a range and none outside', () => {
    const seen = new Set(Array.from({ length: 1000 }, () => rng.int(-2, 3)))
    expect([...seen].toSorted((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3])
    expect(rng.int(7, 7)).toBe(7)
    for (const [min, max] of [
      [1, 0],
      [0.5, 1],
      [0, Number.NaN],
      [-(2 ** 53) + 1, 2 ** 53 - 1],
    ] as const) {
      expect(() => rng.int(min, max)).toThrow(expect.objectContaining({ kind: 'InvalidInput' }))
    }
  })

  it('gives version 4 UUIDs', () => {
    const uuids = Array.from({ length: 100 }, () => rng.uuid())
    for (const uuid of uuids) {
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }
    expect(new Set(uuids).size).toBe(100)
  })
})

describe('seededRng', () => {
  it('gives the same again for the same seed, and something else for another', () => {
    const draw = (seed: number) => {
      const rng = seededRng(seed)
      return [rng.float(), rng.int(0, 1e9), rng.uuid(), ...rng.bytes(8)]
    }
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
  })
})

describe('integer', () => {
  it('stays within its bounds for any bounds', () => {
    fc.assert(
      fc.property(fc.integer(), fc.nat(), fc.integer({ min: 0, max: 2 ** 53 - 1 }), (min, span, drawn) => {
        const max = min + span
        const draws = [drawn, 0]
        const number = integer(min, max, () => draws.shift() ?? 0)
        expect(number).toBeGreaterThanOrEqual(min)
        expect(number).toBeLessThanOrEqual(max)
      }),
    )
  })

  it('draws again instead of favouring small numbers', () => {
    const draws = [2 ** 53 - 1, 5]
    expect(integer(0, 2, () => draws.shift() ?? 0)).toBe(2)
    expect(draws).toEqual([])
  })
})
