/** Key-value cases: conditional writes, also under a race. */
import { expect } from 'vitest'
import type { KeyValue } from '../../kv/contract.ts'
import { isKind } from '../../error.ts'
import { refused, type ConformanceGroup } from '../conformance.ts'
import { type KvSubject, lacks, needs } from './subject.ts'

const racers = Array.from({ length: 64 }, (_, i) => i)

export const conditional: ConformanceGroup<KvSubject> = {
  name: 'conditional writes',
  cases: [
    {
      name: 'ifAbsent writes once, then is AlreadyExists and changes nothing',
      skip: needs('conditional'),
      async run({ kv }) {
        const { version } = await kv.put('key', 'first', { ifAbsent: true })
        const error = await refused(kv.put('key', 'second', { ifAbsent: true }), 'AlreadyExists')
        expect(error.retryable).toBe('never')
        expect(await kv.getWithMetadata('key')).toMatchObject({ value: 'first', version })
      },
    },
    {
      name: 'ifAbsent writes again after delete',
      skip: needs('conditional'),
      async run({ kv }) {
        await kv.put('key', 'first', { ifAbsent: true })
        await kv.delete('key')
        await kv.put('key', 'second', { ifAbsent: true })
        expect(await kv.get('key')).toBe('second')
      },
    },
    {
      name: 'of 64 writers with ifAbsent exactly one wins',
      skip: needs('conditional'),
      async run({ kv }) {
        for (let round = 0; round < 3; round++) {
          const key = `race/${round}`
          const won = await winners((i) => kv.put(key, `writer ${i}`, { ifAbsent: true }), 'AlreadyExists')
          expect(won).toHaveLength(1)
          expect(await kv.get(key)).toBe(`writer ${won[0]}`)
        }
      },
    },
    {
      name: 'ifVersion replaces that version only, else is ConditionNotMatch and changes nothing',
      skip: needs('conditional'),
      async run({ kv }) {
        const first = await kv.put('key', '1')
        const second = await kv.put('key', '2', { ifVersion: first.version ?? '' })
        expect(second.version).not.toBe(first.version)
        await refused(kv.put('key', '3', { ifVersion: first.version ?? '' }), 'ConditionNotMatch')
        expect(await kv.getWithMetadata('key')).toMatchObject({ value: '2', version: second.version })
      },
    },
    {
      name: 'ifVersion on an absent key is ConditionNotMatch and stores nothing',
      skip: needs('conditional'),
      async run({ kv }) {
        const { version } = await kv.put('gone', 'value')
        await kv.delete('gone')
        await refused(kv.put('gone', 'value', { ifVersion: version ?? '' }), 'ConditionNotMatch')
        expect(await kv.get('gone')).toBeNull()
      },
    },
    {
      name: 'a version from before delete does not come back',
      skip: needs('conditional'),
      async run({ kv }) {
        const before = await kv.put('key', 'same')
        await kv.delete('key')
        const after = await kv.put('key', 'same')
        expect(after.version).not.toBe(before.version)
        await refused(kv.put('key', 'late', { ifVersion: before.version ?? '' }), 'ConditionNotMatch')
      },
    },
    {
      name: 'every put changes the version, and put tells the one it wrote',
      skip: needs('conditional'),
      async run({ kv }) {
        const seen = new Set<string>()
        for (let i = 0; i < 5; i++) {
          const { version } = await kv.put('key', 'same value')
          expect(typeof version).toBe('string')
          expect((await kv.getWithMetadata('key'))?.version).toBe(version)
          seen.add(version ?? '')
        }
        expect(seen.size).toBe(5)
      },
    },
    {
      name: 'of 64 writers with the same ifVersion exactly one wins',
      skip: needs('conditional'),
      async run({ kv }) {
        const { version } = await kv.put('key', 'start')
        const won = await winners(
          (i) => kv.put('key', `writer ${i}`, { ifVersion: version ?? '' }),
          'ConditionNotMatch',
        )
        expect(won).toHaveLength(1)
        expect(await kv.get('key')).toBe(`writer ${won[0]}`)
      },
    },
    {
      name: 'a counter kept by compare-and-swap loses no increment of eight writers',
      skip: needs('conditional'),
      async run({ kv }) {
        const each = 10
        await kv.put('counter', '0')
        await Promise.all(Array.from({ length: 8 }, () => increments(kv, 'counter', each)))
        expect(await kv.get('counter')).toBe(String(8 * each))
      },
    },
    {
      name: 'ifAbsent: false is a plain put',
      async run({ kv, eventually }) {
        await kv.put('key', '1')
        await kv.put('key', '2', { ifAbsent: false })
        await eventually(async () => expect(await kv.get('key')).toBe('2'))
      },
    },
    {
      name: 'ifAbsent together with ifVersion is InvalidInput',
      skip: needs('conditional'),
      async run({ kv }) {
        await refused(kv.put('key', 'value', { ifAbsent: true, ifVersion: 'x' }), 'InvalidInput')
        expect(await kv.get('key')).toBeNull()
      },
    },
    {
      name: 'conditions are Unsupported where the store cannot keep them, and versions are null',
      skip: lacks('conditional'),
      async run({ kv, eventually }) {
        await refused(kv.put('key', 'value', { ifAbsent: true }), 'Unsupported')
        await refused(kv.put('key', 'value', { ifVersion: 'x' }), 'Unsupported')
        expect(await kv.get('key')).toBeNull()
        expect((await kv.put('key', 'value')).version).toBeNull()
        await eventually(async () => expect((await kv.getWithMetadata('key'))?.version).toBeNull())
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

async function increments(kv: KeyValue, key: string, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const entry = await kv.getWithMetadata(key)
    try {
      await kv.put(key, String(Number(entry?.value) + 1), { ifVersion: entry?.version ?? '' })
      done += 1
    } catch (error) {
      if (!isKind(error, 'ConditionNotMatch')) throw error
    }
  }
}
