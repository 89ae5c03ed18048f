/** Key-value cases: the JSON value kept beside an entry. */
import { expect } from 'vitest'
import { all, refused, type ConformanceGroup } from '../conformance.ts'
import { textOfBytes } from '../samples.ts'
import { allOf, type KvSubject, lacks, needs } from './subject.ts'

export const metadata: ConformanceGroup<KvSubject> = {
  name: 'metadata',
  cases: [
    {
      name: 'metadata comes back as an equal value',
      skip: needs('metadata'),
      async run({ kv, eventually }) {
        const kept: readonly unknown[] = ['text ü😀', 0, false, [1, null], { a: { b: 'c' }, constructor: 1 }]
        for (const [i, value] of kept.entries()) await kv.put(`key/${i}`, `value ${i}`, { metadata: value })
        for (const [i, value] of kept.entries()) {
          await eventually(async () => {
            const entry = await kv.getWithMetadata(`key/${i}`)
            expect(entry?.metadata).toEqual(value)
            expect(entry?.value).toBe(`value ${i}`)
          })
        }
      },
    },
    {
      name: 'metadata is null where none was given, and the next put removes it',
      skip: needs('metadata'),
      async run({ kv, eventually }) {
        await kv.put('without', 'value')
        await kv.put('replaced', 'value', { metadata: { old: true } })
        await kv.put('replaced', 'value')
        await eventually(async () => {
          expect((await kv.getWithMetadata('without'))?.metadata).toBeNull()
          expect((await kv.getWithMetadata('replaced'))?.metadata).toBeNull()
        })
      },
    },
    {
      name: 'metadata is listed with its key',
      skip: allOf(needs('metadata'), needs('list')),
      async run({ kv, eventually }) {
        await kv.put('a', 'value', { metadata: { n: 1 } })
        await kv.put('b', 'value')
        await eventually(async () => {
          const [a, b] = await all(kv.keys())
          expect(a).toEqual({ key: 'a', metadata: { n: 1 } })
          expect(b).toEqual({ key: 'b' })
        })
      },
    },
    {
      name: 'changing metadata after put, or after reading, does not change what is stored',
      skip: needs('metadata'),
      async run({ kv, eventually }) {
        const given = { tags: ['a'] }
        const writing = kv.put('key', 'value', { metadata: given })
        given.tags.push('late')
        await writing
        await eventually(async () =>
          expect((await kv.getWithMetadata('key'))?.metadata).toEqual({ tags: ['a'] }),
        )
        const read = (await kv.getWithMetadata('key'))?.metadata as { tags: string[] }
        read.tags.push('mine')
        expect((await kv.getWithMetadata('key'))?.metadata).toEqual({ tags: ['a'] })
      },
    },
    {
      name: 'metadata of exactly maxMetadataBytes is kept, one byte more is LimitExceeded',
      skip: allOf(needs('metadata'), ({ info }) =>
        info.limits.maxMetadataBytes <= 1_048_576 ? null : 'no limit up to 1 MiB is stated',
      ),
      async run({ kv, info, eventually }) {
        const max = info.limits.maxMetadataBytes
        const largest = textOfBytes(max - 2)
        await kv.put('key', 'value', { metadata: largest })
        await eventually(async () => expect((await kv.getWithMetadata('key'))?.metadata).toBe(largest))
        await refused(kv.put('key', 'other', { metadata: textOfBytes(max - 1) }), 'LimitExceeded')
        expect(await kv.get('key')).toBe('value')
      },
    },
    {
      name: 'metadata that cannot be written as JSON is InvalidInput',
      skip: needs('metadata'),
      async run({ kv }) {
        await refused(kv.put('key', 'value', { metadata: () => 1 }), 'InvalidInput')
        await refused(kv.put('key', 'value', { metadata: { n: 1n } }), 'InvalidInput')
        expect(await kv.get('key')).toBeNull()
      },
    },
    {
      name: 'metadata is Unsupported where the store keeps none',
      skip: lacks('metadata'),
      async run({ kv }) {
        await refused(kv.put('key', 'value', { metadata: { n: 1 } }), 'Unsupported')
        expect(await kv.get('key')).toBeNull()
      },
    },
  ],
}
