/** Durable state cases: what `info` states is so. */
import { expect } from 'vitest'
import { controlOf } from '../../resource/resource.ts'
import type { ConformanceGroup } from '../conformance.ts'
import type { StateSubject } from './subject.ts'

export const guarantees: ConformanceGroup<StateSubject> = {
  name: 'guarantees',
  cases: [
    {
      name: 'info states a level for each guarantee, sound limits, and namespaced extensions',
      async run({ info, state }) {
        expect(info.provider).not.toBe('')
        expect(['eventual', 'strong', 'unknown']).toContain(info.consistency)
        expect(['ephemeral', 'durable', 'unknown']).toContain(info.durability)
        const { sql, ...limits } = info.limits
        for (const limit of Object.values({ ...limits, ...sql })) expect(limit).toBeGreaterThan(0)
        expect(limits.maxNameBytes).toBeGreaterThanOrEqual(64)
        expect(limits.maxKeyBytes).toBeGreaterThanOrEqual(64)
        expect(limits.maxValueBytes).toBeLessThanOrEqual(limits.maxEntryBytes)
        expect(limits.maxEntryBytes).toBeLessThanOrEqual(limits.maxTransactionBytes)
        expect(sql !== undefined).toBe(info.features.sql)
        for (const name of Object.keys(info.extensions)) expect(name).toMatch(/^[\w-]+(\.[\w-]+)+$/)
        expect(controlOf('state', state).info).toEqual(info)
      },
    },
    {
      name: 'strong: a write is seen by every read that begins after it, through any handle',
      skip: ({ info }) =>
        info.consistency === 'strong' ? null : `${info.provider} states ${info.consistency}`,
      async run({ state }) {
        for (let n = 0; n < 20; n++) {
          await state.of('one').put('key', n)
          expect(await state.of('one').get('key')).toBe(n)
          expect((await state.of('one').list()).entries).toEqual([{ key: 'key', value: n }])
        }
      },
    },
    {
      name: 'durable: entries, tables and alarms are there when the store is opened again',
      skip: ({ info, reopen }) => {
        if (info.durability !== 'durable') return `${info.provider} states durability: ${info.durability}`
        return reopen === null ? 'the harness cannot open the store again' : null
      },
      async run({ state, info, reopen, clock }) {
        if (reopen === null) return
        const due = new Date((clock?.now() ?? Date.now()) + 3_600_000)
        const one = state.of('one')
        await one.put('key', { ok: 'é' })
        if (info.features.sql) await one.sql.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)')
        if (info.features.alarms) await one.alarm.set(due)
        const again = (await reopen()).of('one')
        expect(await again.get('key')).toEqual({ ok: 'é' })
        if (info.features.sql) expect(await again.sql.exec('SELECT a FROM t')).toEqual([{ a: 1 }])
        if (info.features.alarms) expect(await again.alarm.get()).toEqual(due)
      },
    },
  ],
}
