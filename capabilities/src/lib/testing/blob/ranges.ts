/** Blob cases: reading part of an object. */
import { expect } from 'vitest'
import { refused, type ConformanceGroup } from '../conformance.ts'
import { digest, drain, sampleBytes } from '../samples.ts'
import { type BlobSubject, lacks, needs, opened } from './subject.ts'

const size = 1000

export const ranges: ConformanceGroup<BlobSubject> = {
  name: 'ranges',
  cases: [
    {
      name: 'an offset and a length read just those bytes',
      skip: needs('ranges'),
      async run(subject) {
        const parts = [
          [0, 1],
          [0, size],
          [10, 20],
          [size - 1, 1],
          [499, 501],
        ] as const
        await reads(subject, async (blob, bytes) => {
          for (const [offset, length] of parts) {
            const handle = await opened(blob.get('key', { range: { offset, length } }))
            expect([handle.start, handle.end]).toEqual([offset, offset + length])
            expect(handle.object.size).toBe(size)
            expect(await handle.bytes()).toEqual(bytes.slice(offset, offset + length))
          }
        })
      },
    },
    {
      name: 'an offset alone reads to the end',
      skip: needs('ranges'),
      async run(subject) {
        await reads(subject, async (blob, bytes) => {
          for (const offset of [0, 1, 990, size - 1]) {
            const handle = await opened(blob.get('key', { range: { offset } }))
            expect([handle.start, handle.end]).toEqual([offset, size])
            expect(await handle.bytes()).toEqual(bytes.slice(offset))
          }
        })
      },
    },
    {
      name: 'a suffix reads the last bytes, or all when it is longer than the object',
      skip: needs('ranges'),
      async run(subject) {
        await reads(subject, async (blob, bytes) => {
          for (const suffix of [1, 10, size, size + 1, size * 10]) {
            const handle = await opened(blob.get('key', { range: { suffix } }))
            const start = Math.max(0, size - suffix)
            expect([handle.start, handle.end]).toEqual([start, size])
            expect(await handle.bytes()).toEqual(bytes.slice(start))
          }
        })
      },
    },
    {
      name: 'a range that ends after the object is cut',
      skip: needs('ranges'),
      async run(subject) {
        await reads(subject, async (blob, bytes) => {
          const handle = await opened(blob.get('key', { range: { offset: 900, length: 5000 } }))
          expect([handle.start, handle.end]).toEqual([900, size])
          expect(await handle.bytes()).toEqual(bytes.slice(900))
        })
      },
    },
    {
      name: 'a range that starts at or after the end is RangeNotSatisfied',
      skip: needs('ranges'),
      async run(subject) {
        await reads(subject, async (blob) => {
          for (const offset of [size, size + 1, size * 10]) {
            await refused(blob.get('key', { range: { offset } }), 'RangeNotSatisfied')
            await refused(blob.get('key', { range: { offset, length: 1 } }), 'RangeNotSatisfied')
          }
        })
      },
    },
    {
      name: 'every range of an empty object is RangeNotSatisfied',
      skip: needs('ranges'),
      async run({ blob, eventually }) {
        await blob.put('empty', '')
        await eventually(async () => expect(await blob.head('empty')).not.toBeNull())
        for (const range of [{ offset: 0 }, { offset: 0, length: 1 }, { suffix: 1 }]) {
          await refused(blob.get('empty', { range }), 'RangeNotSatisfied')
        }
      },
    },
    {
      name: 'a length of zero reads no bytes',
      skip: needs('ranges'),
      async run(subject) {
        await reads(subject, async (blob) => {
          const handle = await opened(blob.get('key', { range: { offset: 7, length: 0 } }))
          expect([handle.start, handle.end, handle.object.size]).toEqual([7, 7, size])
          expect((await handle.bytes()).byteLength).toBe(0)
          await refused(blob.get('key', { range: { offset: size, length: 0 } }), 'RangeNotSatisfied')
        })
      },
    },
    {
      name: 'a range of an absent object is null',
      skip: needs('ranges'),
      async run({ blob }) {
        expect(await blob.get('absent', { range: { offset: 0, length: 1 } })).toBeNull()
        expect(await blob.get('absent', { range: { offset: 5, length: 0 } })).toBeNull()
      },
    },
    {
      name: 'a range of a multi-megabyte object streams just its bytes',
      skip: needs('ranges'),
      async run({ blob, largeBytes, eventually }) {
        const bytes = sampleBytes(largeBytes)
        await blob.put('large', bytes)
        const offset = Math.floor(largeBytes / 3)
        const length = Math.floor(largeBytes / 2)
        await eventually(async () => {
          const handle = await opened(blob.get('large', { range: { offset, length } }))
          const { bytes: read } = await drain(handle.stream())
          expect(read.byteLength).toBe(length)
          expect(await digest(read)).toBe(await digest(bytes.slice(offset, offset + length)))
        })
      },
    },
    {
      name: 'a range that is no range is InvalidInput',
      skip: needs('ranges'),
      async run({ blob }) {
        await blob.put('key', 'value')
        const bad = [
          { offset: -1 },
          { offset: 1.5 },
          { offset: Number.NaN },
          { offset: 0, length: -1 },
          { offset: 0, length: 0.5 },
          { suffix: 0 },
          { suffix: -5 },
          { suffix: Infinity },
        ]
        for (const range of bad) await refused(blob.get('key', { range }), 'InvalidInput')
      },
    },
    {
      name: 'a range is Unsupported where the store has none',
      skip: lacks('ranges'),
      async run({ blob }) {
        await blob.put('key', 'value')
        await refused(blob.get('key', { range: { offset: 0, length: 1 } }), 'Unsupported')
      },
    },
  ],
}

/** Stores an object of `size` bytes and asserts about it. */
async function reads(
  { blob, eventually }: BlobSubject,
  assertion: (blob: BlobSubject['blob'], bytes: Uint8Array<ArrayBuffer>) => Promise<void>,
): Promise<void> {
  const bytes = sampleBytes(size)
  await blob.put('key', bytes)
  await eventually(async () => expect((await blob.head('key'))?.size).toBe(size))
  await eventually(() => assertion(blob, bytes))
}
