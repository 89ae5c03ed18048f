/** Key-value cases: when entries stop being visible. */
import { expect } from 'vitest'
import { longestLifeMs } from '../../numbers.ts'
import { all, each, refused, type ConformanceGroup } from '../conformance.ts'
import { allOf, type KvSubject, needs, needsManualClock, needsToWait, needsTtl } from './subject.ts'

export const ttl: ConformanceGroup<KvSubject> = {
  name: 'time to live',
  cases: [
    {
      name: 'an entry is visible until its time to live is over, and not after',
      skip: allOf(needsTtl, needsToWait),
      async run({ kv, ttlSeconds, pass, eventually }) {
        await kv.put('key', 'value', { ttlSeconds })
        await kv.put('stays', 'value')
        await eventually(async () => expect(await kv.get('key')).toBe('value'))
        await pass(ttlSeconds * 1000 + 500)
        await eventually(async () => expect(await kv.get('key')).toBeNull())
        expect(await kv.getWithMetadata('key')).toBeNull()
        expect(await kv.get('stays')).toBe('value')
      },
    },
    {
      name: 'one millisecond before it ends the entry is visible; at the moment it ends it is not',
      skip: allOf(needsTtl, needsManualClock),
      async run({ kv, ttlSeconds, pass }) {
        await kv.put('key', 'value', { ttlSeconds })
        await pass(ttlSeconds * 1000 - 1)
        expect(await kv.get('key')).toBe('value')
        await pass(1)
        expect(await kv.get('key')).toBeNull()
        await pass(1)
        expect(await kv.get('key')).toBeNull()
      },
    },
    {
      name: 'expiresAt ends the entry at that very moment',
      skip: allOf(needsTtl, needsManualClock),
      async run({ kv, clock, ttlSeconds, pass }) {
        const moment = new Date((clock?.now() ?? 0) + ttlSeconds * 1000)
        await kv.put('key', 'value', { expiresAt: moment })
        expect((await kv.getWithMetadata('key'))?.expiresAt).toEqual(moment)
        await pass(ttlSeconds * 1000 - 1)
        expect(await kv.get('key')).toBe('value')
        await pass(1)
        expect(await kv.get('key')).toBeNull()
      },
    },
    {
      name: 'the end is told with the entry, and null where there is none',
      skip: needsTtl,
      async run({ kv, clock, ttlSeconds, eventually }) {
        const before = clock?.now() ?? Date.now()
        await kv.put('ends', 'value', { ttlSeconds: ttlSeconds * 10 })
        await kv.put('stays', 'value')
        await eventually(async () => {
          const end = (await kv.getWithMetadata('ends'))?.expiresAt?.getTime() ?? 0
          // Stores that keep whole seconds may round.
          expect(Math.abs(end - (before + ttlSeconds * 10_000))).toBeLessThanOrEqual(
            clock === null ? 5000 : 1000,
          )
          expect((await kv.getWithMetadata('stays'))?.expiresAt).toBeNull()
        })
      },
    },
    {
      name: 'the end is listed with the key',
      skip: allOf(needsTtl, needs('list')),
      async run({ kv, ttlSeconds, eventually }) {
        await kv.put('ends', 'value', { ttlSeconds: ttlSeconds * 10 })
        await kv.put('stays', 'value')
        await eventually(async () => {
          const [ends, stays] = await all(kv.keys())
          expect(ends?.expiresAt).toEqual((await kv.getWithMetadata('ends'))?.expiresAt)
          expect(stays).toEqual({ key: 'stays' })
        })
      },
    },
    {
      name: '68 years are kept and told; more is refused, and spoils no reading',
      skip: needsTtl,
      async run({ kv, info, eventually }) {
        const ttlSeconds = longestLifeMs / 1000
        await kv.put('long', 'value', { ttlSeconds })
        for (const tooLong of [ttlSeconds * 1.01, 1e12, 1e15, Number.MAX_SAFE_INTEGER])
          await refused(kv.put('longer', 'value', { ttlSeconds: tooLong }), 'InvalidInput')
        await refused(kv.put('longer', 'value', { expiresAt: new Date(8.64e15) }), 'InvalidInput')
        await eventually(async () => {
          expect(await kv.get('long')).toBe('value')
          if (!info.features.list) return
          const long = (await all(kv.keys())).find(({ key }) => key === 'long')
          expect(long?.expiresAt?.getUTCFullYear()).toBeGreaterThan(2060)
        })
      },
    },
    {
      name: 'a put without a time to live removes the one before',
      skip: allOf(needsTtl, needsToWait),
      async run({ kv, ttlSeconds, pass, eventually }) {
        await kv.put('key', 'ends', { ttlSeconds })
        await kv.put('key', 'stays')
        await pass(ttlSeconds * 1000 + 500)
        await eventually(async () => expect(await kv.get('key')).toBe('stays'))
        expect((await kv.getWithMetadata('key'))?.expiresAt).toBeNull()
      },
    },
    {
      name: 'a put with a time to live sets it anew, longer or shorter',
      skip: allOf(needsTtl, needsManualClock),
      async run({ kv, ttlSeconds, pass }) {
        await kv.put('longer', '1', { ttlSeconds })
        await kv.put('shorter', '1', { ttlSeconds: ttlSeconds * 10 })
        await kv.put('longer', '2', { ttlSeconds: ttlSeconds * 10 })
        await kv.put('shorter', '2', { ttlSeconds })
        await pass(ttlSeconds * 1000)
        expect(await kv.get('longer')).toBe('2')
        expect(await kv.get('shorter')).toBeNull()
        await pass(ttlSeconds * 9000)
        expect(await kv.get('longer')).toBeNull()
      },
    },
    {
      name: 'an expired entry is not listed, not found by getMany, and can be deleted and written again',
      skip: allOf(needsTtl, needsToWait),
      async run({ kv, info, ttlSeconds, pass, eventually }) {
        await kv.put('ends', 'value', { ttlSeconds })
        await kv.put('stays', 'value')
        await pass(ttlSeconds * 1000 + 500)
        await eventually(async () => {
          expect(await kv.getMany(['ends', 'stays'])).toEqual(
            new Map([
              ['ends', null],
              ['stays', 'value'],
            ]),
          )
          if (info.features.list) expect((await all(kv.keys())).map(({ key }) => key)).toEqual(['stays'])
        })
        await kv.delete('ends')
        await kv.put('ends', 'again')
        await eventually(async () => expect(await kv.get('ends')).toBe('again'))
      },
    },
    {
      name: 'an expired entry is absent for ifAbsent and has no version for ifVersion',
      skip: allOf(needsTtl, needs('conditional'), needsToWait),
      async run({ kv, ttlSeconds, pass }) {
        const { version } = await kv.put('key', 'first', { ttlSeconds })
        await refused(kv.put('key', 'second', { ifAbsent: true }), 'AlreadyExists')
        await pass(ttlSeconds * 1000 + 500)
        await refused(kv.put('key', 'late', { ifVersion: version ?? '' }), 'ConditionNotMatch')
        await kv.put('key', 'second', { ifAbsent: true })
        expect(await kv.get('key')).toBe('second')
      },
    },
    {
      name: 'many expired entries go without a trace in pages',
      skip: allOf(needsTtl, needs('list'), needsManualClock),
      async run({ kv, ttlSeconds, pass }) {
        const numbers = Array.from({ length: 300 }, (_, i) => i)
        await each(numbers, (i) => kv.put(`k${i}`, 'v', i % 3 === 0 ? {} : { ttlSeconds }))
        await pass(ttlSeconds * 1000)
        const seen: string[] = []
        let cursor: string | undefined
        do {
          const page = await kv.list({
            limit: Math.min(20, kv.info.limits.maxListKeys),
            ...(cursor && { cursor }),
          })
          seen.push(...page.keys.map(({ key }) => key))
          cursor = page.cursor
        } while (cursor !== undefined)
        expect(seen.toSorted()).toEqual(
          numbers
            .filter((i) => i % 3 === 0)
            .map((i) => `k${i}`)
            .toSorted(),
        )
      },
    },
    {
      name: 'the shortest time to live is minTtlSeconds; less is InvalidInput with code TTL001',
      skip: allOf(needsTtl, ({ info }) =>
        info.limits.minTtlSeconds > 0 ? null : 'no shortest time is stated (minTtlSeconds: 0)',
      ),
      async run({ kv, info, eventually }) {
        const { minTtlSeconds } = info.limits
        await kv.put('key', 'value', { ttlSeconds: minTtlSeconds })
        await eventually(async () => expect(await kv.get('key')).toBe('value'))
        const error = await refused(
          kv.put('short', 'value', { ttlSeconds: minTtlSeconds - 0.5 }),
          'InvalidInput',
        )
        expect(error.code).toBe('TTL001')
        expect(await kv.get('short')).toBeNull()
      },
    },
    {
      name: 'a fraction of a second is kept where no shortest time is stated',
      skip: allOf(needsTtl, needsManualClock, ({ info }) =>
        info.limits.minTtlSeconds === 0 ? null : `minTtlSeconds is ${info.limits.minTtlSeconds}`,
      ),
      async run({ kv, pass }) {
        await kv.put('key', 'value', { ttlSeconds: 0.25 })
        await pass(249)
        expect(await kv.get('key')).toBe('value')
        await pass(1)
        expect(await kv.get('key')).toBeNull()
      },
    },
    {
      name: 'a time to live that is not positive and finite is InvalidInput and stores nothing',
      skip: needsTtl,
      async run({ kv, clock, ttlSeconds }) {
        for (const bad of [0, -1, Number.NaN, Infinity]) {
          await refused(kv.put('key', 'value', { ttlSeconds: bad }), 'InvalidInput')
        }
        const now = clock?.now() ?? Date.now()
        for (const moment of [new Date(now - 1000), new Date(Number.NaN)]) {
          await refused(kv.put('key', 'value', { expiresAt: moment }), 'InvalidInput')
        }
        const both = { ttlSeconds, expiresAt: new Date(now + ttlSeconds * 1000) }
        await refused(kv.put('key', 'value', both), 'InvalidInput')
        expect(await kv.get('key')).toBeNull()
      },
    },
    {
      name: 'a time to live is Unsupported where the store has none per write',
      skip: ({ info }) => (info.ttl === 'per_write' ? 'the store states ttl: per_write' : null),
      async run({ kv }) {
        await refused(kv.put('key', 'value', { ttlSeconds: 3600 }), 'Unsupported')
        await refused(kv.put('key', 'value', { expiresAt: new Date(Date.now() + 3_600_000) }), 'Unsupported')
        expect(await kv.get('key')).toBeNull()
      },
    },
  ],
}
