import fc from 'fast-check'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { compilePointer, parsePointer, toPointer, type ValueAt } from './pointer.ts'

describe('JSON Pointer', () => {
  it('finds what the RFC’s own examples find', () => {
    const document = {
      foo: ['bar', 'baz'],
      '': 0,
      'a/b': 1,
      'c%d': 2,
      'e^f': 3,
      'g|h': 4,
      'i\\j': 5,
      'k"l': 6,
      ' ': 7,
      'm~n': 8,
    }
    const found = (pointer: string) => compilePointer(pointer)(document)
    expect(found('')).toBe(document)
    expect(found('/foo')).toBe(document.foo)
    expect(found('/foo/0')).toBe('bar')
    expect(['/', '/a~1b', '/c%d', '/e^f', '/g|h', '/i\\j', '/k"l', '/ ', '/m~0n'].map(found)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8,
    ])
  })

  it('follows any path it was made from', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 5 }), fc.anything(), (path, value) => {
        const document = path.reduceRight<unknown>((inner, key) => Object.fromEntries([[key, inner]]), value)
        expect(parsePointer(toPointer(path))).toEqual(path)
        expect(Object.is(compilePointer(toPointer(path))(document), value)).toBe(true)
      }),
    )
  })

  it('finds nothing that is inherited, and nothing in what is no object', () => {
    for (const pointer of ['/toString', '/__proto__', '/constructor', '/a/length', '/b/c']) {
      expect(compilePointer(pointer)({ a: 'text', b: null })).toBeUndefined()
    }
    expect(compilePointer('/a')(undefined)).toBeUndefined()
  })

  it('refuses what is no pointer', () => {
    for (const bad of ['a', 'a/b', '/~', '/~2', '/a~']) expect(() => parsePointer(bad)).toThrow(TypeError)
  })

  it('has the type of what it points at', () => {
    interface Document {
      a: { b: readonly { c: boolean }[] }
      'x/y': 1
    }
    expectTypeOf<ValueAt<Document, '/a/b/0/c'>>().toEqualTypeOf<boolean>()
    expectTypeOf<ValueAt<Document, '/x~1y'>>().toEqualTypeOf<1>()
    expectTypeOf<ValueAt<Document, '/a/z'>>().toEqualTypeOf<never>()
    expectTypeOf<ValueAt<Document, ''>>().toEqualTypeOf<Document>()
  })
})
