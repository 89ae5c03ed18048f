/** Dedupe cases: the life of a key from `begin` to `complete` or `release`. */
import { expect } from 'vitest'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { type DedupeSubject, fingerprint, needsAtomic, race, stateOf, take } from './subject.ts'

export const ledger: ConformanceGroup<DedupeSubject> = {
  name: 'ledger',
  cases: [
    {
      name: 'a key is fresh, then in flight, then done with its result',
      async run({ dedupe, longMs }) {
        const options = { leaseMs: longMs, fingerprint }
        const first = await dedupe.begin('key', options)
        if (first.state !== 'fresh') return expect.fail('a new key must be fresh')
        expect(first.token).not.toBe('')
        expect((await dedupe.begin('key', options)).state).toBe('in_flight')
        expect(await dedupe.complete('key', first.token, { status: 201 }, longMs)).toBe(true)
        expect(await dedupe.begin('key', options)).toEqual({ state: 'done', result: { status: 201 } })
        expect(await dedupe.begin('key', options)).toEqual({ state: 'done', result: { status: 201 } })
      },
    },
    {
      name: 'in flight tells when to ask again: after a moment, and not after the lease',
      async run({ dedupe, info, shortMs }) {
        const leaseMs = Math.max(shortMs, info.limits.minTtlMs)
        await take(dedupe, 'key', leaseMs)
        const found = await dedupe.begin('key', { leaseMs, fingerprint })
        if (found.state !== 'in_flight') return expect.fail('the key must be in flight')
        expect(found.retryAfterMs).toBeGreaterThan(0)
        expect(found.retryAfterMs).toBeLessThanOrEqual(leaseMs)
        expect(Number.isFinite(found.retryAfterMs)).toBe(true)
      },
    },
    {
      name: 'of 64 callers at once exactly one is fresh, the others find the key in flight',
      skip: needsAtomic,
      async run({ dedupe, longMs }) {
        const begun = await race(64, () => dedupe.begin('key', { leaseMs: longMs, fingerprint }))
        expect(begun.filter(({ state }) => state === 'fresh')).toHaveLength(1)
        expect(begun.filter(({ state }) => state === 'in_flight')).toHaveLength(63)
      },
    },
    {
      name: 'a released key is fresh again, for one of 32 callers',
      skip: needsAtomic,
      async run({ dedupe, longMs }) {
        const token = await take(dedupe, 'key', longMs)
        expect(await dedupe.release('key', token)).toBe(true)
        const begun = await race(32, () => dedupe.begin('key', { leaseMs: longMs, fingerprint }))
        expect(begun.filter(({ state }) => state === 'fresh')).toHaveLength(1)
      },
    },
    {
      name: 'each holder has a token of its own',
      async run({ dedupe, longMs }) {
        const tokens = new Set<string>()
        for (let i = 0; i < 10; i++) {
          const token = await take(dedupe, 'key', longMs)
          tokens.add(token)
          await dedupe.release('key', token)
        }
        tokens.add(await take(dedupe, 'other', longMs))
        expect(tokens.size).toBe(11)
      },
    },
    {
      name: 'a token that is not the holder’s completes, renews and releases nothing',
      async run(subject) {
        const { dedupe, longMs } = subject
        const token = await take(dedupe, 'key', longMs)
        const other = await take(dedupe, 'other', longMs)
        for (const wrong of [other, 'no-token', '']) {
          expect(await dedupe.complete('key', wrong, 'wrong', longMs)).toBe(false)
          expect(await dedupe.renew('key', wrong, longMs)).toBe(false)
          expect(await dedupe.release('key', wrong)).toBe(false)
        }
        expect(await stateOf(subject, 'key')).toBe('in_flight')
        expect(await dedupe.complete('key', token, 'right', longMs)).toBe(true)
      },
    },
    {
      name: 'a key nobody holds cannot be completed, renewed or released',
      async run(subject) {
        const { dedupe, longMs } = subject
        expect(await dedupe.complete('key', 'token', 1, longMs)).toBe(false)
        expect(await dedupe.renew('key', 'token', longMs)).toBe(false)
        expect(await dedupe.release('key', 'token')).toBe(false)
        expect(await stateOf(subject, 'key')).toBe('fresh')
      },
    },
    {
      name: 'completing twice with the same token is true twice',
      async run({ dedupe, longMs }) {
        const token = await take(dedupe, 'key', longMs)
        expect(await dedupe.complete('key', token, 'result', longMs)).toBe(true)
        expect(await dedupe.complete('key', token, 'result', longMs)).toBe(true)
        expect(await dedupe.begin('key', { leaseMs: longMs, fingerprint })).toEqual({
          state: 'done',
          result: 'result',
        })
      },
    },
    {
      name: 'what is done is neither released nor renewed',
      async run({ dedupe, longMs }) {
        const token = await take(dedupe, 'key', longMs)
        await dedupe.complete('key', token, 'result', longMs)
        expect(await dedupe.release('key', token)).toBe(false)
        expect(await dedupe.renew('key', token, longMs)).toBe(false)
        expect(await dedupe.begin('key', { leaseMs: longMs, fingerprint })).toEqual({
          state: 'done',
          result: 'result',
        })
      },
    },
    {
      name: 'a released token holds nothing any more',
      async run(subject) {
        const { dedupe, longMs } = subject
        const token = await take(dedupe, 'key', longMs)
        await dedupe.release('key', token)
        expect(await dedupe.complete('key', token, 1, longMs)).toBe(false)
        expect(await dedupe.renew('key', token, longMs)).toBe(false)
        expect(await stateOf(subject, 'key')).toBe('fresh')
      },
    },
    {
      name: 'forget ends a holder: its token is refused, the key is fresh',
      async run({ dedupe, longMs }) {
        const token = await take(dedupe, 'key', longMs)
        await dedupe.forget('key')
        const second = await take(dedupe, 'key', longMs)
        expect(await dedupe.complete('key', token, 'late', longMs)).toBe(false)
        expect(await dedupe.complete('key', second, 'second', longMs)).toBe(true)
        await dedupe.forget('key')
        await take(dedupe, 'key', longMs)
      },
    },
    {
      name: '200 keys at once each have their own holder and result',
      async run({ dedupe, longMs }) {
        await race(200, async (i) => {
          const token = await take(dedupe, `key-${i}`, longMs)
          expect(await dedupe.complete(`key-${i}`, token, i, longMs)).toBe(true)
        })
        await race(200, async (i) => {
          const found = await dedupe.begin(`key-${i}`, { leaseMs: longMs, fingerprint })
          expect(found).toEqual({ state: 'done', result: i })
        })
      },
    },
    {
      name: 'a lease that is not positive and finite is InvalidInput and takes nothing',
      async run(subject) {
        const { dedupe, longMs } = subject
        for (const bad of [0, -1, Number.NaN, Infinity]) {
          await refused(dedupe.begin('key', { leaseMs: bad, fingerprint }), 'InvalidInput')
        }
        const token = await take(dedupe, 'key', longMs)
        await refused(dedupe.renew('key', token, 0), 'InvalidInput')
        await refused(dedupe.complete('key', token, 1, Number.NaN), 'InvalidInput')
        expect(await stateOf(subject, 'key')).toBe('in_flight')
      },
    },
    {
      name: 'a lease under the stated minimum is InvalidInput with code TTL001',
      skip: ({ info }) => (info.limits.minTtlMs > 1 ? null : `minTtlMs is ${info.limits.minTtlMs}`),
      async run(subject) {
        const { dedupe, info } = subject
        const leaseMs = info.limits.minTtlMs - 1
        expect((await refused(dedupe.begin('key', { leaseMs, fingerprint }), 'InvalidInput')).code).toBe(
          'TTL001',
        )
        expect((await refused(dedupe.putIfAbsent('key', leaseMs), 'InvalidInput')).code).toBe('TTL001')
        expect(await stateOf(subject, 'key')).toBe('fresh')
      },
    },
  ],
}
