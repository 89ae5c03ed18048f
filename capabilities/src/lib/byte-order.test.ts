import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareUtf8, firstIndex } from './byte-order.ts'

const encoder = new TextEncoder()
const text = fc.string({ unit: 'binary', maxLength: 6 })
/** Few units, chosen where UTF-16 and UTF-8 differ, so that long common beginnings are common. */
const awkward = fc.string({
  unit: fc.constantFrom('a', '\u00ff', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '\u{10ffff}'),
})

describe('compareUtf8', () => {
  it('orders well-formed text as its UTF-8 bytes', () => {
    fc.assert(
      fc.property(fc.oneof(text, awkward), fc.oneof(text, awkward), (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(
          Math.sign(compareBytes(encoder.encode(a), encoder.encode(b))),
        )
      }),
      { numRuns: 2000 },
    )
  })

  it('differs from UTF-16 order above the surrogates', () => {
    const keys = ['\u{10000}', '\uffff']
    expect(keys.toSorted()).toEqual(keys)
    expect(keys.toSorted(compareUtf8)).toEqual(keys.toReversed())
  })
})

describe('firstIndex', () => {
  it('finds where a sorted list passes a key', () => {
    fc.assert(
      fc.property(fc.uniqueArray(awkward), awkward, (keys, key) => {
        const sorted = keys.toSorted(compareUtf8)
        const expected = sorted.findIndex((other) => compareUtf8(other, key) > 0)
        expect(firstIndex(sorted, (other) => compareUtf8(other, key) > 0)).toBe(
          expected === -1 ? keys.length : expected,
        )
      }),
    )
  })
})

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const i = a.findIndex((byte, at) => byte !== b[at])
  if (i === -1) return a.length - b.length
  return (a[i] ?? 0) - (b[i] ?? -1)
}
