/** Dedupe cases: what time does to holders and results, and how late holders are fenced off. */
import { expect } from 'vitest'
import type { ConformanceGroup } from '../conformance.ts'
import {
  allOf,
  type DedupeSubject,
  fingerprint,
  needsAtomic,
  needsManualClock,
  needsToWait,
  race,
  stateOf,
  take,
} from './subject.ts'

export const leases: ConformanceGroup<DedupeSubject> = {
  name: 'leases',
  cases: [
    {
      name: 'a lease that has ended hands the key to a second holder',
      skip: needsToWait,
      async run(subject) {
        const { dedupe, shortMs, longMs, pass } = subject
        const first = await take(dedupe, 'key', shortMs)
        expect(await stateOf(subject, 'key')).toBe('in_flight')
        await pass(shortMs + 1)
        const second = await take(dedupe, 'key', longMs)
        expect(second).not.toBe(first)
        expect(await stateOf(subject, 'key')).toBe('in_flight')
      },
    },
    {
      name: 'one millisecond before its end the lease holds; at its end it does not',
      skip: needsManualClock,
      async run(subject) {
        const { dedupe, shortMs, pass } = subject
        await take(dedupe, 'key', shortMs)
        await pass(shortMs - 1)
        const found = await dedupe.begin('key', { leaseMs: shortMs, fingerprint })
        expect(found).toEqual({ state: 'in_flight', retryAfterMs: 1 })
        await pass(1)
        expect(await stateOf(subject, 'key')).toBe('fresh')
      },
    },
    {
      name: 'of 32 callers after the lease exactly one takes over',
      skip: allOf(needsAtomic, needsToWait),
      async run({ dedupe, shortMs, longMs, pass }) {
        await take(dedupe, 'key', shortMs)
        await pass(shortMs + 1)
        const begun = await race(32, () => dedupe.begin('key', { leaseMs: longMs, fingerprint }))
        expect(begun.filter(({ state }) => state === 'fresh')).toHaveLength(1)
      },
    },
    {
      name: 'a late complete is refused once another holds the key, and its result is not kept',
      skip: needsToWait,
      async run({ dedupe, shortMs, longMs, pass }) {
        const late = await take(dedupe, 'key', shortMs)
        await pass(shortMs + 1)
        const holder = await take(dedupe, 'key', longMs)
        expect(await dedupe.complete('key', late, 'late', longMs)).toBe(false)
        expect((await dedupe.begin('key', { leaseMs: longMs, fingerprint })).state).toBe('in_flight')
        expect(await dedupe.complete('key', holder, 'right', longMs)).toBe(true)
        expect(await dedupe.complete('key', late, 'late', longMs)).toBe(false)
        expect(await dedupe.begin('key', { leaseMs: longMs, fingerprint })).toEqual({
          state: 'done',
          result: 'right',
        })
      },
    },
    {
      name: 'a late release or renew is refused once another holds the key, and frees nothing',
      skip: needsToWait,
      async run(subject) {
        const { dedupe, shortMs, longMs, pass } = subject
        const late = await take(dedupe, 'key', shortMs)
        await pass(shortMs + 1)
        const holder = await take(dedupe, 'key', longMs)
        expect(await dedupe.release('key', late)).toBe(false)
        expect(await dedupe.renew('key', late, longMs)).toBe(false)
        expect(await stateOf(subject, 'key')).toBe('in_flight')
        expect(await dedupe.renew('key', holder, longMs)).toBe(true)
      },
    },
    {
      name: 'a late complete counts as long as nobody else has taken the key',
      skip: needsToWait,
      async run({ dedupe, shortMs, longMs, pass }) {
        const token = await take(dedupe, 'key', shortMs)
        await pass(shortMs + 1)
        expect(await dedupe.complete('key', token, 'late', longMs)).toBe(true)
        expect(await dedupe.begin('key', { leaseMs: longMs, fingerprint })).toEqual({
          state: 'done',
          result: 'late',
        })
      },
    },
    {
      name: 'renew moves the end of the lease, counted from now',
      skip: needsManualClock,
      async run(subject) {
        const { dedupe, shortMs, pass } = subject
        const token = await take(dedupe, 'key', shortMs)
        for (let i = 0; i < 3; i++) {
          await pass(shortMs - 1)
          expect(await dedupe.renew('key', token, shortMs)).toBe(true)
        }
        await pass(shortMs - 1)
        expect(await stateOf(subject, 'key')).toBe('in_flight')
        await pass(1)
        expect(await stateOf(subject, 'key')).toBe('fresh')
      },
    },
    {
      name: 'renew can shorten a lease',
      skip: needsManualClock,
      async run(subject) {
        const { dedupe, shortMs, longMs, pass } = subject
        const token = await take(dedupe, 'key', longMs)
        expect(await dedupe.renew('key', token, shortMs)).toBe(true)
        await pass(shortMs)
        expect(await stateOf(subject, 'key')).toBe('fresh')
      },
    },
    {
      name: 'a renewed holder completes after its first lease would have ended',
      skip: needsToWait,
      async run({ dedupe, shortMs, longMs, pass }) {
        const token = await take(dedupe, 'key', shortMs)
        expect(await dedupe.renew('key', token, longMs)).toBe(true)
        await pass(shortMs + 1)
        expect((await dedupe.begin('key', { leaseMs: longMs, fingerprint })).state).toBe('in_flight')
        expect(await dedupe.complete('key', token, 'done', longMs)).toBe(true)
      },
    },
    {
      name: 'a result is kept for its time to live, and then the key is fresh',
      skip: needsManualClock,
      async run(subject) {
        const { dedupe, shortMs, longMs, pass } = subject
        const token = await take(dedupe, 'key', longMs)
        await pass(shortMs)
        await dedupe.complete('key', token, 'result', shortMs)
        await pass(shortMs - 1)
        expect(await stateOf(subject, 'key')).toBe('done')
        await pass(1)
        expect(await dedupe.complete('key', token, 'again', shortMs)).toBe(false)
        expect(await stateOf(subject, 'key')).toBe('fresh')
      },
    },
    {
      name: 'a result outlives the lease it was made under',
      skip: needsToWait,
      async run(subject) {
        const { dedupe, shortMs, longMs, pass } = subject
        const token = await take(dedupe, 'key', shortMs)
        await dedupe.complete('key', token, 'result', longMs)
        await pass(shortMs + 1)
        expect(await stateOf(subject, 'key')).toBe('done')
      },
    },
    {
      name: 'many keys whose time is over do not stand in the way of new ones',
      skip: needsManualClock,
      async run(subject) {
        const { dedupe, shortMs, longMs, pass } = subject
        const keep = await take(dedupe, 'keep', longMs)
        await race(200, (i) => dedupe.putIfAbsent(`r${i}`, shortMs))
        await race(200, (i) => take(dedupe, `b${i}`, shortMs))
        await pass(shortMs)
        const again = await race(200, (i) => dedupe.putIfAbsent(`r${i}`, longMs))
        expect(again.every(Boolean)).toBe(true)
        await race(200, (i) => take(dedupe, `b${i}`, longMs))
        expect(await dedupe.complete('keep', keep, 1, longMs)).toBe(true)
      },
    },
  ],
}
