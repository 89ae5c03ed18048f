/** Durable state cases: signals, error shape, and the view a node gets. */
import { expect } from 'vitest'
import type { DurableState, DurableStateReader } from '../../state/contract.ts'
import { all, type ConformanceGroup, refused, viewOf } from '../conformance.ts'
import { increment, type StateSubject } from './subject.ts'

export const calls: ConformanceGroup<StateSubject> = {
  name: 'calls',
  cases: [
    {
      name: 'a call whose signal has fired is Cancelled and does nothing',
      async run({ state, info }) {
        const one = state.of('one')
        const signal = AbortSignal.abort(new Error('gone'))
        await one.put('key', 'kept')
        await refused(one.get('key', { signal }), 'Cancelled')
        await refused(one.list({ signal }), 'Cancelled')
        await refused(one.put('key', 1, { signal }), 'Cancelled')
        await refused(one.delete('key', { signal }), 'Cancelled')
        await refused(
          one.transaction((tx) => tx.put('key', 1), { signal }),
          'Cancelled',
        )
        if (info.features.sql) {
          await refused(one.sql.exec({ query: 'CREATE TABLE t (a)', signal }), 'Cancelled')
          await refused(all(one.sql.iterate({ query: 'SELECT 1', signal })), 'Cancelled')
        }
        expect(await one.get('key')).toBe('kept')
      },
    },
    {
      name: 'an error tells capability, operation, object and key, and its JSON holds no cause',
      async run({ state }) {
        const error = await refused(state.of('one').put('key', undefined), 'InvalidInput')
        expect(error.capability).toMatch(/^state(:|$)/)
        expect(error.operation).toBe('put')
        expect(error.key).toBe('one/key')
        expect(Object.keys(error.toJSON())).not.toContain('cause')
      },
    },
    {
      name: 'the reading view reads and has nothing else',
      skip: ({ state }) =>
        viewOf(state, 'read') === null ? 'the store is not made by createDurableState' : null,
      async run({ state, info }) {
        await state.of('one').put('key', 1)
        const view = viewOf<DurableStateReader>(state, 'read')
        if (view === null) return expect.fail('the view is missing')
        const one = view.of('one')
        expect(await one.get('key')).toBe(1)
        expect((await one.list()).entries).toEqual([{ key: 'key', value: 1 }])
        if (info.features.alarms) expect(await one.alarm.get()).toBeNull()
        for (const method of ['put', 'delete', 'transaction', 'sql']) expect(one).not.toHaveProperty(method)
        for (const method of ['set', 'delete']) expect(one.alarm).not.toHaveProperty(method)
      },
    },
    {
      name: 'calls of a run end with the signal of the run',
      skip: ({ state }) =>
        viewOf(state, 'write') === null ? 'the store is not made by createDurableState' : null,
      async run({ state }) {
        const view = viewOf<DurableState>(state, 'write', AbortSignal.abort())
        if (view === null) return expect.fail('the view is missing')
        await refused(view.of('one').put('key', 1), 'Cancelled')
        await refused(increment(view.of('one')), 'Cancelled')
        expect(await state.of('one').get('key')).toBeNull()
      },
    },
  ],
}
