/** Key-value cases: what goes in comes out, in every form. */
import { expect } from 'vitest'
import { refused, type ConformanceGroup } from '../conformance.ts'
import { digest, drain, everyByte, sampleBytes, sampleStream } from '../samples.ts'
import type { KvSubject } from './subject.ts'

const texts: readonly string[] = [
  'plain',
  ' spaces and\ttabs ',
  'lines\nand\r\nmore\r',
  'nul \0 inside',
  'Grüße, 世界, 😀, e\u0301 and \u00e9',
  '\ufeffbyte order mark first',
  '{"json": "as text"}',
  '\u2028\uffff\u{10ffff}',
]

export const values: ConformanceGroup<KvSubject> = {
  name: 'values',
  cases: [
    {
      name: 'an absent key reads as null in every form',
      async run({ kv }) {
        expect(await kv.get('absent')).toBeNull()
        for (const as of ['text', 'json', 'bytes', 'stream'] as const)
          expect(await kv.get('absent', { as })).toBeNull()
        expect(await kv.getWithMetadata('absent')).toBeNull()
      },
    },
    {
      name: 'text comes back as it was',
      async run({ kv, eventually }) {
        for (const [i, text] of texts.entries()) await kv.put(`text/${i}`, text)
        for (const [i, text] of texts.entries()) {
          await eventually(async () => expect(await kv.get(`text/${i}`)).toBe(text))
        }
      },
    },
    {
      name: 'empty text and zero bytes are values, not absence',
      async run({ kv, eventually }) {
        await kv.put('text', '')
        await kv.put('bytes', new Uint8Array(0))
        await eventually(async () => {
          expect(await kv.get('text')).toBe('')
          expect(await kv.get('bytes', { as: 'bytes' })).toEqual(new Uint8Array(0))
          expect((await kv.getMany(['text', 'bytes'])).get('bytes')).toBe('')
        })
      },
    },
    {
      name: 'bytes that are no UTF-8 come back exactly',
      async run({ kv, eventually }) {
        await kv.put('bytes', everyByte)
        await eventually(async () => expect(await kv.get('bytes', { as: 'bytes' })).toEqual(everyByte))
      },
    },
    {
      name: 'a lone surrogate in text is kept as U+FFFD',
      async run({ kv, eventually }) {
        await kv.put('text', 'a\ud800b')
        await eventually(async () => expect(await kv.get('text')).toBe('a\ufffdb'))
      },
    },
    {
      name: 'text reads as its UTF-8 bytes, bytes read as text',
      async run({ kv, eventually }) {
        await kv.put('text', 'Ä😀')
        await kv.put('bytes', new TextEncoder().encode('Ä😀'))
        await eventually(async () => {
          expect(await kv.get('text', { as: 'bytes' })).toEqual(new TextEncoder().encode('Ä😀'))
          expect(await kv.get('bytes')).toBe('Ä😀')
        })
      },
    },
    {
      name: 'JSON comes back as an equal value',
      async run({ kv, eventually }) {
        const value = { n: 1.5, s: 'ü😀', list: [null, true, { deep: [] }], ['__proto__x']: 0 }
        await kv.put('json', { json: value })
        await kv.put('null', { json: null })
        await kv.put('marked', new TextEncoder().encode('\ufeff{"n":1}'))
        await eventually(async () => {
          expect(await kv.get('marked', { as: 'json' })).toEqual({ n: 1 })
          expect(await kv.get('json', { as: 'json' })).toEqual(value)
          expect(JSON.parse((await kv.get('json')) ?? '')).toEqual(value)
          expect(await kv.get('null')).toBe('null')
        })
      },
    },
    {
      name: 'a value that is not JSON is Corrupt when read as JSON, and still readable as text',
      async run({ kv, eventually }) {
        await kv.put('broken', '{"half":')
        await eventually(async () => expect(await kv.get('broken')).toBe('{"half":'))
        const error = await refused(kv.get('broken', { as: 'json' }), 'Corrupt')
        expect(error.key).toBe('broken')
      },
    },
    {
      name: 'what is no value, or cannot be written as JSON, is InvalidInput and stores nothing',
      async run({ kv }) {
        const circular: { self?: unknown } = {}
        circular.self = circular
        for (const json of [undefined, () => 1, circular, 1n]) {
          await refused(kv.put('key', { json }), 'InvalidInput')
        }
        for (const none of [undefined, null, 7, {}, new ArrayBuffer(1)]) {
          await refused(kv.put('key', none as never), 'InvalidInput')
        }
        expect(await kv.get('key')).toBeNull()
      },
    },
    {
      name: 'a schema gives the validated value, and Corrupt for one that does not fit',
      async run({ kv, eventually }) {
        await kv.put('fits', { json: { n: 20 } })
        await kv.put('misfit', { json: { n: 'twenty' } })
        await eventually(async () => {
          expect(await kv.get('fits', { schema: doubled })).toBe(40)
          expect(await kv.get('absent', { schema: doubled })).toBeNull()
          await refused(kv.get('misfit', { schema: doubled }), 'Corrupt')
        })
      },
    },
    {
      name: 'a stream is stored whole, and a value streams out whole',
      async run({ kv, info, eventually }) {
        const bytes = sampleBytes(Math.min(300_000, info.limits.maxValueBytes))
        await kv.put('stream', sampleStream(bytes, { chunk: 7_001 }).stream)
        await eventually(async () => {
          const stream = await kv.get('stream', { as: 'stream' })
          const read = await drain(stream ?? expect.fail('the value is absent'))
          expect(await digest(read.bytes)).toBe(await digest(bytes))
        })
      },
    },
    {
      name: 'a stream that fails stores nothing, leaves the old value and is let go',
      async run({ kv, eventually }) {
        await kv.put('key', 'old')
        await eventually(async () => expect(await kv.get('key')).toBe('old'))
        const source = sampleStream(sampleBytes(100_000), {
          chunk: 1000,
          onPull: (index) => {
            if (index === 5) throw new Error('the source broke')
          },
        })
        await refused(kv.put('key', source.stream), 'Unexpected')
        expect(await kv.get('key')).toBe('old')
        expect(source.stream.locked).toBe(false)
      },
    },
    {
      name: 'a large value comes back with the same digest',
      async run({ kv, info, eventually }) {
        const bytes = sampleBytes(Math.min(4 * 1024 * 1024 + 17, info.limits.maxValueBytes))
        await kv.put('large', bytes)
        await eventually(async () => {
          const read = await kv.get('large', { as: 'bytes' })
          expect(read === null ? null : await digest(read)).toBe(await digest(bytes))
        })
      },
    },
    {
      name: 'the buffer given to put may be used again',
      async run({ kv, eventually }) {
        const bytes = sampleBytes(1000)
        const expected = bytes.slice()
        const writing = kv.put('key', bytes)
        bytes.fill(0)
        await writing
        bytes.fill(1)
        await eventually(async () => expect(await kv.get('key', { as: 'bytes' })).toEqual(expected))
      },
    },
    {
      name: 'changing what was read does not change what is stored',
      async run({ kv, eventually }) {
        await kv.put('key', sampleBytes(1000))
        await eventually(async () => expect(await kv.get('key', { as: 'bytes' })).not.toBeNull())
        const first = await kv.get('key', { as: 'bytes' })
        first?.fill(0)
        const many = (await kv.getMany(['key'], { as: 'bytes' })).get('key')
        many?.fill(0)
        expect(await kv.get('key', { as: 'bytes' })).toEqual(sampleBytes(1000))
      },
    },
    {
      name: 'put replaces the value, whatever its form was',
      async run({ kv, eventually }) {
        await kv.put('key', 'a text that is longer')
        await kv.put('key', new Uint8Array([1, 2, 3]))
        await eventually(async () =>
          expect(await kv.get('key', { as: 'bytes' })).toEqual(new Uint8Array([1, 2, 3])),
        )
        await kv.put('key', 'b')
        await eventually(async () => expect(await kv.get('key')).toBe('b'))
      },
    },
    {
      name: 'delete removes the entry, and deleting what is absent is no error',
      async run({ kv, eventually }) {
        await kv.put('key', 'value')
        await kv.put('other', 'stays')
        await kv.delete('key')
        await kv.delete('key')
        await kv.delete('never there')
        await eventually(async () => {
          expect(await kv.get('key')).toBeNull()
          expect(await kv.get('other')).toBe('stays')
        })
        await kv.put('key', 'again')
        await eventually(async () => expect(await kv.get('key')).toBe('again'))
      },
    },
  ],
}

const doubled = {
  '~standard': {
    version: 1,
    vendor: 'flowport-conformance',
    validate: (value: unknown) => {
      const n = typeof value === 'object' && value !== null && 'n' in value ? value.n : undefined
      return typeof n === 'number' ? { value: n * 2 } : { issues: [{ message: 'n must be a number' }] }
    },
  },
} as const
