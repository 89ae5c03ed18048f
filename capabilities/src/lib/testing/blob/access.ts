/** Blob cases: what a store states it cannot do at all, it refuses. */
import { expect } from 'vitest'
import { all, refused, type ConformanceGroup } from '../conformance.ts'
import { sampleBytes, sampleStream } from '../samples.ts'
import { type BlobSubject, lacks, textOf } from './subject.ts'

export const access: ConformanceGroup<BlobSubject> = {
  name: 'access',
  cases: [
    {
      name: 'every write is Unsupported where the store only reads, changes nothing, and lets its stream go',
      skip: lacks('write'),
      async run({ blob, own, eventually }) {
        await blob.put('key', 'value')
        await eventually(async () => expect(await textOf(own, 'key')).toBe('value'))
        const source = sampleStream(sampleBytes(100_000))
        await refused(own.put('key', 'other'), 'Unsupported')
        await refused(own.put('new', source.stream), 'Unsupported')
        await refused(own.put('new', 'value', { ifNoneMatch: '*' }), 'Unsupported')
        await refused(own.put('key', 'value', { ifMatch: 'x' }), 'Unsupported')
        await refused(own.delete('key'), 'Unsupported')
        await refused(own.deleteMany(['key']), 'Unsupported')
        await refused(own.copy('key', 'new'), 'Unsupported')
        expect([source.cancelled(), source.stream.locked]).toEqual([true, false])
        expect(await textOf(own, 'key')).toBe('value')
        expect(await own.head('new')).toBeNull()
      },
    },
    {
      name: 'listing is Unsupported where the store cannot',
      skip: lacks('list'),
      async run({ blob, own }) {
        await blob.put('key', 'value')
        await refused(own.list(), 'Unsupported')
        await refused(own.list({ prefix: 'k', limit: 1 }), 'Unsupported')
        await refused(all(own.entries()), 'Unsupported')
      },
    },
  ],
}
