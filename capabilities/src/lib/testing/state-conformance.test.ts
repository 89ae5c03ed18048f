/** The suite can fail: each lying driver breaks one promise, and the cases named for it refuse the driver. */
import { describe, expect, it } from 'vitest'
import { memoryStateDriver } from '../memory/state.ts'
import type { StateCommit, StateDriver } from '../state/driver.ts'
import { createDurableState } from '../state/state-store.ts'
import { runCase } from './conformance.ts'
import type { ManualClock } from './manual-clock.ts'
import { openStateSubject, stateCases, type StateHarness } from './state-conformance.ts'

type Lie = (honest: StateDriver, clock: ManualClock) => Partial<StateDriver>

const forgetting =
  (change: (commit: StateCommit) => Partial<StateCommit>): Lie =>
  (honest) => ({
    commit: (name, commit, call) => honest.commit(name, { ...commit, ...change(commit) }, call),
  })

const lies: readonly { lie: string; caught: readonly string[]; as: Lie }[] = [
  {
    lie: 'commits whatever was read',
    caught: [
      'of 50 increments at once none is lost',
      'runs again when a key it read was written, deleted or created meanwhile',
      'of two that read both keys and write one each, only one goes by what both read',
      'gives up after maxAttempts with ConditionNotMatch, and has written nothing',
    ],
    as: forgetting(() => ({ reads: [] })),
  },
  {
    lie: 'does not look at keys that were absent',
    caught: ['runs again when a key it read was written, deleted or created meanwhile'],
    as: forgetting(({ reads }) => ({ reads: reads.filter(({ version }) => version !== null) })),
  },
  {
    lie: 'does not look at ranges that were listed',
    caught: ['runs again when an entry came into, changed in or left a range it listed'],
    as: forgetting(() => ({ scans: [] })),
  },
  {
    lie: 'takes every range for one whose end was not seen',
    caught: ['runs again when an entry came into, changed in or left a range it listed'],
    as: forgetting(({ scans }) => ({ scans: scans.map((scan) => ({ ...scan, complete: false })) })),
  },
  {
    lie: 'takes any write of the object for a conflict',
    caught: ['does not run again for keys it has not read'],
    as: (honest) => {
      let writes = 0
      let seen = 0
      return {
        get: (name, key, call) => {
          seen = writes
          return honest.get(name, key, call)
        },
        put: (name, key, value, call) => {
          writes += 1
          return honest.put(name, key, value, call)
        },
        commit: (name, commit, call) => writes === seen && honest.commit(name, commit, call),
      }
    },
  },
  {
    lie: 'writes the keys of a commit one after another',
    caught: ['a reader sees all of a commit or nothing of it'],
    as: (honest) => ({
      async commit(name, commit, call) {
        if (!(await honest.commit(name, { ...commit, writes: [] }, call))) return false
        for (const { key, value } of commit.writes) {
          if (value === null) await honest.delete(name, key, call)
          else await honest.put(name, key, value, call)
          await new Promise((resolve) => setTimeout(resolve, 1))
        }
        return true
      },
    }),
  },
  {
    lie: 'keeps all objects in one',
    caught: ['a name is one object for everybody, and objects share nothing'],
    as: (honest) => ({
      get: (_, key, call) => honest.get('all', key, call),
      put: (_, key, value, call) => honest.put('all', key, value, call),
    }),
  },
  {
    lie: 'cuts long values',
    caught: ['key and value go up to their limit together, and one byte more is LimitExceeded'],
    as: (honest) => ({
      put: (name, key, value, call) =>
        honest.put(name, key, value.length > 10_000 ? `${value.slice(0, 10_000)}"` : value, call),
    }),
  },
  {
    lie: 'keeps ASCII only',
    caught: ['any JSON value comes back as it was, the last one written'],
    as: (honest) => ({
      put: (name, key, value, call) => honest.put(name, key, value.replaceAll(/[^\x20-\x7e]/g, '?'), call),
    }),
  },
  {
    lie: 'lists in the order of UTF-16',
    caught: ['entries come in UTF-8 byte order of their keys, with their values, or the other way round'],
    as: (honest) => ({
      async list(name, list) {
        const { entries } = await honest.list(name, { ...list, after: null, limit: 10_000 })
        const sorted = entries.toSorted((a, b) => (a.key < b.key ? -1 : 1))
        return { entries: list.reverse ? sorted.toReversed() : sorted, more: false }
      },
    }),
  },
  {
    lie: 'lists only the first page',
    caught: [
      'pages follow each other without gap or repetition, also while entries come and go',
      'entries reads all pages',
    ],
    as: (honest) => ({ list: async (name, list) => ({ ...(await honest.list(name, list)), more: false }) }),
  },
  {
    lie: 'ignores where a page ended',
    caught: ['pages follow each other without gap or repetition, also while entries come and go'],
    as: (honest) => {
      let calls = 0
      return {
        list: (name, list) => {
          calls += 1
          // Else the case would not end.
          return honest.list(name, { ...list, after: calls % 20 === 0 ? list.after : null })
        },
      }
    },
  },
  {
    lie: 'ignores the end of a range',
    caught: ['prefix, start and end choose, whichever way the entries are listed'],
    as: (honest) => ({ list: (name, list) => honest.list(name, { ...list, to: null }) }),
  },
  {
    lie: 'keeps an alarm that was due',
    caught: ['an alarm that is due is gone'],
    as: () => {
      const alarms = new Map<string, number>()
      return {
        alarm: {
          get: (name) => alarms.get(name) ?? null,
          set: (name, at) => void alarms.set(name, at),
          delete: (name) => void alarms.delete(name),
        },
      }
    },
  },
  {
    lie: 'keeps the first alarm',
    caught: ['an object has one alarm: set, replaced, read and deleted'],
    as: ({ alarm }) =>
      alarm === undefined
        ? {}
        : {
            alarm: {
              ...alarm,
              set: async (name, at, call) => {
                if ((await alarm.get(name, call)) === null) await alarm.set(name, at, call)
              },
            },
          },
  },
  {
    lie: 'states SQL it does not have',
    caught: ['exec writes and reads, and gives the rows of the last statement'],
    as: ({ info }) => ({ info: { ...info, features: { ...info.features, sql: true } } }),
  },
  {
    lie: 'shows a write late',
    caught: ['strong: a write is seen by every read that begins after it, through any handle'],
    as: (honest) => ({
      put: (name, key, value, call) => {
        setTimeout(() => void honest.put(name, key, value, call), 5)
      },
    }),
  },
  {
    lie: 'states to be durable and loses everything when it is opened again',
    caught: ['durable: entries, tables and alarms are there when the store is opened again'],
    as: ({ info }) => ({ info: { ...info, durability: 'durable' } }),
  },
]

