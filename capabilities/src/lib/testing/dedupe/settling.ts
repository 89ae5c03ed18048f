/** Dedupe cases: looking at a key without taking it, and taking over exactly the unknown key that was seen. */
import { expect } from 'vitest'
import type { DedupeKey, DedupeStore } from '../../dedupe/contract.ts'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { allOf, type DedupeSubject, fingerprint, needsAtomic, needsToWait, race, take } from './subject.ts'

const needsListing = ({ info }: DedupeSubject) =>
  info.features?.unknowns === true ? null : `${info.provider} does not list unknown keys`

/** Begins an effect under the key and ends the lease: the key is unknown. */
async function leave(dedupe: DedupeStore, key: DedupeKey, leaseMs: number) {
  const begun = await dedupe.begin(key, { leaseMs, fingerprint, started: true })
  if (begun.state !== 'fresh') return expect.fail(`expected a fresh key, found it ${begun.state}`)
  expect(await dedupe.abandon(key, begun.token)).toBe(true)
  return begun
}

export const settling: ConformanceGroup<DedupeSubject> = {
  name: 'settling',
  cases: [
    {
      name: 'look shows a key that is free, in flight, unknown or done, and takes nothing',
      skip: needsListing,
      async run({ dedupe, longMs }) {
        expect(await dedupe.look('key')).toEqual({ state: 'free' })
        const { fence, token } = await leave(dedupe, 'key', longMs)
        const unknown = await dedupe.look('key')
        expect(unknown).toMatchObject({ state: 'unknown', fingerprint, fence })
        expect(unknown.state === 'unknown' && unknown.sinceMs).toBeGreaterThanOrEqual(0)
        expect(await dedupe.complete('key', token, { id: 1 }, longMs)).toBe(true)
        expect(await dedupe.look('key')).toEqual({ state: 'done', fingerprint, fence, result: { id: 1 } })
        const bytes = new Uint8Array([1, 2])
        const other = await take(dedupe, bytes, longMs)
        const held = await dedupe.look(bytes)
        expect(held).toMatchObject({ state: 'in_flight', fingerprint })
        expect(held.state === 'in_flight' && held.leaseEndsInMs).toBeGreaterThan(0)
        await dedupe.release(bytes, other)
        expect(await dedupe.look(bytes)).toEqual({ state: 'free' })
        await dedupe.putIfAbsent('reserved', longMs)
        expect(await dedupe.look('reserved')).toMatchObject({ state: 'done', fingerprint: '', result: null })
      },
    },
    {
      name: 'look finds a lease that ended before its effect began free, and an ended result too',
      skip: allOf(needsListing, needsToWait),
      async run({ dedupe, shortMs, pass }) {
        await take(dedupe, 'not begun', shortMs)
        await dedupe.complete('done', await take(dedupe, 'done', shortMs), 1, shortMs)
        await pass(shortMs + 1)
        expect(await dedupe.look('not begun')).toEqual({ state: 'free' })
        expect(await dedupe.look('done')).toEqual({ state: 'free' })
      },
    },
    {
      name: 'takeOver gives an unknown key to the caller who saw its fence, with a larger one',
      skip: needsListing,
      async run({ dedupe, longMs }) {
        const { fence, token } = await leave(dedupe, 'key', longMs)
        const taken = await dedupe.takeOver('key', { fence, leaseMs: longMs })
        if (taken === null) return expect.fail('the key must be taken over')
        expect(taken.fence).toBeGreaterThan(fence)
        expect(await dedupe.look('key')).toMatchObject({
          state: 'in_flight',
          fingerprint,
          fence: taken.fence,
        })
        expect(await dedupe.complete('key', token, 'late', longMs)).toBe(false)
        expect(await dedupe.release('key', token)).toBe(false)
        expect(await dedupe.complete('key', taken.token, 'settled', longMs)).toBe(true)
        const found = await dedupe.begin('key', { leaseMs: longMs, fingerprint })
        expect(found).toEqual({ state: 'done', result: 'settled' })
      },
    },
    {
      name: 'look shows the owner of a key, also after takeOver and when it is done',
      skip: needsListing,
      async run({ dedupe, longMs }) {
        const request = { leaseMs: longMs, fingerprint, owner: 'ann', started: true }
        const begun = await dedupe.begin('key', request)
        if (begun.state !== 'fresh') return expect.fail('a new key must be fresh')
        const whose = { fingerprint, owner: 'ann' }
        expect(await dedupe.look('key')).toMatchObject({ state: 'in_flight', ...whose })
        await dedupe.abandon('key', begun.token)
        expect(await dedupe.look('key')).toMatchObject({ state: 'unknown', ...whose })
        const taken = await dedupe.takeOver('key', { fence: begun.fence, leaseMs: longMs })
        if (taken === null) return expect.fail('the key must be taken over')
        expect(await dedupe.look('key')).toMatchObject({ state: 'in_flight', ...whose })
        expect(await dedupe.complete('key', taken.token, 1, longMs)).toBe(true)
        expect(await dedupe.look('key')).toMatchObject({ state: 'done', ...whose })
      },
    },
    {
      name: 'takeOver leaves a key that is free, in flight, done, or has another fence, as it is',
      skip: needsListing,
      async run({ dedupe, longMs }) {
        const over = (key: string, fence: number) => dedupe.takeOver(key, { fence, leaseMs: longMs })
        expect(await over('free', 0)).toBeNull()
        expect(await dedupe.look('free')).toEqual({ state: 'free' })
        const held = await dedupe.begin('held', { leaseMs: longMs, fingerprint, started: true })
        if (held.state !== 'fresh') return expect.fail('a new key must be fresh')
        expect(await over('held', held.fence)).toBeNull()
        expect(await dedupe.complete('held', held.token, 1, longMs)).toBe(true)
        expect(await over('held', held.fence)).toBeNull()
        expect((await dedupe.look('held')).state).toBe('done')
        const { fence, token } = await leave(dedupe, 'unknown', longMs)
        expect(await over('unknown', fence - 1)).toBeNull()
        expect(await over('unknown', fence + 1)).toBeNull()
        expect(await dedupe.look('unknown')).toMatchObject({ state: 'unknown', fence })
        // A key that was given back and is free has lost its fence: whoever saw it before comes too late.
        expect(await dedupe.release('unknown', token)).toBe(true)
        expect(await over('unknown', fence)).toBeNull()
        expect(await dedupe.look('unknown')).toEqual({ state: 'free' })
      },
    },
    {
      name: 'a key that was taken over and not settled is unknown again, under the new fence',
      skip: needsListing,
      async run({ dedupe, longMs }) {
        const { fence } = await leave(dedupe, 'key', longMs)
        const taken = await dedupe.takeOver('key', { fence, leaseMs: longMs })
        if (taken === null) return expect.fail('the key must be taken over')
        expect((await dedupe.unknowns()).keys).toEqual([])
        expect(await dedupe.abandon('key', taken.token)).toBe(true)
        expect(await dedupe.look('key')).toMatchObject({ state: 'unknown', fingerprint, fence: taken.fence })
        expect(await listed(dedupe)).toEqual([['key', taken.fence]])
        expect(await dedupe.takeOver('key', { fence, leaseMs: longMs })).toBeNull()
      },
    },
    {
      name: 'of 32 callers that take one unknown key over exactly one gets it',
      skip: allOf(needsListing, needsAtomic),
      async run({ dedupe, longMs }) {
        const { fence } = await leave(dedupe, 'key', longMs)
        const taken = await race(32, () => dedupe.takeOver('key', { fence, leaseMs: longMs }))
        expect(taken.filter((one) => one !== null)).toHaveLength(1)
      },
    },
    {
      name: 'keys that were settled, forgotten or taken over again are listed no more',
      skip: needsListing,
      async run({ dedupe, longMs }) {
        for (const key of ['completed', 'released', 'forgotten', 'left']) await leave(dedupe, key, longMs)
        const settle = async (key: string) => {
          const state = await dedupe.look(key)
          if (state.state !== 'unknown') return expect.fail(`${key} is ${state.state}`)
          const taken = await dedupe.takeOver(key, { fence: state.fence, leaseMs: longMs })
          return taken?.token ?? expect.fail(`${key} must be taken over`)
        }
        await dedupe.complete('completed', await settle('completed'), 1, longMs)
        await dedupe.release('released', await settle('released'))
        await dedupe.forget('forgotten')
        expect((await listed(dedupe)).map(([key]) => key)).toEqual(['left'])
        const again = await leave(dedupe, 'released', longMs)
        expect(await listed(dedupe)).toEqual(
          expect.arrayContaining([
            ['released', again.fence],
            ['left', expect.any(Number)],
          ]),
        )
      },
    },
    {
      name: 'a fence of takeOver that is not a whole number from 0 is InvalidInput',
      async run({ dedupe, longMs }) {
        for (const fence of [-1, 1.5, Number.NaN, Infinity])
          await refused(dedupe.takeOver('key', { fence, leaseMs: longMs }), 'InvalidInput')
      },
    },
  ],
}

/** All unknown keys with their fences. */
async function listed(dedupe: DedupeStore): Promise<(readonly [DedupeKey, number])[]> {
  const found: (readonly [DedupeKey, number])[] = []
  let cursor: string | null = null
  do {
    const page = await dedupe.unknowns(cursor === null ? {} : { cursor })
    found.push(...page.keys.map(({ key, fence }) => [key, fence] as const))
    cursor = page.cursor
  } while (cursor !== null)
  return found
}
