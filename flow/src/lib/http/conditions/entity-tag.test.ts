import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { entityTagOf, parseTagList, tagText } from './entity-tag.ts'

describe('entity tags', () => {
  it('are read as they were written', () => {
    const tag = fc.record({ opaque: fc.stringMatching(/^[!#-~]{1,20}$/), weak: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(tag, { minLength: 1 }),
        fc.constantFrom(',', ', ', ' ,\t', ',,'),
        (tags, between) => {
          expect(parseTagList(tags.map(tagText).join(between))).toEqual(tags)
        },
      ),
    )
  })

  it('of any text are read or refused, in time that grows with its length', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const list = parseTagList(text)
        expect(list === null || list === '*' || list.length > 0).toBe(true)
      }),
    )
    // Time that grows with the square of the length would run into the time limit of the test.
    for (const hostile of [' '.repeat(200_000), `"x"${' '.repeat(200_000)}x`, '"x",'.repeat(50_000)])
      expect(parseTagList(hostile)).toBeDefined()
  })

  it.each([
    ['abc', { opaque: 'abc', weak: false }, '"abc"'],
    ['W/abc', { opaque: 'abc', weak: true }, 'W/"abc"'],
    ['0x8DA', { opaque: '0x8DA', weak: false }, '"0x8DA"'],
  ])('of a store’s etag %s keep its strength', (etag, tag, text) => {
    expect(entityTagOf(etag)).toEqual(tag)
    expect(tagText(tag)).toBe(text)
  })

  it.each(['', 'W/none', 'W/none-1', 'W/', 'a"b', 'a b', 'a\r\nb', 'é'])('are not made of "%s"', (etag) => {
    expect(entityTagOf(etag)).toBeNull()
  })
})
