/** Durable state cases: the alarm of an object, where the store has alarms. */
import { expect } from 'vitest'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { lacks, needs, type StateSubject } from './subject.ts'

const hourMs = 3_600_000

export const alarms: ConformanceGroup<StateSubject> = {
  name: 'alarms',
  cases: [
    {
      name: 'without features.alarms every call is Unsupported',
      skip: lacks('alarms'),
      async run({ state }) {
        const { alarm } = state.of('one')
        await refused(alarm.get(), 'Unsupported')
        await refused(alarm.set(new Date()), 'Unsupported')
        await refused(alarm.delete(), 'Unsupported')
      },
    },
    {
      name: 'an object has one alarm: set, replaced, read and deleted',
      skip: needs('alarms'),
      async run({ state, clock }) {
        const { alarm } = state.of('one')
        const now = clock?.now() ?? Date.now()
        const [soon, later] = [new Date(now + hourMs), new Date(now + 48 * hourMs)]
        expect(await alarm.get()).toBeNull()
        await alarm.set(later)
        expect(await alarm.get()).toEqual(later)
        await alarm.set(soon)
        expect(await alarm.get()).toEqual(soon)
        expect(await state.of('two').alarm.get()).toBeNull()
        await alarm.delete()
        expect(await alarm.get()).toBeNull()
        await alarm.delete()
      },
    },
    {
      name: 'an alarm that is due is gone',
      skip: needs('alarms'),
      async run({ state, clock, pass }) {
        const { alarm } = state.of('one')
        for (const inMs of [50, -hourMs]) {
          await alarm.set(new Date((clock?.now() ?? Date.now()) + inMs))
          await pass(51)
          if (clock === null) await expect.poll(() => alarm.get()).toBeNull()
          else expect(await alarm.get()).toBeNull()
        }
      },
    },
    {
      name: 'what is no moment is InvalidInput',
      skip: needs('alarms'),
      async run({ state }) {
        const { alarm } = state.of('one')
        for (const moment of [new Date(Number.NaN), new Date(-1), 1 as unknown as Date])
          await refused(alarm.set(moment), 'InvalidInput')
      },
    },
  ],
}
