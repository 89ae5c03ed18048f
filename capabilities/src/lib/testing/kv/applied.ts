/** Key-value cases: what errors say of writes, by `applied`. */
import { expect } from 'vitest'
import { lostAnswer, needsLostAnswers, refusedUnapplied } from '../applied.ts'
import type { ConformanceGroup } from '../conformance.ts'
import { sampleBytes, sampleStream } from '../samples.ts'
import { allOf, type KvSubject, needs } from './subject.ts'

export const applied: ConformanceGroup<KvSubject> = {
  name: 'applied',
  cases: [
    {
      name: 'a write that is refused before it is sent says that it was not applied',
      async run({ kv, eventually }) {
        const signal = AbortSignal.abort()
        await kv.put('key', 'old')
        await refusedUnapplied(kv.put('..', 'value'), 'InvalidInput')
        await refusedUnapplied(kv.delete('..'), 'InvalidInput')
        await refusedUnapplied(kv.put('key', 'new', { signal }), 'Cancelled')
        await refusedUnapplied(kv.delete('key', { signal }), 'Cancelled')
        await refusedUnapplied(kv.deleteMany(['key'], { signal }), 'Cancelled')
        await eventually(async () => expect(await kv.get('key')).toBe('old'))
      },
    },
    {
      name: 'a condition that does not hold says that nothing was applied, and leaves the entry as it is',
      skip: needs('conditional'),
      async run({ kv }) {
        const first = await kv.put('key', '1')
        const { version } = await kv.put('key', '2')
        await refusedUnapplied(kv.put('key', '3', { ifAbsent: true }), 'AlreadyExists')
        await refusedUnapplied(kv.put('key', '3', { ifVersion: first.version ?? '' }), 'ConditionNotMatch')
        expect(await kv.getWithMetadata('key')).toMatchObject({ value: '2', version })
      },
    },
    {
      name: 'a stream that breaks before its end says that nothing was applied',
      async run({ kv, eventually }) {
        await kv.put('key', 'old')
        const broken = sampleStream(sampleBytes(1000), {
          chunk: 100,
          onPull: (index) => {
            if (index === 3) throw new Error('the source broke')
            return undefined
          },
        })
        await refusedUnapplied(kv.put('key', broken.stream), 'Unexpected')
        await eventually(async () => expect(await kv.get('key')).toBe('old'))
      },
    },
    {
      name: 'a read that fails says that nothing was applied',
      async run({ kv, eventually }) {
        await kv.put('key', 'not json')
        await eventually(async () => expect(await kv.get('key')).not.toBeNull())
        await refusedUnapplied(kv.get('key', { as: 'json' }), 'Corrupt')
      },
    },
    {
      name: 'a write whose answer is lost does not say that it was not applied',
      skip: needsLostAnswers,
      async run(subject) {
        const { kv } = subject
        await lostAnswer(
          subject,
          () => kv.put('key', 'new'),
          async () => (await kv.get('key')) === 'new',
        )
        await kv.put('key', 'old')
        await lostAnswer(
          subject,
          () => kv.delete('key'),
          async () => (await kv.get('key')) === null,
        )
      },
    },
    {
      name: 'a conditional write whose answer is lost does not say that it was not applied',
      skip: allOf(needs('conditional'), needsLostAnswers),
      async run(subject) {
        const { kv } = subject
        await lostAnswer(
          subject,
          () => kv.put('key', 'new', { ifAbsent: true }),
          async () => (await kv.get('key')) === 'new',
        )
      },
    },
  ],
}
