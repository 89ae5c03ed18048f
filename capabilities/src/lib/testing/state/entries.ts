/** Durable state cases: entries, their keys, and the objects they belong to. */
import { expect, expectTypeOf } from 'vitest'
import { utf8Length } from '../../limits.ts'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { awkwardSegments, textOfBytes } from '../samples.ts'
import { counter, type StateSubject } from './subject.ts'

const values: readonly unknown[] = [
  null,
  true,
  0,
  -1.5,
  '',
  'Grüße, 世界, 😀, nul \0',
  [],
  [1, [2, [3]]],
  {},
  { a: { b: 'c' }, 'weird key': null },
]

export const entries: ConformanceGroup<StateSubject> = {
  name: 'entries',
  cases: [
    {
      name: 'any JSON value comes back as it was, the last one written',
      async run({ state }) {
        const one = state.of('one')
        expect(await one.get('key')).toBeNull()
        for (const value of values) {
          await one.put('key', value)
          expect(await one.get('key')).toEqual(value)
        }
        await one.delete('key')
        expect(await one.get('key')).toBeNull()
        await one.delete('key')
      },
    },
    {
      name: 'what JSON cannot say is InvalidInput, and what was there stays',
      async run({ state }) {
        const one = state.of('one')
        await one.put('key', 'kept')
        const circle: Record<string, unknown> = {}
        circle['self'] = circle
        for (const value of [undefined, () => 1, 1n, circle])
          await refused(one.put('key', value), 'InvalidInput')
        expect(await one.get('key')).toBe('kept')
      },
    },
    {
      name: 'a schema types the value, and a mismatch is Corrupt',
      async run({ state }) {
        const one = state.of('one')
        await one.put('good', { n: 1, more: true })
        await one.put('bad', { n: 'one' })
        const found = await one.get('good', { schema: counter })
        expectTypeOf(found).toEqualTypeOf<{ n: number } | null>()
        expect(found).toEqual({ n: 1 })
        expect(await one.get('absent', { schema: counter })).toBeNull()
        await refused(one.get('bad', { schema: counter }), 'Corrupt')
      },
    },
    {
      name: 'a name is one object for everybody, and objects share nothing',
      async run({ state }) {
        for (const name of ['one', 'two', 'Two', 'two/key', ...awkwardSegments]) {
          const object = state.of(name)
          expect(object.name).toBe(name)
          await object.put('key', name)
        }
        for (const name of ['one', 'two', 'Two', 'two/key', ...awkwardSegments]) {
          expect(await state.of(name).get('key')).toBe(name)
        }
        expect(await state.of('three').get('key')).toBeNull()
      },
    },
    {
      name: 'awkward keys are keys',
      async run({ state }) {
        const one = state.of('one')
        for (const key of awkwardSegments) await one.put(key, key)
        for (const key of awkwardSegments) expect(await one.get(key)).toBe(key)
        const listed: string[] = []
        for await (const { key } of one.entries()) listed.push(key)
        expect(listed.toSorted()).toEqual(awkwardSegments.toSorted())
      },
    },
    {
      name: 'what is no key or no name is InvalidInput',
      async run({ state }) {
        const one = state.of('one')
        for (const key of ['', '.', '..', 'nul\0', 'lone \ud800']) {
          await refused(one.get(key), 'InvalidInput')
          await refused(one.put(key, 1), 'InvalidInput')
          await refused(one.delete(key), 'InvalidInput')
          await refused(
            Promise.resolve().then(() => state.of(key)),
            'InvalidInput',
          )
        }
      },
    },
    {
      name: 'names and keys go up to their limits, and one byte more is LimitExceeded',
      async run({ state, info }) {
        const { maxNameBytes, maxKeyBytes } = info.limits
        for (const bytes of [maxNameBytes - 1, maxNameBytes])
          await state.of(textOfBytes(bytes)).put('key', bytes)
        await refused(
          Promise.resolve().then(() => state.of(textOfBytes(maxNameBytes + 1))),
          'LimitExceeded',
        )
        const one = state.of('one')
        for (const bytes of [maxKeyBytes - 1, maxKeyBytes]) {
          await one.put(textOfBytes(bytes), bytes)
          expect(await one.get(textOfBytes(bytes))).toBe(bytes)
        }
        await refused(one.get(textOfBytes(maxKeyBytes + 1)), 'LimitExceeded')
        await refused(one.delete(textOfBytes(maxKeyBytes + 1)), 'LimitExceeded')
        await refused(one.put(textOfBytes(maxKeyBytes + 1), 1), 'LimitExceeded')
      },
    },
    {
      name: 'key and value go up to their limit together, and one byte more is LimitExceeded',
      async run({ state, info }) {
        const { maxEntryBytes, maxValueBytes } = info.limits
        const one = state.of('one')
        const key = 'key'
        const most = Math.min(maxValueBytes, maxEntryBytes - key.length)
        for (const bytes of [most - 1, most]) {
          const value = textOfBytes(bytes - 2)
          expect(utf8Length(JSON.stringify(value))).toBe(bytes)
          await one.put(key, value)
          expect((await one.get(key)) === value).toBe(true)
        }
        await refused(one.put(key, textOfBytes(most - 1)), 'LimitExceeded')
        await refused(
          one.transaction((tx) => tx.put(key, textOfBytes(most - 1))),
          'LimitExceeded',
        )
      },
    },
  ],
}
