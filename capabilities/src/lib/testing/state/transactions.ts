/** Durable state cases: transactions, and what runs between their reads and their commit. */
import { expect } from 'vitest'
import type { StateTransaction } from '../../state/contract.ts'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { counter, increment, type StateSubject } from './subject.ts'

export const transactions: ConformanceGroup<StateSubject> = {
  name: 'transactions',
  cases: [
    {
      name: 'of 50 increments at once none is lost',
      async run({ state }) {
        const results = await Promise.all(Array.from({ length: 50 }, () => increment(state.of('one'))))
        expect(results.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
        expect(await state.of('one').get('count')).toEqual({ n: 50 })
      },
    },
    {
      name: 'reads what it has written, and gives what work gives',
      async run({ state }) {
        const one = state.of('one')
        await one.put('old', 'there')
        const result = await one.transaction(async (tx) => {
          tx.put('new', { n: 1 })
          tx.delete('old')
          return [await tx.get('new', { schema: counter }), await tx.get('old'), await tx.get('absent')]
        })
        expect(result).toEqual([{ n: 1 }, null, null])
        expect([await one.get('new'), await one.get('old')]).toEqual([{ n: 1 }, null])
      },
    },
    {
      name: 'writes nothing when work throws, and passes the error on',
      async run({ state }) {
        const one = state.of('one')
        const failure = new Error('changed my mind')
        const call = one.transaction((tx) => {
          tx.put('key', 1)
          throw failure
        })
        await expect(call).rejects.toBe(failure)
        expect(await one.get('key')).toBeNull()
      },
    },
    {
      name: 'runs again when a key it read was written, deleted or created meanwhile',
      async run({ state }) {
        const one = state.of('one')
        await one.put('written', 1)
        await one.put('deleted', 1)
        const disturb: Record<string, () => Promise<void>> = {
          written: () => one.put('written', 1),
          deleted: () => one.delete('deleted'),
          created: () => one.put('created', 1),
        }
        for (const [key, change] of Object.entries(disturb)) {
          const seen: unknown[] = []
          await one.transaction(async (tx) => {
            seen.push(await tx.get(key))
            if (seen.length === 1) await change()
            tx.put('result', seen)
          })
          expect(seen, key).toHaveLength(2)
          expect(await one.get('result')).toEqual(seen)
        }
      },
    },
    {
      name: 'does not run again for keys it has not read',
      async run({ state }) {
        const one = state.of('one')
        let runs = 0
        await one.transaction(async (tx) => {
          runs += 1
          await tx.get('mine')
          await one.put('theirs', runs)
          await state.of('two').put('mine', 1)
          tx.put('theirs', 'last')
        })
        expect(runs).toBe(1)
        expect(await one.get('theirs')).toBe('last')
      },
    },
    {
      name: 'runs again when an entry came into, changed in or left a range it listed',
      async run({ state }) {
        const one = state.of('one')
        for (const key of ['a/1', 'a/2', 'a/3', 'b']) await one.put(key, 1)
        const runs = async (change: () => Promise<void>, limit?: number): Promise<number> => {
          let count = 0
          await one.transaction(async (tx) => {
            count += 1
            await tx.list({ prefix: 'a/', ...(limit === undefined ? {} : { limit }) })
            if (count === 1) await change()
            tx.put('result', count)
          })
          return count
        }
        expect(await runs(() => one.put('a/4', 1))).toBe(2)
        expect(await runs(() => one.put('a/2', 1))).toBe(2)
        expect(await runs(() => one.delete('a/3'))).toBe(2)
        expect(await runs(() => one.put('b', 2))).toBe(1)
        expect(await runs(() => one.put('a', 2))).toBe(1)
        // Past the page that was read.
        expect(await runs(() => one.put('a/5', 1), 2)).toBe(1)
        expect(await runs(() => one.put('a/11', 1), 2)).toBe(2)
      },
    },
    {
      name: 'of two that read both keys and write one each, only one goes by what both read',
      async run({ state }) {
        const one = state.of('one')
        const off = async (mine: string, theirs: string, meanwhile: () => Promise<unknown>) => {
          let runs = 0
          await one.transaction(async (tx) => {
            runs += 1
            const isOther = (await tx.get(theirs)) !== 'off'
            await tx.get(mine)
            if (runs === 1) await meanwhile()
            if (isOther) tx.put(mine, 'off')
          })
        }
        await off('a', 'b', () => off('b', 'a', () => Promise.resolve()))
        expect([await one.get('a'), await one.get('b')]).toEqual([null, 'off'])
      },
    },
    {
      name: 'a reader sees all of a commit or nothing of it',
      async run({ state }) {
        const one = state.of('one')
        const keys = ['x', 'y', 'z']
        let isOver = false
        const writer = async () => {
          for (let n = 0; n < 20; n++) {
            await one.transaction((tx) => {
              for (const key of keys) tx.put(key, n)
            })
          }
          isOver = true
        }
        const reader = async () => {
          while (!isOver) {
            const found = new Set((await one.list()).entries.map(({ value }) => value))
            expect(found.size).toBeLessThanOrEqual(1)
            await new Promise((resolve) => setTimeout(resolve, 0))
          }
        }
        await Promise.all([writer(), reader()])
      },
    },
    {
      name: 'gives up after maxAttempts with ConditionNotMatch, and has written nothing',
      async run({ state }) {
        const one = state.of('one')
        let runs = 0
        const call = one.transaction(
          async (tx) => {
            runs += 1
            await tx.get('busy')
            await one.put('busy', runs)
            tx.put('result', runs)
          },
          { maxAttempts: 3 },
        )
        const error = await refused(call, 'ConditionNotMatch')
        expect(error.code).toBe('STATE_CONFLICT')
        expect(runs).toBe(3)
        expect(await one.get('result')).toBeNull()
        await refused(
          one.transaction(() => null, { maxAttempts: 0 }),
          'InvalidInput',
        )
      },
    },
    {
      name: 'refuses a list after a write, what is not awaited, and what comes after the end',
      async run({ state }) {
        const one = state.of('one')
        const late = one.transaction(async (tx) => {
          tx.put('key', 1)
          await tx.list()
        })
        await refused(late, 'InvalidInput')
        let reading: Promise<unknown> = Promise.resolve()
        const forgotten = one.transaction((tx) => {
          reading = tx.get('key')
          tx.put('key', 1)
        })
        await refused(forgotten, 'InvalidInput')
        await reading
        const kept: StateTransaction[] = []
        await one.transaction((tx) => void kept.push(tx))
        for (const tx of kept) {
          await refused(tx.get('key'), 'InvalidInput')
          expect(() => tx.put('key', 1)).toThrow('over')
        }
        expect(await one.get('key')).toBeNull()
      },
    },
    {
      name: 'holds as many entries as it states, and one more is LimitExceeded',
      async run({ state, info }) {
        const one = state.of('one')
        const most = info.limits.maxTransactionEntries
        const put = (count: number) =>
          one.transaction((tx) => {
            for (let n = 0; n < count; n++) tx.put(`k${n}`, n)
          })
        await put(most - 1)
        await put(most)
        await refused(put(most + 1), 'LimitExceeded')
        expect((await one.list({ limit: 1 })).entries).toEqual([{ key: 'k0', value: 0 }])
      },
    },
  ],
}
