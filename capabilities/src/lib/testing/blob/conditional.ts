/** Blob cases: conditional puts and reads, also under a race. */
import { expect } from 'vitest'
import type { BlobStore } from '../../blob/contract.ts'
import { isKind } from '../../error.ts'
import { refused, type ConformanceGroup } from '../conformance.ts'
import { sampleBytes, sampleStream } from '../samples.ts'
import { allOf, type BlobSubject, lacks, needs, opened, textOf } from './subject.ts'

const racers = Array.from({ length: 64 }, (_, i) => i)
const create = { ifNoneMatch: '*' } as const

export const conditional: ConformanceGroup<BlobSubject> = {
  name: 'conditional calls',
  cases: [
    {
      name: 'ifNoneMatch "*" creates once, then is AlreadyExists and changes nothing',
      skip: needs('createOnly'),
      async run({ blob }) {
        const { etag } = await blob.put('key', 'first', create)
        const error = await refused(blob.put('key', 'second', create), 'AlreadyExists')
        expect(error.retryable).toBe('never')
        expect(error.key).toBe('key')
        expect(await textOf(blob, 'key')).toBe('first')
        expect((await blob.head('key'))?.etag).toBe(etag)
        await blob.delete('key')
        await blob.put('key', 'third', create)
        expect(await textOf(blob, 'key')).toBe('third')
      },
    },
    {
      name: 'of 64 creators exactly one wins',
      skip: needs('createOnly'),
      async run({ blob }) {
        const won = await winners((i) => blob.put('race', `writer ${i}`, create), 'AlreadyExists')
        expect(won).toHaveLength(1)
        expect(await textOf(blob, 'race')).toBe(`writer ${won[0]}`)
      },
    },
    {
      name: 'of 64 creators that stream exactly one wins',
      skip: needs('createOnly'),
      async run({ blob }) {
        const body = (i: number) => sampleStream(sampleBytes(3000, i + 1), { chunk: 500 }).stream
        const won = await winners((i) => blob.put('race', body(i), create), 'AlreadyExists')
        expect(won).toHaveLength(1)
        expect(await (await opened(blob.get('race'))).bytes()).toEqual(sampleBytes(3000, (won[0] ?? 0) + 1))
      },
    },
    {
      name: 'ifMatch replaces that version only, else is ConditionNotMatch and changes nothing',
      skip: needs('compareAndSwap'),
      async run({ blob }) {
        const first = await blob.put('key', '1')
        const second = await blob.put('key', '2', { ifMatch: first.etag })
        expect(second.etag).not.toBe(first.etag)
        await refused(blob.put('key', '3', { ifMatch: first.etag }), 'ConditionNotMatch')
        expect(await textOf(blob, 'key')).toBe('2')
        expect((await blob.head('key'))?.etag).toBe(second.etag)
      },
    },
    {
      name: 'ifMatch on an absent object is ConditionNotMatch and stores nothing',
      skip: needs('compareAndSwap'),
      async run({ blob }) {
        const { etag } = await blob.put('key', 'value')
        await blob.delete('key')
        await refused(blob.put('key', 'value', { ifMatch: etag }), 'ConditionNotMatch')
        expect(await blob.head('key')).toBeNull()
      },
    },
    {
      name: 'of 64 writers with the same ifMatch exactly one wins',
      skip: needs('compareAndSwap'),
      async run({ blob }) {
        const { etag } = await blob.put('key', 'start')
        const won = await winners(
          (i) => blob.put('key', `writer ${i}`, { ifMatch: etag }),
          'ConditionNotMatch',
        )
        expect(won).toHaveLength(1)
        expect(await textOf(blob, 'key')).toBe(`writer ${won[0]}`)
      },
    },
    {
      name: 'a counter kept by compare-and-swap loses no increment of eight writers',
      skip: needs('compareAndSwap'),
      async run({ blob }) {
        const times = 6
        await blob.put('counter', '0')
        await Promise.all(Array.from({ length: 8 }, () => increments(blob, 'counter', times)))
        expect(await textOf(blob, 'counter')).toBe(String(8 * times))
      },
    },
    {
      name: 'a refused stream is let go',
      skip: needs('createOnly'),
      async run({ blob }) {
        await blob.put('key', 'first')
        const source = sampleStream(sampleBytes(500_000))
        await refused(blob.put('key', source.stream, create), 'AlreadyExists')
        expect(source.stream.locked).toBe(false)
        expect(source.cancelled() || source.pulled() === 500_000).toBe(true)
        expect(await textOf(blob, 'key')).toBe('first')
      },
    },
    {
      name: 'get with ifMatch reads that version only',
      async run({ blob, eventually }) {
        const first = await blob.put('key', 'one')
        await eventually(async () => {
          expect(await (await opened(blob.get('key', { ifMatch: first.etag }))).text()).toBe('one')
        })
        const second = await blob.put('key', 'two!')
        await eventually(async () => {
          await refused(blob.get('key', { ifMatch: first.etag }), 'ConditionNotMatch')
          expect(await (await opened(blob.get('key', { ifMatch: second.etag }))).text()).toBe('two!')
        })
        expect(await blob.get('absent', { ifMatch: first.etag })).toBeNull()
      },
    },
    {
      name: 'an etag that is none, and both conditions together, are InvalidInput',
      skip: allOf(needs('createOnly'), needs('compareAndSwap')),
      async run({ blob }) {
        for (const ifMatch of ['', '*', '"quoted"', 'a\r\nb', 'ä']) {
          await refused(blob.put('key', 'value', { ifMatch }), 'InvalidInput')
          await refused(blob.get('key', { ifMatch }), 'InvalidInput')
        }
        await refused(blob.put('key', 'value', { ifMatch: 'x', ifNoneMatch: '*' }), 'InvalidInput')
        await refused(blob.put('key', 'value', { ifNoneMatch: 'etag' as never }), 'InvalidInput')
        expect(await blob.head('key')).toBeNull()
      },
    },
    {
      name: 'creating only is Unsupported where the store cannot',
      skip: allOf(needs('write'), lacks('createOnly')),
      async run({ blob }) {
        await refused(blob.put('key', 'value', create), 'Unsupported')
        expect(await blob.head('key')).toBeNull()
      },
    },
    {
      name: 'replacing one version only is Unsupported where the store cannot',
      skip: allOf(needs('write'), lacks('compareAndSwap')),
      async run({ blob, eventually }) {
        const { etag } = await blob.put('key', 'value')
        await refused(blob.put('key', 'other', { ifMatch: etag }), 'Unsupported')
        await eventually(async () => expect(await textOf(blob, 'key')).toBe('value'))
      },
    },
  ],
}

/** The writers that got through; all others must have been refused with this kind. */
async function winners(
  write: (i: number) => Promise<unknown>,
  refusal: 'AlreadyExists' | 'ConditionNotMatch',
) {
  const outcomes = await Promise.allSettled(racers.map(write))
  const losers = outcomes.filter((outcome) => outcome.status === 'rejected')
  for (const { reason } of losers) if (!isKind(reason, refusal)) throw reason
  return racers.filter((i) => outcomes[i]?.status === 'fulfilled')
}

async function increments(blob: BlobStore, key: string, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const handle = await opened(blob.get(key))
    const { etag } = handle.object
    try {
      await blob.put(key, String(Number(await handle.text()) + 1), { ifMatch: etag })
      done += 1
    } catch (error) {
      if (!isKind(error, 'ConditionNotMatch')) throw error
    }
  }
}
