import { describe, expect, expectTypeOf, it } from 'vitest'
import { CapabilityError } from '../error.ts'
import { prefix } from '../layers/prefix.ts'
import { retry } from '../layers/retry.ts'
import { memoryStateDriver } from '../memory/state.ts'
import { control } from '../resource/resource.ts'
import type { DurableState, DurableStateReader, StateHandleReader } from './contract.ts'
import type { StateDriver } from './driver.ts'
import { createDurableState } from './state-store.ts'

/** The driver in memory with some of its methods replaced. */
function driverWith(change: (honest: StateDriver) => Partial<StateDriver>): StateDriver {
  const honest = memoryStateDriver()
  return {
    info: honest.info,
    get: honest.get.bind(honest),
    put: honest.put.bind(honest),
    delete: honest.delete.bind(honest),
    list: honest.list.bind(honest),
    commit: honest.commit.bind(honest),
    ...change(honest),
  }
}

/** A driver whose SQL answers with these batches, and tells what became of its cursor. */
function sqlDriver(batches: readonly (readonly number[])[], failAt = Infinity) {
  const seen = { opened: 0, closed: 0, batches: 0 }
  const driver = driverWith(({ info }) => ({
    info: {
      ...info,
      features: { ...info.features, sql: true },
      limits: {
        ...info.limits,
        sql: {
          maxStatementBytes: 100,
          maxParameters: 10,
          maxColumns: 10,
          maxFunctionArguments: 10,
          maxLikePatternBytes: 10,
          maxRowBytes: 100,
          maxResultBytes: 100,
        },
      },
    },
    sql: {
      exec: () => [],
      open: () => {
        seen.opened += 1
        return {
          next: () => {
            if (seen.batches === failAt) throw new CapabilityError('Unavailable', 'gone')
            const rows = (batches[seen.batches] ?? []).map((n) => ({ n }))
            seen.batches += 1
            return { rows, done: seen.batches === batches.length }
          },
          close: () => void (seen.closed += 1),
        }
      },
    },
  }))
  return { seen, sql: createDurableState(driver).of('one').sql }
}

describe('createDurableState', () => {
  it('sends nothing for a transaction that read and wrote nothing', async () => {
    let commits = 0
    const state = createDurableState(driverWith(() => ({ commit: () => (commits += 1) > 0 })))
    expect(await state.of('one').transaction(() => 'result')).toBe('result')
    expect(commits).toBe(0)
  })

  it('a commit whose answer was lost is not applied twice', async () => {
    let calls = 0
    const driver = driverWith((honest) => ({
      async commit(name, commit, call) {
        const done = await honest.commit(name, commit, call)
        calls += 1
        if (calls % 2 === 1) throw new CapabilityError('Unavailable', 'the answer was lost')
        return done
      },
    }))
    const state = createDurableState(driver, { layers: [retry({ baseMs: 1 })] })
    let runs = 0
    for (let i = 0; i < 5; i++) {
      await state.of('one').transaction(async (tx) => {
        runs += 1
        tx.put('count', ((await tx.get('count')) as number) + 1)
      })
    }
    expect(await state.of('one').get('count')).toBe(5)
    expect([runs, calls]).toEqual([5, 10])
  })

  it('reads a key once in an attempt, and shows it as it was then', async () => {
    const state = createDurableState(memoryStateDriver())
    const one = state.of('one')
    await one.put('key', 1)
    const seen: unknown[] = []
    await one.transaction(async (tx) => {
      seen.push(await tx.get('key'))
      if (seen.length === 1) await one.put('key', 2)
      seen.push(await tx.get('key'))
    })
    expect(seen).toEqual([1, 1, 2, 2])
  })

  it('closes a cursor whose reader leaves, fails or loses it, and not one that has ended', async () => {
    const read = async ({ sql }: ReturnType<typeof sqlDriver>, stopAt?: number) => {
      const rows: unknown[] = []
      for await (const { n } of sql.iterate('SELECT n')) {
        rows.push(n)
        if (n === stopAt) break
      }
      return rows
    }
    const whole = sqlDriver([[1, 2], [3], []])
    expect(await read(whole)).toEqual([1, 2, 3])
    expect(whole.seen).toEqual({ opened: 1, closed: 0, batches: 3 })
    const left = sqlDriver([[1, 2], [3], []])
    expect(await read(left, 2)).toEqual([1, 2])
    expect(left.seen).toEqual({ opened: 1, closed: 1, batches: 1 })
    const lost = sqlDriver([[1, 2], [3], []], 1)
    await expect(read(lost)).rejects.toMatchObject({ kind: 'Unavailable', operation: 'sqlNext', key: 'one' })
    expect(lost.seen).toEqual({ opened: 1, closed: 1, batches: 1 })
    const unread = sqlDriver([[1]])
    unread.sql.iterate('SELECT n')
    expect(unread.seen.opened).toBe(0)
  })

  it('hides the prefix a tenant’s objects are under', async () => {
    const driver = memoryStateDriver()
    const tenant = createDurableState(driver, { layers: [prefix('tenant/')] })
    await tenant.of('one').put('key', 1)
    await tenant.of('one').transaction(async (tx) => tx.put('other', await tx.get('key')))
    await tenant.of('one').alarm.set(new Date('2100-01-01'))
    const whole = createDurableState(driver)
    expect((await whole.of('tenant/one').list()).entries.map(({ key }) => key)).toEqual(['key', 'other'])
    expect(await whole.of('tenant/one').alarm.get()).toEqual(new Date('2100-01-01'))
    expect(await whole.of('one').get('key')).toBeNull()
    expect(tenant.of('one').name).toBe('one')
    expect(tenant.info.limits.maxNameBytes).toBe(driver.info.limits.maxNameBytes - 7)
    await expect(tenant.of('one').put('key', undefined)).rejects.toMatchObject({ key: 'one/key' })
  })

  it('gives each access its view, in types too', () => {
    const state = createDurableState(memoryStateDriver())
    const reader = state[control].view('read', undefined) as DurableStateReader
    expect(reader.of('one')).not.toHaveProperty('put')
    expectTypeOf<DurableStateReader['of']>().returns.toEqualTypeOf<StateHandleReader>()
    expectTypeOf<StateHandleReader>().not.toHaveProperty('sql')
    expectTypeOf<StateHandleReader['alarm']>().not.toHaveProperty('set')
    expectTypeOf<DurableState>().toExtend<DurableStateReader>()
  })
})
