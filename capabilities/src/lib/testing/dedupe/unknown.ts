/** Dedupe cases: keys whose effect began, and what ends the doubt; fences. */
import { expect } from 'vitest'
import type { DedupeStore } from '../../dedupe/contract.ts'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { type DedupeSubject, fingerprint, needsAtomic, needsToWait, race, take } from './subject.ts'

const needsListing = ({ info }: DedupeSubject) =>
  info.features?.unknowns === true ? null : `${info.provider} does not list unknown keys`

/** Takes the key with its effect begun. */
async function start(dedupe: DedupeStore, key: string, leaseMs: number) {
  const begun = await dedupe.begin(key, { leaseMs, fingerprint, started: true })
  if (begun.state !== 'fresh') return expect.fail(`expected a fresh key, found it ${begun.state}`)
  return begun
}

/** Begins a key and lets its lease end: it is unknown. Gives its last holder. */
async function leaveUnknown({ dedupe, shortMs, pass }: DedupeSubject, key: string) {
  const holder = await start(dedupe, key, shortMs)
  await pass(shortMs + 1)
  return holder
}

const look = (dedupe: DedupeStore, key: string, leaseMs: number) =>
  dedupe.begin(key, { leaseMs, fingerprint, started: true })

export const unknown: ConformanceGroup<DedupeSubject> = {
  name: 'unknown',
  cases: [
    {
      name: 'a started key whose lease has ended is unknown to everybody, with the fence of its holder',
      skip: needsToWait,
      async run(subject) {
        const { dedupe, longMs } = subject
        const { fence } = await leaveUnknown(subject, 'key')
        for (const started of [true, false]) {
          const found = await dedupe.begin('key', { leaseMs: longMs, fingerprint, started })
          expect(found).toMatchObject({ state: 'unknown', fence })
        }
        expect(await dedupe.putIfAbsent('key', longMs)).toBe(false)
      },
    },
    {
      name: 'a started key in flight is in flight, and done when it is completed',
      async run({ dedupe, longMs }) {
        const { token } = await start(dedupe, 'key', longMs)
        expect((await look(dedupe, 'key', longMs)).state).toBe('in_flight')
        expect(await dedupe.complete('key', token, 'made', longMs)).toBe(true)
        expect(await look(dedupe, 'key', longMs)).toEqual({ state: 'done', result: 'made' })
      },
    },
    {
      name: 'the effect may begin later: renew with started makes the key unknown when its lease ends',
      skip: needsToWait,
      async run({ dedupe, shortMs, longMs, pass }) {
        const token = await take(dedupe, 'key', longMs)
        expect(await dedupe.renew('key', token, shortMs, { started: true })).toBe(true)
        await pass(shortMs + 1)
        expect((await look(dedupe, 'key', longMs)).state).toBe('unknown')
      },
    },
    {
      name: 'a later renewal without started takes nothing back',
      skip: needsToWait,
      async run({ dedupe, shortMs, longMs, pass }) {
        const { token } = await start(dedupe, 'key', longMs)
        expect(await dedupe.renew('key', token, shortMs)).toBe(true)
        await pass(shortMs + 1)
        expect((await look(dedupe, 'key', longMs)).state).toBe('unknown')
      },
    },
    {
      name: 'abandon ends the lease at once: unknown when the effect began, free when it had not',
      async run({ dedupe, longMs }) {
        const { token } = await start(dedupe, 'begun', longMs)
        expect(await dedupe.abandon('begun', token)).toBe(true)
        expect((await look(dedupe, 'begun', longMs)).state).toBe('unknown')
        const other = await take(dedupe, 'not begun', longMs)
        expect(await dedupe.abandon('not begun', other)).toBe(true)
        expect((await look(dedupe, 'not begun', longMs)).state).toBe('fresh')
        expect(await dedupe.abandon('begun', other)).toBe(false)
        expect(await dedupe.abandon('nobody has it', token)).toBe(false)
      },
    },
    {
      name: 'an unknown key may still be completed or released by its last holder',
      async run({ dedupe, longMs }) {
        const first = await start(dedupe, 'completed', longMs)
        await dedupe.abandon('completed', first.token)
        expect(await dedupe.complete('completed', first.token, 'late', longMs)).toBe(true)
        expect(await look(dedupe, 'completed', longMs)).toEqual({ state: 'done', result: 'late' })
        const second = await start(dedupe, 'released', longMs)
        await dedupe.abandon('released', second.token)
        expect(await dedupe.release('released', second.token)).toBe(true)
        expect((await look(dedupe, 'released', longMs)).state).toBe('fresh')
      },
    },
    {
      name: 'of 32 callers that take an unknown key over with its fence exactly one holds it',
      skip: needsAtomic,
      async run({ dedupe, longMs }) {
        const { token, fence } = await start(dedupe, 'key', longMs)
        await dedupe.abandon('key', token)
        const found = await race(32, () =>
          dedupe.begin('key', { leaseMs: longMs, fingerprint, started: true, over: fence }),
        )
        expect(found.filter(({ state }) => state === 'fresh')).toHaveLength(1)
        expect(found.filter(({ state }) => state === 'in_flight')).toHaveLength(31)
        expect(await dedupe.complete('key', token, 'late', longMs)).toBe(false)
        expect(await dedupe.release('key', token)).toBe(false)
        expect(await dedupe.abandon('key', token)).toBe(false)
      },
    },
    {
      name: 'a fence that is not the last holder’s takes nothing over',
      async run({ dedupe, longMs }) {
        const { token, fence } = await start(dedupe, 'key', longMs)
        const over = (seen: number) =>
          dedupe.begin('key', { leaseMs: longMs, fingerprint, started: true, over: seen })
        expect((await over(fence)).state).toBe('in_flight')
        await dedupe.abandon('key', token)
        expect(await over(fence - 1)).toMatchObject({ state: 'unknown', fence })
        expect(await over(fence + 1)).toMatchObject({ state: 'unknown', fence })
        const next = await over(fence)
        if (next.state !== 'fresh') return expect.fail('the key must be taken over')
        await dedupe.abandon('key', next.token)
        expect(await over(fence)).toMatchObject({ state: 'unknown', fence: next.fence })
      },
    },
    {
      name: 'whoever takes an unknown key over inherits the doubt and the request',
      async run({ dedupe, longMs }) {
        const { token, fence } = await start(dedupe, 'key', longMs)
        await dedupe.abandon('key', token)
        const byHand = { leaseMs: longMs, fingerprint: 'by hand' }
        await refused(dedupe.begin('key', byHand), 'ConditionNotMatch')
        const next = await dedupe.begin('key', { ...byHand, over: fence })
        if (next.state !== 'fresh') return expect.fail('the key must be taken over')
        await dedupe.abandon('key', next.token)
        expect((await look(dedupe, 'key', longMs)).state).toBe('unknown')
        await refused(dedupe.begin('key', byHand), 'ConditionNotMatch')
      },
    },
    {
      name: 'a key keeps its owner over takeovers, until another request takes it',
      async run({ dedupe, longMs }) {
        const request = { leaseMs: longMs, fingerprint }
        const first = await dedupe.begin('key', { ...request, owner: 'ann', started: true })
        if (first.state !== 'fresh') return expect.fail('a new key must be fresh')
        // The same request of another owner is the same request.
        expect((await dedupe.begin('key', { ...request, owner: 'bob' })).state).toBe('in_flight')
        await dedupe.abandon('key', first.token)
        const found = await dedupe.begin('key', { ...request, owner: 'bob' })
        expect(found).toMatchObject({ state: 'unknown', owner: 'ann' })
        const next = await dedupe.begin('key', { ...request, owner: 'bob', over: first.fence })
        if (next.state !== 'fresh') return expect.fail('the key must be taken over')
        await dedupe.abandon('key', next.token)
        expect(await dedupe.begin('key', request)).toMatchObject({ state: 'unknown', owner: 'ann' })
        await dedupe.release('key', next.token)
        const free = await dedupe.begin('key', { ...request, owner: 'bob', started: true })
        if (free.state !== 'fresh') return expect.fail('a released key must be fresh')
        await dedupe.abandon('key', free.token)
        expect(await dedupe.begin('key', request)).toMatchObject({ state: 'unknown', owner: 'bob' })
      },
    },
    {
      name: 'fences grow with every holder, over takeover, release, forget and expiry',
      skip: needsToWait,
      async run({ dedupe, shortMs, longMs, pass }) {
        const fences: number[] = []
        const next = async (leaseMs: number, over?: number) => {
          const begun = await dedupe.begin('key', {
            leaseMs,
            fingerprint,
            started: true,
            ...(over === undefined ? {} : { over }),
          })
          if (begun.state !== 'fresh') return expect.fail(`expected a fresh key, found it ${begun.state}`)
          fences.push(begun.fence)
          return begun
        }
        await dedupe.release('key', (await next(longMs)).token)
        const second = await next(longMs)
        await dedupe.abandon('key', second.token)
        await dedupe.release('key', (await next(longMs, second.fence)).token)
        await next(longMs)
        await dedupe.forget('key')
        const fifth = await next(longMs)
        await dedupe.complete('key', fifth.token, 1, shortMs)
        await pass(shortMs + 1)
        await next(longMs)
        expect(fences).toEqual(fences.toSorted((a, b) => a - b))
        expect(new Set(fences).size).toBe(fences.length)
        for (const fence of fences) expect(Number.isSafeInteger(fence)).toBe(true)
      },
    },
    {
      name: 'forget settles an unknown key',
      async run({ dedupe, longMs }) {
        const { token } = await start(dedupe, 'key', longMs)
        await dedupe.abandon('key', token)
        await dedupe.forget('key')
        expect((await look(dedupe, 'key', longMs)).state).toBe('fresh')
        expect(await dedupe.complete('key', token, 'late', longMs)).toBe(false)
      },
    },
    {
      name: 'unknown keys are kept however long nobody settles them, among many that expire',
      skip: ({ clock }) => (clock === null ? 'days can only pass on a manual clock' : null),
      async run(subject) {
        const { dedupe, longMs, shortMs, pass } = subject
        await leaveUnknown(subject, 'kept')
        for (let day = 0; day < 3; day++) {
          await race(200, (i) => dedupe.putIfAbsent(`${day}/${i}`, shortMs))
          await pass(86_400_000 + shortMs)
        }
        await race(200, (i) => dedupe.putIfAbsent(`end/${i}`, shortMs))
        expect((await look(dedupe, 'kept', longMs)).state).toBe('unknown')
      },
    },
    {
      name: 'unknowns lists exactly the unknown keys, texts and bytes, a page at a time',
      skip: needsListing,
      async run({ dedupe, longMs }) {
        const fences = new Map<string, number>()
        for (const name of ['a', 'é😀', 'c/d', 'e', 'f']) {
          const { token, fence } = await start(dedupe, name, longMs)
          await dedupe.abandon(name, token)
          fences.set(name, fence)
        }
        const bytes = new Uint8Array([0, 255, 7])
        const begun = await dedupe.begin(bytes, { leaseMs: longMs, fingerprint, started: true })
        if (begun.state !== 'fresh') return expect.fail('a new key must be fresh')
        await dedupe.abandon(bytes, begun.token)
        await start(dedupe, 'in flight', longMs)
        await dedupe.complete('done', (await start(dedupe, 'done', longMs)).token, 1, longMs)
        await dedupe.putIfAbsent('reserved', longMs)
        const found = new Map<string, number>()
        let cursor: string | null = null
        do {
          const page = await dedupe.unknowns({ limit: 2, ...(cursor === null ? {} : { cursor }) })
          expect(page.keys.length).toBeLessThanOrEqual(2)
          for (const { key, fence, sinceMs } of page.keys) {
            found.set(typeof key === 'string' ? key : `bytes ${key.join()}`, fence)
            expect(sinceMs).toBeGreaterThanOrEqual(0)
          }
          cursor = page.cursor
        } while (cursor !== null)
        expect(found).toEqual(fences.set('bytes 0,255,7', begun.fence))
      },
    },
    {
      name: 'a store that does not list unknown keys says Unsupported',
      skip: ({ info }) => (info.features?.unknowns === true ? `${info.provider} lists them` : null),
      async run({ dedupe }) {
        await refused(dedupe.unknowns(), 'Unsupported')
      },
    },
    {
      name: 'a durable store keeps unknown keys and fences when it is opened again',
      skip: ({ info, reopen }) => {
        if (info.durability !== 'durable') return `${info.provider} states durability: ${info.durability}`
        return reopen === null ? 'the harness cannot open the store again' : null
      },
      async run({ dedupe, longMs, reopen }) {
        if (reopen === null) return
        const { token, fence } = await start(dedupe, 'key', longMs)
        await dedupe.abandon('key', token)
        const gone = await start(dedupe, 'gone', longMs)
        await dedupe.release('gone', gone.token)
        const again = await reopen()
        expect(await look(again, 'key', longMs)).toMatchObject({ state: 'unknown', fence })
        const next = await look(again, 'gone', longMs)
        expect(next.state === 'fresh' && next.fence).toBeGreaterThan(gone.fence)
      },
    },
    {
      name: 'a limit of unknowns outside 1 to 1000 is InvalidInput',
      async run({ dedupe }) {
        for (const limit of [0, -1, 1.5, 1001, Number.NaN])
          await refused(dedupe.unknowns({ limit }), 'InvalidInput')
      },
    },
  ],
}
