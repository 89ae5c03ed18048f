/** Blob cases: what errors say of writes, by `applied`. */
import { expect } from 'vitest'
import { lostAnswer, needsLostAnswers, refusedUnapplied } from '../applied.ts'
import type { ConformanceGroup } from '../conformance.ts'
import { sampleBytes, sampleStream } from '../samples.ts'
import { allOf, type BlobSubject, bytesOf, needs, textOf } from './subject.ts'

export const applied: ConformanceGroup<BlobSubject> = {
  name: 'applied',
  cases: [
    {
      name: 'a write that is refused before it is sent says that it was not applied',
      skip: needs('write'),
      async run({ blob, eventually }) {
        const signal = AbortSignal.abort()
        await blob.put('key', 'old')
        await refusedUnapplied(blob.put('../x', 'value'), 'InvalidInput')
        await refusedUnapplied(blob.put('key', 'new', { size: 5 }), 'InvalidInput')
        await refusedUnapplied(blob.put('key', 'new', { signal }), 'Cancelled')
        await refusedUnapplied(blob.delete('key', { signal }), 'Cancelled')
        await refusedUnapplied(blob.deleteMany(['key'], { signal }), 'Cancelled')
        await refusedUnapplied(blob.copy('absent', 'key'), 'NotFound')
        await eventually(async () => expect(await textOf(blob, 'key')).toBe('old'))
      },
    },
    {
      name: 'a condition of a create that does not hold says that nothing was applied',
      skip: allOf(needs('write'), needs('createOnly')),
      async run({ blob }) {
        const { etag } = await blob.put('key', 'old')
        await refusedUnapplied(blob.put('key', 'new', { ifNoneMatch: '*' }), 'AlreadyExists')
        const { stream } = sampleStream(sampleBytes(3000))
        await refusedUnapplied(blob.put('key', stream, { ifNoneMatch: '*' }), 'AlreadyExists')
        expect(await textOf(blob, 'key')).toBe('old')
        expect((await blob.head('key'))?.etag).toBe(etag)
      },
    },
    {
      name: 'a condition of a replace that does not hold says that nothing was applied',
      skip: allOf(needs('write'), needs('compareAndSwap')),
      async run({ blob }) {
        const first = await blob.put('key', '1')
        const { etag } = await blob.put('key', '2')
        await refusedUnapplied(blob.put('key', '3', { ifMatch: first.etag }), 'ConditionNotMatch')
        expect(await textOf(blob, 'key')).toBe('2')
        expect((await blob.head('key'))?.etag).toBe(etag)
      },
    },
    {
      name: 'a stream that breaks or is too short says that nothing was applied, however much of it was sent',
      skip: needs('write'),
      async run({ blob, largeBytes, eventually }) {
        await blob.put('key', 'old')
        const bytes = sampleBytes(largeBytes)
        const last = Math.floor(largeBytes / 500_000) - 1
        const broken = sampleStream(bytes, {
          chunk: 500_000,
          onPull: (index) => {
            if (index === last) throw new Error('the source broke')
            return undefined
          },
        })
        await refusedUnapplied(blob.put('key', broken.stream), 'Unexpected')
        const short = sampleStream(sampleBytes(1000)).stream
        await refusedUnapplied(blob.put('key', short, { size: 1001 }), 'InvalidInput')
        await eventually(async () => expect(await textOf(blob, 'key')).toBe('old'))
      },
    },
    {
      name: 'a write whose answer is lost does not say that it was not applied',
      skip: allOf(needs('write'), needsLostAnswers),
      async run(subject) {
        const { blob, largeBytes } = subject
        await lostAnswer(
          subject,
          () => blob.put('key', 'new'),
          async () => (await textOf(blob, 'key')) === 'new',
        )
        const large = sampleBytes(largeBytes)
        await lostAnswer(
          subject,
          () => blob.put('large', sampleStream(large, { chunk: 500_000 }).stream),
          async () => (await bytesOf(blob, 'large'))?.byteLength === largeBytes,
        )
        await blob.put('key', 'old')
        await lostAnswer(
          subject,
          () => blob.copy('key', 'copy'),
          async () => (await textOf(blob, 'copy')) === 'old',
        )
        await lostAnswer(
          subject,
          () => blob.delete('key'),
          async () => (await blob.head('key')) === null,
        )
      },
    },
    {
      name: 'a conditional write whose answer is lost does not say that it was not applied',
      skip: allOf(needs('write'), needs('createOnly'), needsLostAnswers),
      async run(subject) {
        const { blob } = subject
        await lostAnswer(
          subject,
          () => blob.put('key', 'new', { ifNoneMatch: '*' }),
          async () => (await textOf(blob, 'key')) === 'new',
        )
      },
    },
  ],
}
