/** Dedupe cases: what `info` states is so. */
import { expect } from 'vitest'
import { controlOf } from '../../resource/resource.ts'
import { type ConformanceGroup } from '../conformance.ts'
import { type DedupeSubject, fingerprint, take } from './subject.ts'

export const guarantees: ConformanceGroup<DedupeSubject> = {
  name: 'guarantees',
  cases: [
    {
      name: 'info states a level for each guarantee, sound limits, and namespaced extensions',
      async run({ info, dedupe }) {
        expect(info.provider).not.toBe('')
        expect(['best_effort', 'atomic', 'unknown']).toContain(info.reservation)
        expect(['eventual', 'strong', 'unknown']).toContain(info.consistency)
        expect(['ephemeral', 'durable', 'unknown']).toContain(info.durability)
        expect(info.limits.maxKeyBytes).toBeGreaterThanOrEqual(64)
        expect(info.limits.maxResultBytes).toBeGreaterThan(0)
        expect(info.limits.minTtlMs).toBeGreaterThanOrEqual(0)
        for (const name of Object.keys(info.extensions)) expect(name).toMatch(/^[\w-]+(\.[\w-]+)+$/)
        expect(controlOf('dedupe', dedupe).info).toEqual(info)
      },
    },
    {
      name: 'atomic reservations come with strong consistency',
      async run({ info }) {
        if (info.reservation === 'atomic') expect(info.consistency).toBe('strong')
      },
    },
    {
      name: 'a durable store keeps reservations, holders and results when it is opened again',
      skip: ({ info, reopen }) => {
        if (info.durability !== 'durable') return `${info.provider} states durability: ${info.durability}`
        return reopen === null ? 'the harness cannot open the store again' : null
      },
      async run({ dedupe, longMs, reopen }) {
        if (reopen === null) return
        await dedupe.putIfAbsent('reserved', longMs)
        const token = await take(dedupe, 'held', longMs)
        const done = await take(dedupe, 'done', longMs)
        await dedupe.complete('done', done, { ok: 'é' }, longMs)
        const again = await reopen()
        expect(await again.putIfAbsent('reserved', longMs)).toBe(false)
        expect((await again.begin('held', { leaseMs: longMs, fingerprint })).state).toBe('in_flight')
        expect(await again.begin('done', { leaseMs: longMs, fingerprint })).toEqual({
          state: 'done',
          result: { ok: 'é' },
        })
        expect(await again.complete('held', token, 1, longMs)).toBe(true)
      },
    },
  ],
}
