import type { StandardSchemaV1 } from '@standard-schema/spec'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { blobBody, type BodyBinding, multipartBody } from '../body.ts'
import { flow } from '../flow.ts'
import { opaque, SchemaError } from '../schema.ts'
import { http, type HttpTrigger } from '../trigger.ts'
import { validateApp } from '../validate/validate-app.ts'
import { fillKey } from './fill-key.ts'
import { parseKeyTemplate } from './key-template.ts'

const Order = z.object({ order: z.string(), page: z.coerce.number(), note: z.string().optional() })
const files = (key: string): BodyBinding => multipartBody('files', { key })

describe('a template of keys', () => {
  it('whose field the schema lacks, leaves optional or has as no text does not compile', () => {
    const check = () => {
      http.post('/a', { input: Order, body: multipartBody('f', { key: 'a/{order}/{page}/{file.sha256}' }) })
      http.post('/a', { input: Order, body: multipartBody('f', { key: 'a/{file.name}' }) })
      http.put('/a/:order', { input: Order, body: blobBody('f', { key: 'a/{order}/{file.sha256}' }) })
      http.post('/a', {
        input: opaque<{ b: bigint }>(),
        body: multipartBody('f', { key: '{b}/{file.field}' }),
      })
      // @ts-expect-error the schema has no field "oder"
      http.post('/a', { input: Order, body: multipartBody('f', { key: 'a/{oder}/{file.sha256}' }) })
      // @ts-expect-error the schema has no field "name"
      http.put('/a/:order', { input: Order, body: blobBody('f', { key: 'a/{name}' }) })
      // @ts-expect-error "note" is optional
      http.post('/a', { input: Order, body: multipartBody('f', { key: 'a/{note}/{file.sha256}' }) })
      const Nested = z.object({ order: z.object({ id: z.string() }) })
      // @ts-expect-error "order" is an object
      http.post('/a', { input: Nested, body: multipartBody('f', { key: 'a/{order}/{file.sha256}' }) })
    }
    expect(check).toBeTypeOf('function')
  })

  it.each<[string, string, StandardSchemaV1, readonly string[]]>([
    ['all fields there', '{order}/{page}', Order, []],
    ['a missing field', '{oder}/{page}', Order, ['oder']],
    ['an optional field', '{note}', Order, ['note']],
    ['an optional field with a default', '{note}', z.object({ note: z.string().default('x') }), []],
    ['an object', '{order}', z.object({ order: z.object({}) }), ['order']],
    ['a field named twice', '{oder}/{oder}', Order, ['oder']],
    ['facts of the file', '{file.name}/{file.field}/{file.sha256}', Order, []],
    ['an open object', '{other}', z.looseObject({}), []],
    ['a union that lacks it once', '{a}', z.union([z.object({ a: z.string() }), z.object({})]), ['a']],
    ['an intersection', '{a}', z.intersection(z.object({ a: z.string() }), Order), []],
    ['no schema', '{a}', opaque<unknown>(), []],
  ])('is checked at run time, too: %s', (_name, key, input, wrong) => {
    const raw: readonly BodyBinding[] = key.includes('{file.') ? [] : [blobBody('file', { key })]
    for (const body of [files(key), ...raw]) {
      const trigger: HttpTrigger = { ...http.post('/a', { input }), body }
      const found = validateApp({ flows: [flow('f', { trigger, graph: (it) => it })] })
      expect(found.filter(({ code }) => code === 'DAG210').map(({ details }) => details?.['field'])).toEqual(
        wrong,
      )
    }
  })

  it.each([
    ['{order', /brace/],
    ['order}', /brace/],
    ['a/{}', /names no field/],
    ['a/{file.sha265}', /\{file\.sha265\} is not known here; use \{file\.sha256\}/],
    ['{a}{b}', /two values follow each other/],
    ['a//{b}', /path of segments/],
    ['/{b}', /path of segments/],
    ['{b}/', /path of segments/],
    ['../{b}', /path of segments/],
    ['', /path of segments|empty/],
    ['.flowport/uploads/{b}', /reserved/],
  ])('that is wrong is refused when the route is declared: %s', (key, message) => {
    expect(() => files(key)).toThrow(TypeError)
    expect(() => files(key)).toThrow(message)
  })

  it('of a raw body has no name and no field of a form', () => {
    expect(() => blobBody('file', { key: '{file.name}' })).toThrow(/not known here; use \{file.sha256\}$/)
    expect(() => blobBody('file', { key: '{file.field}' })).toThrow(TypeError)
  })
})

describe('fillKey', () => {
  const fill = (text: string, input: unknown, file: Parameters<typeof fillKey>[1]['file'] = {}) =>
    fillKey(parseKeyTemplate(text, 'file'), { input, file, place: ['files', 0] })

  it('takes text, numbers and booleans', () => {
    const input = { a: 'ä b', b: 7, c: 9007199254740993n, d: false }
    expect(fill('x/{a}/{b}-{c}.{d}', input)).toBe('x/ä b/7-9007199254740993.false')
    expect(fill('{file.field}/{file.name}', {}, { name: 'n', field: 'f' })).toBe('f/n')
  })

  it('points at every value that cannot be part of a key', () => {
    const input = { 'a/b': '..', nan: Number.NaN, object: {}, date: new Date(0) }
    try {
      fill('{a/b}/{nan}/{object}/{date}/{toString}/{file.name}', input, { name: 'x/y' })
      expect.unreachable()
    } catch (error) {
      expect(error).toBeInstanceOf(SchemaError)
      expect((error as SchemaError).issues.map(({ pointer }) => pointer)).toEqual([
        '/a~1b',
        '/nan',
        '/object',
        '/date',
        '/toString',
        '/files/0',
      ])
    }
  })

  it('makes another key of other values, inside the same folders, or none', () => {
    const value = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('.', '..', '/', '\\', 'a/b', ''))
    const pair = fc.tuple(value, value)
    const made = ([a, b]: readonly [string, string]) => {
      try {
        return fill('top/{a}/{b}', { a, b })
      } catch (error) {
        if (error instanceof SchemaError) return null
        throw error
      }
    }
    fc.assert(
      fc.property(pair, pair, (one, other) => {
        const [key, second] = [made(one), made(other)]
        if (key === null) return
        expect(key.split('/')).toEqual(['top', ...one])
        if (one[0] !== other[0] || one[1] !== other[1]) expect(second).not.toBe(key)
      }),
    )
  })
})
