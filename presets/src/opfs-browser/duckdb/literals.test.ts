import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { literal } from './literals.ts'
import { sqlTokens } from './tokens.ts'

describe('literal', () => {
  it.each([
    [null, 'NULL'],
    [true, 'TRUE'],
    [5, "CAST('5' AS INTEGER)"],
    [-(2 ** 31), "CAST('-2147483648' AS INTEGER)"],
    [2 ** 31, "CAST('2147483648' AS BIGINT)"],
    [2 ** 53, "CAST('9007199254740992' AS DOUBLE)"],
    [-0, "CAST('-0' AS DOUBLE)"],
    [0.1, "CAST('0.1' AS DOUBLE)"],
    [Number.NaN, "CAST('NaN' AS DOUBLE)"],
    [-Infinity, "CAST('-Infinity' AS DOUBLE)"],
    [5n, "CAST('5' AS BIGINT)"],
    [2n ** 64n, "CAST('18446744073709551616' AS HUGEINT)"],
    [new Date(-1), "epoch_ms(CAST('-1' AS BIGINT))"],
    [Uint8Array.of(0, 39, 255), String.raw`CAST('\x00\x27\xff' AS BLOB)`],
    ["it's", "'it''s'"],
    ['a\0', String.raw`decode(CAST('\x61\x00' AS BLOB))`],
  ] as const)('of %s', (value, text) => {
    expect(literal(value)).toBe(text)
  })

  it('is one token for any text without NUL, which stands for it', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'\'\\"$-/*;) é\n') }), (text) => {
        expect(sqlTokens(literal(text))).toMatchObject([{ kind: 'text', text }])
      }),
    )
  })
})
