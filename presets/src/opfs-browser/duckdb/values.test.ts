import { describe, expect, it } from 'vitest'
import type { ArrowField, ArrowType } from './module.ts'
import { converter, type Numbers, typeName } from './values.ts'

const field = (type: ArrowType, name = 'x'): ArrowField => ({ name, type })
const value = (type: ArrowType, of: unknown, numbers: Numbers = 'exact') =>
  converter(field(type), numbers)(of)

const int32 = { typeId: 2, bitWidth: 32, isSigned: true }
const int64 = { typeId: 2, bitWidth: 64, isSigned: true }
const utf8 = { typeId: 5 }
const decimal = (precision: number, scale: number) => ({ typeId: 7, precision, scale })
const words = (of: bigint) =>
  Uint32Array.from([0n, 32n, 64n, 96n], (at) => Number(BigInt.asUintN(32, of >> at)))

describe('converter', () => {
  it('gives null for what is absent, whatever the type', () => {
    expect(value(int64, null)).toBeNull()
    expect(value({ typeId: 1 }, undefined)).toBeNull()
  })

  it.each([
    [5, 2, 150n, '1.50'],
    [5, 2, -5n, '-0.05'],
    [5, 3, 0n, '0.000'],
    [38, 10, -(10n ** 37n), '-1000000000000000000000000000.0000000000'],
  ])('keeps DECIMAL(%i,%i) exactly', (precision, scale, of, text) => {
    expect(value(decimal(precision, scale), words(of))).toBe(text)
    expect(value(decimal(precision, scale), words(of), 'plain')).toBe(Number(text))
  })

  it.each([0n, 1n, -1n, 2n ** 127n - 1n, -(2n ** 127n)])('reads HUGEINT %i', (of) => {
    expect(value(decimal(38, 0), words(of))).toBe(of)
  })

  it('gives plain numbers where they are exact, and refuses where they are not', () => {
    expect(value(int64, 2n ** 53n - 1n, 'plain')).toBe(2 ** 53 - 1)
    expect(() => value(int64, 2n ** 53n, 'plain')).toThrow(expect.objectContaining({ kind: 'LimitExceeded' }))
    expect(() => value(decimal(38, 0), words(2n ** 64n), 'plain')).toThrow(/"x" holds 18446744073709551616/)
  })

  it('gives dates of what either version of Arrow gives', () => {
    const date = new Date('2024-02-03T00:00:00Z')
    expect(value({ typeId: 8, unit: 0 }, date)).toEqual(date)
    expect(value({ typeId: 8, unit: 0 }, date.getTime())).toEqual(date)
    expect(value({ typeId: 10, unit: 2 }, date.getTime() + 0.789)).toEqual(date)
    expect(value({ typeId: 10, unit: 2 }, -0.5)).toEqual(new Date(-1))
  })

  it.each([
    [2, 3_723_500_000n, '01:02:03.5'],
    [2, 0n, '00:00:00'],
    [2, 86_399_999_999n, '23:59:59.999999'],
    [0, 61n, '00:01:01'],
  ])('gives TIME as text', (unit, of, text) => {
    expect(value({ typeId: 9, unit }, of)).toBe(text)
  })

  it('copies bytes', () => {
    const heap = Uint8Array.of(1, 2)
    const bytes = value({ typeId: 4 }, heap)
    heap[0] = 9
    expect(bytes).toEqual(Uint8Array.of(1, 2))
  })

  it('goes into lists, structs and maps', () => {
    const struct = { typeId: 13, children: [field(int64, 'a'), field(utf8, '__proto__')] }
    const list = { typeId: 12, children: [field(struct)] }
    const given = [{ a: 1n, ['__proto__']: 'p' }, null]
    const [first, second] = value(list, given) as [Record<string, unknown>, null]
    expect(Object.entries(first)).toEqual([
      ['a', 1n],
      ['__proto__', 'p'],
    ])
    expect(second).toBeNull()
    const entry = { typeId: 13, children: [field(int32, 'key'), field(utf8, 'value')] }
    const map = { typeId: 17, children: [field(entry)] }
    expect(value(map, [[1, 'a']])).toEqual([{ key: 1, value: 'a' }])
    expect(typeName(map)).toBe('MAP(INTEGER, VARCHAR)')
    expect(typeName(list)).toBe('STRUCT(a BIGINT, __proto__ VARCHAR)[]')
  })

  it('refuses intervals, with advice', () => {
    expect(() => converter(field({ typeId: 11 }), 'exact')).toThrow(/INTERVAL.*cast it to VARCHAR/)
  })
})
