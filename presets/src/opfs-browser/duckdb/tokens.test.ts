import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoted, sqlTokens } from './tokens.ts'

const texts = (sql: string) => sqlTokens(sql).map(({ kind, text }) => `${kind}:${text}`)

describe('sqlTokens', () => {
  it.each([
    ["select 'it''s'", ['word:SELECT', "text:it's"]],
    ['"a ""b"" c"', ['name:a "b" c']],
    ["-- 'opfs://x'\nselect 1", ['word:SELECT', 'number:1']],
    ["-- 'opfs://x'\rselect 1", ['word:SELECT', 'number:1']],
    ["/* 'a' /* nested ' */ still */ 1", ['number:1']],
    ["/* open 'a'", []],
    ["$$ it's 'x' $$ 1", ["other:$$ it's 'x' $$", 'number:1']],
    ["$tag$ $$ 'x' $tag$, 1", ["other:$tag$ $$ 'x' $tag$", 'sign:,', 'number:1']],
    ["e'a\\'b' 'c'", ["other:e'a\\'b'", 'text:c']],
    ["E'a''b' c", ["other:E'a''b'", 'word:C']],
    ['a$b$c', ['word:A$B$C']],
    ['$1 ? ?2 $name', ['placeholder:$1', 'placeholder:?', 'placeholder:?2', 'placeholder:$name']],
    ["'open", ['text:open']],
    ["''", ['text:']],
    ["'é😀'", ['text:é😀']],
    ['a-1', ['word:A', 'sign:-', 'number:1']],
    ["x'00'", ['word:X', 'text:00']],
  ])('%s', (sql, expected) => {
    expect(texts(sql)).toEqual(expected)
  })

  it('tells where each token is, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'\'"$-/*\\eE?;([,])} a1\né😀', '$$', '--', '/*', '*/') }),
        (sql) => {
          let at = 0
          for (const { start, end } of sqlTokens(sql)) {
            expect(start).toBeGreaterThanOrEqual(at)
            expect(end).toBeGreaterThan(start)
            at = end
          }
          expect(at).toBeLessThanOrEqual(sql.length)
        },
      ),
    )
  })

  it('reads back what it quotes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...`'"$-/*\\E;é😀\n a`) }), (text) => {
        expect(sqlTokens(quoted(text))).toEqual([{ kind: 'text', text, start: 0, end: quoted(text).length }])
      }),
    )
  })

  it('takes time in proportion to the length', () => {
    const count = (sql: string) => sqlTokens(sql).length
    expect(count("'".repeat(100_001))).toBe(1)
    expect(count(`e'${'\\'.repeat(100_000)}`)).toBe(1)
    expect(count('/*'.repeat(50_000))).toBe(0)
    expect(count('$a'.repeat(50_000))).toBeGreaterThan(0)
  })
})
