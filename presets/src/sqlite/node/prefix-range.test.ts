import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endOfPrefix } from './prefix-range.ts'

const texts = fc.string({ unit: 'binary', maxLength: 6 }).filter((text) => text.isWellFormed())
const compare = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))

describe('the end of a prefix', () => {
  it('sorts after all that begins with it, and nothing else lies between', () => {
    fc.assert(
      fc.property(texts, texts, (prefix, text) => {
        const end = endOfPrefix(prefix)
        const isInRange = compare(text, prefix) >= 0 && (end === null || compare(text, end) < 0)
        expect(isInRange).toBe(text.startsWith(prefix))
        expect(end === null || compare(prefix + text, end) < 0).toBe(true)
      }),
    )
  })

  it('skips the surrogates and what cannot grow', () => {
    expect(endOfPrefix('a')).toBe('b')
    expect(endOfPrefix('a\ud7ff')).toBe('a\ue000')
    expect(endOfPrefix('a\u{10ffff}')).toBe('b')
    expect(endOfPrefix('\u{10ffff}')).toBeNull()
    expect(endOfPrefix('')).toBeNull()
  })
})
