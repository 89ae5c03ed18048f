/** Blob cases: what the store states of itself is true. */
import { expect } from 'vitest'
import { levels } from '../../guarantees/levels.ts'
import { all, each, refused, type ConformanceGroup } from '../conformance.ts'
import { digest, sampleBytes, sampleStream } from '../samples.ts'
import { allOf, type BlobSubject, bytesOf, needs, textOf } from './subject.ts'

const largestTried = 32 * 1024 * 1024

export const guarantees: ConformanceGroup<BlobSubject> = {
  name: 'guarantees',
  cases: [
    {
      name: 'info is complete and stays the same',
      async run({ blob, info }) {
        expect(blob.info).toEqual(info)
        expect(info.provider).toMatch(/\S/)
        expect([...levels.consistency, 'unknown']).toContain(info.consistency)
        expect([...levels.durability, 'unknown']).toContain(info.durability)
        const { multipart, ...limits } = info.limits
        for (const [name, limit] of Object.entries({ ...limits, ...multipart })) {
          expect(limit, name).toBeGreaterThanOrEqual(name === 'maxMetadataBytes' ? 0 : 1)
        }
        const { list, write, ...features } = info.features
        for (const stated of [list, write]) expect([true, false, undefined]).toContain(stated)
        expect(Object.keys(features).toSorted()).toEqual(
          [
            'compareAndSwap',
            'contentType',
            'createOnly',
            'metadata',
            'presign',
            'ranges',
            'serverCopy',
          ].toSorted(),
        )
        for (const name of Object.keys(info.extensions)) expect(name).toMatch(/^[^.]+\..+/)
      },
    },
    {
      name: 'consistency strong: a write is seen by the very next read',
      skip: needsStrong,
      async run({ blob }) {
        for (let i = 0; i < 20; i++) {
          const key = `key/${i % 5}`
          const { etag } = await blob.put(key, `value ${i}`)
          expect(await textOf(blob, key)).toBe(`value ${i}`)
          expect((await blob.head(key))?.etag).toBe(etag)
          if (i % 3 === 0) {
            await blob.delete(key)
            expect(await blob.head(key)).toBeNull()
          }
        }
      },
    },
    {
      name: 'consistency strong: a write is seen by the very next list',
      skip: needsStrong,
      async run({ blob }) {
        const present = new Set<string>()
        for (let i = 0; i < 20; i++) {
          const key = `key/${i % 7}`
          if (present.has(key)) {
            await blob.delete(key)
            present.delete(key)
          } else {
            await blob.put(key, 'value')
            present.add(key)
          }
          expect((await all(blob.entries())).map((listed) => listed.key)).toEqual([...present].toSorted())
        }
      },
    },
    {
      name: 'consistency strong: parallel writers of one key leave one of their objects whole',
      skip: needsStrong,
      async run({ blob }) {
        const bodies = Array.from({ length: 16 }, (_, i) => sampleBytes(150_000 - i * 1000, i + 1))
        await each(bodies, (bytes) => blob.put('key', sampleStream(bytes, { chunk: 20_000 }).stream))
        const left = await bytesOf(blob, 'key')
        const digests = await Promise.all(bodies.map(digest))
        expect(digests).toContain(left === null ? null : await digest(left))
        expect((await blob.head('key'))?.size).toBe(left?.byteLength)
      },
    },
    {
      name: 'durability durable: objects are there after closing and opening the store',
      skip: ({ info, reopen }) => {
        if (info.durability !== 'durable') return `the store states durability: ${info.durability}`
        return reopen === null ? 'the harness has no reopen' : null
      },
      async run({ blob, info, reopen, eventually }) {
        const bytes = sampleBytes(100_000)
        const { etag } = await blob.put('dir/key', bytes, {
          ...(info.features.contentType ? { contentType: 'text/x-kept' } : {}),
          ...(info.features.metadata ? { metadata: { owner: 'ann' } } : {}),
        })
        await blob.put('deleted', 'value')
        await blob.delete('deleted')
        const again = await reopen?.()
        await eventually(async () => {
          if (again === undefined) return
          expect(await bytesOf(again, 'dir/key')).toEqual(bytes)
          const head = await again.head('dir/key')
          expect(head?.etag).toBe(etag)
          if (info.features.contentType) expect(head?.contentType).toBe('text/x-kept')
          if (info.features.metadata) expect(head?.metadata).toEqual({ owner: 'ann' })
          expect((await all(again.entries())).map(({ key }) => key)).toEqual(['dir/key'])
        })
      },
    },
    {
      name: 'an object of exactly maxObjectBytes is kept, one byte more is LimitExceeded',
      skip: ({ info }) =>
        info.limits.maxObjectBytes <= largestTried ? null : 'no limit up to 32 MiB is stated',
      async run({ blob, info, eventually }) {
        const max = info.limits.maxObjectBytes
        const largest = sampleBytes(max)
        await blob.put('bytes', largest)
        await blob.put('stream', sampleStream(largest).stream)
        for (const key of ['bytes', 'stream']) {
          await eventually(async () => {
            const read = await bytesOf(blob, key)
            expect(read === null ? null : await digest(read)).toBe(await digest(largest))
          })
        }
        await refused(blob.put('over', new Uint8Array(max + 1)), 'LimitExceeded')
        const source = sampleStream(new Uint8Array(max + 1))
        await refused(blob.put('over', source.stream), 'LimitExceeded')
        expect(source.stream.locked).toBe(false)
        expect(await blob.head('over')).toBeNull()
      },
    },
    {
      name: 'a declared size over maxObjectBytes is LimitExceeded before anything is read',
      skip: allOf(needs('write'), ({ info }) =>
        Number.isSafeInteger(info.limits.maxObjectBytes + 1) ? null : 'no limit is stated',
      ),
      async run({ blob, info }) {
        const source = sampleStream(sampleBytes(10))
        const size = info.limits.maxObjectBytes + 1
        await refused(blob.put('over', source.stream, { size }), 'LimitExceeded')
        expect([source.pulled(), source.cancelled()]).toEqual([0, true])
      },
    },
  ],
}

function needsStrong({ info }: BlobSubject): string | null {
  return info.consistency === 'strong' ? null : `the store states consistency: ${info.consistency}`
}
