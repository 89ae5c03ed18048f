/** Key-value cases: what the store states of itself is true. */
import { expect } from 'vitest'
import { levels } from '../../guarantees/levels.ts'
import { checkLinearizable } from '../../linearizability/check.ts'
import { kvModel } from '../../linearizability/kv-model.ts'
import { runKvWorkload } from '../../linearizability/kv-workload.ts'
import { seededRng } from '../../rng/seeded-rng.ts'
import { systemClock } from '../../system/clock.ts'
import { all, each, refused, type ConformanceGroup } from '../conformance.ts'
import { expectLinearizable } from '../linearizable.ts'
import { digest, sampleBytes, sampleStream, textOfBytes } from '../samples.ts'
import { allOf, type KvSubject, needs } from './subject.ts'

const largestTried = 32 * 1024 * 1024

export const guarantees: ConformanceGroup<KvSubject> = {
  name: 'guarantees',
  cases: [
    {
      name: 'info is complete and stays the same',
      async run({ kv, info }) {
        expect(kv.info).toEqual(info)
        expect(info.provider).toMatch(/\S/)
        expect([...levels.consistency, 'unknown']).toContain(info.consistency)
        expect([...levels.durability, 'unknown']).toContain(info.durability)
        expect([...levels.ttl, 'unknown']).toContain(info.ttl)
        for (const [name, limit] of Object.entries(info.limits)) {
          expect(limit, name).toBeGreaterThanOrEqual(
            name === 'minTtlSeconds' || name === 'maxMetadataBytes' ? 0 : 1,
          )
        }
        expect(Object.keys(info.features).toSorted()).toEqual(['bulk', 'conditional', 'list', 'metadata'])
        for (const name of Object.keys(info.extensions)) expect(name).toMatch(/^[^.]+\..+/)
      },
    },
    {
      name: 'consistency strong: a write is seen by the very next read',
      skip: needsStrong,
      async run({ kv }) {
        for (let i = 0; i < 25; i++) {
          const key = `key/${i % 5}`
          await kv.put(key, `value ${i}`)
          expect(await kv.get(key)).toBe(`value ${i}`)
          expect((await kv.getMany([key])).get(key)).toBe(`value ${i}`)
          if (i % 3 === 0) {
            await kv.delete(key)
            expect(await kv.get(key)).toBeNull()
          }
        }
      },
    },
    {
      name: 'consistency strong: a write is seen by the very next list',
      skip: allOf(needsStrong, needs('list')),
      async run({ kv }) {
        const present = new Set<string>()
        for (let i = 0; i < 25; i++) {
          const key = `key/${i % 7}`
          if (present.has(key)) {
            await kv.delete(key)
            present.delete(key)
          } else {
            await kv.put(key, 'value')
            present.add(key)
          }
          expect((await all(kv.keys())).map((listed) => listed.key)).toEqual([...present].toSorted())
        }
      },
    },
    {
      name: 'consistency strong: parallel writers of one key leave one of their values whole',
      skip: needsStrong,
      async run({ kv, info }) {
        const size = Math.min(20_000, info.limits.maxValueBytes)
        const digests = new Set<string>()
        await each(
          Array.from({ length: 16 }, (_, i) => sampleBytes(size - i, i + 1)),
          async (bytes) => {
            digests.add(await digest(bytes))
            await kv.put('key', bytes)
          },
        )
        const left = await kv.get('key', { as: 'bytes' })
        expect(digests).toContain(left === null ? null : await digest(left))
      },
    },
    {
      name: 'consistency strong: a history of 300 calls by four concurrent callers is linearizable',
      skip: needsStrong,
      async run({ kv, clock }) {
        const history = await runKvWorkload(kv, {
          rng: seededRng(1),
          clock: clock ?? systemClock,
          keys: ['history/a', 'history/b'],
          operations: 300,
        })
        expectLinearizable(checkLinearizable(kvModel, history))
      },
    },
    {
      name: 'durability durable: entries are there after closing and opening the store',
      skip: ({ info, reopen }) => {
        if (info.durability !== 'durable') return `the store states durability: ${info.durability}`
        return reopen === null ? 'the harness has no reopen' : null
      },
      async run({ kv, info, reopen, eventually }) {
        const bytes = sampleBytes(10_000)
        await kv.put('text', 'Grüße')
        await kv.put('bytes', bytes)
        await kv.put('beside', 'value', info.features.metadata ? { metadata: { n: 1 } } : {})
        await kv.put('deleted', 'value')
        await kv.delete('deleted')
        const again = await reopen?.()
        await eventually(async () => {
          expect(await again?.get('text')).toBe('Grüße')
          expect(await again?.get('bytes', { as: 'bytes' })).toEqual(bytes)
          expect(await again?.get('deleted')).toBeNull()
          if (info.features.metadata)
            expect((await again?.getWithMetadata('beside'))?.metadata).toEqual({ n: 1 })
        })
      },
    },
    {
      name: 'durability durable: a time to live goes on over closing and opening',
      skip: allOf(
        ({ info, reopen }) =>
          info.durability === 'durable' && reopen !== null ? null : 'not durable, or no reopen',
        ({ info, clock }) =>
          info.ttl === 'per_write' && clock !== null ? null : 'no ttl per write, or a real clock',
      ),
      async run({ kv, ttlSeconds, pass, reopen }) {
        await kv.put('key', 'value', { ttlSeconds })
        const again = await reopen?.()
        expect(await again?.get('key')).toBe('value')
        await pass(ttlSeconds * 1000)
        expect(await again?.get('key')).toBeNull()
      },
    },
    {
      name: 'bytes of exactly maxValueBytes are kept, one byte more is LimitExceeded',
      skip: needsValueLimit,
      async run({ kv, info, eventually }) {
        const max = info.limits.maxValueBytes
        const largest = sampleBytes(max)
        await kv.put('key', largest)
        await eventually(async () => {
          const read = await kv.get('key', { as: 'bytes' })
          expect(read === null ? null : await digest(read)).toBe(await digest(largest))
        })
        await refused(kv.put('over', new Uint8Array(max + 1)), 'LimitExceeded')
        expect(await kv.get('over')).toBeNull()
      },
    },
    {
      name: 'maxValueBytes counts UTF-8 bytes of text, not characters',
      skip: needsValueLimit,
      async run({ kv, info, eventually }) {
        const max = info.limits.maxValueBytes
        const largest = textOfBytes(max)
        await kv.put('key', largest)
        await eventually(async () => expect((await kv.get('key'))?.length).toBe(largest.length))
        await refused(kv.put('over', textOfBytes(max + 1)), 'LimitExceeded')
        expect(await kv.get('over')).toBeNull()
      },
    },
    {
      name: 'a stream longer than maxValueBytes is LimitExceeded, stores nothing and is let go',
      skip: needsValueLimit,
      async run({ kv, info }) {
        const max = info.limits.maxValueBytes
        const source = sampleStream(new Uint8Array(max + 200_000))
        await refused(kv.put('over', source.stream), 'LimitExceeded')
        expect(await kv.get('over')).toBeNull()
        expect(source.cancelled()).toBe(true)
        expect(source.pulled()).toBeLessThan(max + 200_000)
      },
    },
  ],
}

function needsStrong({ info }: KvSubject): string | null {
  return info.consistency === 'strong' ? null : `the store states consistency: ${info.consistency}`
}

function needsValueLimit({ info }: KvSubject): string | null {
  return info.limits.maxValueBytes <= largestTried ? null : 'no limit up to 32 MiB is stated'
}