describe('stateConformance', () => {
  it('has no case that refuses an honest driver', async () => {
    expect(await failures(() => ({}))).toEqual([])
  })

  it.each(lies)('refuses a driver that $lie', async ({ as, caught }) => {
    expect(await failures(as, new Set(caught))).toEqual(expect.arrayContaining([...caught]))
  })

  it('has at least 40 cases, each under a name of its own', () => {
    const names = stateCases.flatMap(({ cases }) => cases.map(({ name }) => name))
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeGreaterThanOrEqual(40)
  })
})

/** Names of the cases that refuse the driver: of those named, or of all. */
async function failures(as: Lie, among?: ReadonlySet<string>): Promise<string[]> {
  const open = (clock: ManualClock) => {
    const honest = memoryStateDriver({ clock })
    return createDurableState({ ...bound(honest), ...as(honest, clock) })
  }
  const failed: string[] = []
  for (const one of stateCases.flatMap(({ cases }) => cases)) {
    if (among?.has(one.name) === false) continue
    const harness = (clock: ManualClock): StateHarness => ({
      clock: 'manual',
      open: () => ({ state: open(clock), reopen: () => open(clock) }),
    })
    const outcome = runCase(one, (clock) => openStateSubject(harness(clock), clock))
    await outcome.catch(() => failed.push(one.name))
  }
  return failed
}

function bound(driver: StateDriver): StateDriver {
  return {
    info: driver.info,
    get: driver.get.bind(driver),
    put: driver.put.bind(driver),
    delete: driver.delete.bind(driver),
    list: driver.list.bind(driver),
    commit: driver.commit.bind(driver),
    ...(driver.alarm && { alarm: driver.alarm }),
  }
}
