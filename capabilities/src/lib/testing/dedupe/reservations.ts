/** Dedupe cases: `putIfAbsent` and `forget`. */
import { expect } from 'vitest'
import { checkLinearizable } from '../../linearizability/check.ts'
import { dedupeModel } from '../../linearizability/dedupe-model.ts'
import { runDedupeWorkload } from '../../linearizability/dedupe-workload.ts'
import { seededRng } from '../../rng/seeded-rng.ts'
import { systemClock } from '../../system/clock.ts'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { expectLinearizable } from '../linearizable.ts'
import {
  allOf,
  type DedupeSubject,
  needsAtomic,
  needsManualClock,
  needsToWait,
  race,
  stateOf,
} from './subject.ts'

export const reservations: ConformanceGroup<DedupeSubject> = {
  name: 'reservations',
  cases: [
    {
      name: 'the first caller gets the key, the next does not, and other keys are their own',
      async run({ dedupe, longMs }) {
        expect(await dedupe.putIfAbsent('key', longMs)).toBe(true)
        expect(await dedupe.putIfAbsent('key', longMs)).toBe(false)
        expect(await dedupe.putIfAbsent('other', longMs)).toBe(true)
        expect(await dedupe.putIfAbsent('key', longMs)).toBe(false)
      },
    },
    {
      name: 'of 64 callers at once exactly one gets the key',
      skip: needsAtomic,
      async run({ dedupe, longMs }) {
        const won = await race(64, () => dedupe.putIfAbsent('key', longMs))
        expect(won.filter(Boolean)).toHaveLength(1)
      },
    },
    {
      name: 'of 64 callers at once on 8 keys exactly one gets each key',
      skip: needsAtomic,
      async run({ dedupe, longMs }) {
        const won = await race(64, async (i) =>
          (await dedupe.putIfAbsent(`key-${i % 8}`, longMs)) ? i % 8 : -1,
        )
        expect(won.filter((key) => key >= 0).toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
      },
    },
    {
      name: 'a history of 300 calls by four concurrent callers is linearizable, leases and fences included',
      skip: needsAtomic,
      async run({ dedupe, info, clock, shortMs, longMs, pass }) {
        const history = await runDedupeWorkload(dedupe, {
          rng: seededRng(1),
          clock: clock ?? systemClock,
          keys: ['history/a', 'history/b'],
          operations: 300,
          shortMs,
          longMs,
          ...(clock === null ? {} : { pass }),
        })
        const model = dedupeModel({
          slackMs: info.limits.expirySlackMs ?? 0,
          driftMs: clock === null ? 50 : 1,
        })
        expectLinearizable(checkLinearizable(model, history))
      },
    },
    {
      name: 'after the time to live exactly one of 64 callers gets the key again',
      skip: allOf(needsAtomic, needsToWait),
      async run({ dedupe, shortMs, longMs, pass }) {
        expect(await dedupe.putIfAbsent('key', shortMs)).toBe(true)
        await pass(shortMs + 1)
        const won = await race(64, () => dedupe.putIfAbsent('key', longMs))
        expect(won.filter(Boolean)).toHaveLength(1)
      },
    },
    {
      name: 'one millisecond before its end the key is taken; at its end it is free',
      skip: needsManualClock,
      async run({ dedupe, shortMs, pass }) {
        await dedupe.putIfAbsent('key', shortMs)
        await pass(shortMs - 1)
        expect(await dedupe.putIfAbsent('key', shortMs)).toBe(false)
        await pass(1)
        expect(await dedupe.putIfAbsent('key', shortMs)).toBe(true)
      },
    },
    {
      name: 'a caller that does not get the key changes nothing about its end',
      skip: needsManualClock,
      async run({ dedupe, shortMs, longMs, pass }) {
        await dedupe.putIfAbsent('key', shortMs)
        await pass(shortMs / 2)
        expect(await dedupe.putIfAbsent('key', longMs)).toBe(false)
        await pass(shortMs / 2)
        expect(await dedupe.putIfAbsent('key', longMs)).toBe(true)
      },
    },
    {
      name: 'forget frees the key, and only that one',
      async run({ dedupe, longMs }) {
        await dedupe.putIfAbsent('key', longMs)
        await dedupe.putIfAbsent('key2', longMs)
        await dedupe.forget('key')
        expect(await dedupe.putIfAbsent('key2', longMs)).toBe(false)
        expect(await dedupe.putIfAbsent('key', longMs)).toBe(true)
      },
    },
    {
      name: 'forgetting what is absent is no error',
      async run({ dedupe, longMs }) {
        await dedupe.forget('never')
        await dedupe.putIfAbsent('key', longMs)
        await dedupe.forget('key')
        await dedupe.forget('key')
      },
    },
    {
      name: 'a key that is being worked on, or done, cannot be reserved',
      async run(subject) {
        const { dedupe, longMs } = subject
        const begun = await dedupe.begin('key', { leaseMs: longMs, fingerprint: 'f' })
        expect(await dedupe.putIfAbsent('key', longMs)).toBe(false)
        if (begun.state !== 'fresh') return expect.fail('the key was not fresh')
        expect(await dedupe.complete('key', begun.token, 1, longMs)).toBe(true)
        expect(await dedupe.putIfAbsent('key', longMs)).toBe(false)
      },
    },
    {
      name: 'a reserved key is not fresh for begin, whatever the fingerprint',
      async run(subject) {
        await subject.dedupe.putIfAbsent('key', subject.longMs)
        expect(await stateOf(subject, 'key')).toBe('done')
        await subject.dedupe.forget('key')
        expect(await stateOf(subject, 'key')).toBe('fresh')
      },
    },
    {
      name: 'a time to live that is not positive and finite is InvalidInput and reserves nothing',
      async run({ dedupe, longMs }) {
        for (const bad of [0, -1, Number.NaN, Infinity])
          await refused(dedupe.putIfAbsent('key', bad), 'InvalidInput')
        expect(await dedupe.putIfAbsent('key', longMs)).toBe(true)
      },
    },
  ],
}
