/** The suite can fail: each lying driver breaks one promise, and the cases named for it refuse the driver. */
import { describe, expect, it, vi } from 'vitest'
import { createKeyValue } from '../kv/key-value.ts'
import type { KvDriver, KvDriverPut, StoredKvEntry } from '../kv/driver.ts'
import type { KvCapabilityInfo } from '../guarantees/info.ts'
import { memoryKvDriver } from '../memory/kv.ts'
import { afterApplying } from '../applied.ts'
import { isKind } from '../error.ts'
import { runCase } from './conformance.ts'
import { kvCases, type KvHarness, openKvSubject } from './kv-conformance.ts'
import { LostAnswers } from './lost-answers.ts'
import type { ManualClock } from './manual-clock.ts'

type Lie = (honest: KvDriver) => Partial<KvDriver>

const lost = new LostAnswers()

const lies: readonly {
  lie: string
  caught: readonly string[]
  as: Lie
  limits?: Partial<KvCapabilityInfo['limits']>
}[] = [
  {
    lie: 'drops the time to live',
    caught: [
      'an entry is visible until its time to live is over, and not after',
      'expiresAt ends the entry at that very moment',
      'the end is listed with the key',
      'an expired entry is absent for ifAbsent and has no version for ifVersion',
    ],
    as: (honest) => ({ put: (key, value, put) => honest.put(key, value, { ...put, expiresAt: undefined }) }),
  },
  {
    lie: 'ends entries a millisecond late',
    caught: ['one millisecond before it ends the entry is visible; at the moment it ends it is not'],
    as: (honest) => ({
      put: (key, value, put) => honest.put(key, value, { ...put, expiresAt: plus(put.expiresAt, 1) }),
    }),
  },
  {
    lie: 'keeps entries for at least a minute without saying so',
    caught: ['a fraction of a second is kept where no shortest time is stated'],
    as: (honest) => ({
      put: (key, value, put) => honest.put(key, value, { ...put, expiresAt: plus(put.expiresAt, 60_000) }),
    }),
  },
  {
    lie: 'keeps the time to live of the entry before',
    caught: ['a put without a time to live removes the one before'],
    as: (honest) => {
      const ends = new Map<string, number | undefined>()
      return {
        put: (key, value, put) => {
          ends.set(key, put.expiresAt ?? ends.get(key))
          return honest.put(key, value, { ...put, expiresAt: ends.get(key) })
        },
      }
    },
  },
  {
    lie: 'lists expired entries',
    caught: ['an expired entry is not listed, not found by getMany, and can be deleted and written again'],
    as: (honest) => {
      const written = new Set<string>()
      return {
        put: (key, value, put) => {
          written.add(key)
          return honest.put(key, value, put)
        },
        list: () => ({ keys: [...written].toSorted().map((key) => ({ key })) }),
      }
    },
  },
  {
    lie: 'stops listing at 1000 keys',
    caught: ['more than a thousand keys (1203) are listed, none lost and none twice'],
    as: (honest) => ({ list: async (list) => ({ keys: (await honest.list?.(list))?.keys ?? [] }) }),
  },
  {
    lie: 'lists in UTF-16 order',
    caught: [
      'keys list in UTF-8 byte order, however they were written',
      'pages of one and of three keep the UTF-8 byte order',
    ],
    as: (honest) => ({
      list: async (list) => {
        const page = await honest.list?.({ ...list, limit: 1000 })
        return { keys: (page?.keys ?? []).toSorted((a, b) => (a.key < b.key ? -1 : 1)) }
      },
    }),
  },
  {
    lie: 'takes the cursor for a count of keys',
    caught: [
      'keys deleted between pages cost no other key its place',
      'keys added between pages cost no other key its place and repeat none',
    ],
    as: (honest) => ({
      list: async ({ cursor, limit, ...list }) => {
        const whole = (await honest.list?.({ ...list, limit: 1000 }))?.keys ?? []
        const start = cursor === undefined ? 0 : Number(cursor)
        const keys = whole.slice(start, start + limit)
        return start + limit < whole.length ? { keys, cursor: String(start + limit) } : { keys }
      },
    }),
  },
  {
    lie: 'repeats the last key on the next page',
    caught: ['pages of one and of three keep the UTF-8 byte order', 'a prefix holds on every page'],
    as: (honest) => {
      let last: readonly { key: string }[] = []
      return {
        list: async (list) => {
          const page = (await honest.list?.(list)) ?? { keys: [] }
          const keys = list.cursor === undefined || last.length === 0 ? page.keys : [...last, ...page.keys]
          last = page.keys.slice(-1)
          return { ...page, keys }
        },
      }
    },
  },
  {
    lie: 'takes any cursor',
    caught: ['a malformed cursor is InvalidInput'],
    as: (honest) => ({
      list: async (list) => {
        try {
          return (await honest.list?.(list)) ?? { keys: [] }
        } catch (error) {
          if (isKind(error, 'InvalidInput')) return { keys: [] }
          throw error
        }
      },
    }),
  },
  {
    lie: 'pays no heed to limit',
    caught: ['a page tells truly whether more may follow', 'a prefix holds on every page'],
    as: (honest) => ({
      list: async (list) => (await honest.list?.({ ...list, limit: 10_000 })) ?? { keys: [] },
    }),
  },
  {
    lie: 'takes % and _ in a prefix for wildcards',
    caught: ['a prefix is taken literally, without wildcards or escapes'],
    as: (honest) => ({
      list: async ({ prefix, ...list }) => {
        const like = new RegExp(
          `^${prefix
            .replaceAll(/[^%_\w]/g, '\\$&')
            .replaceAll('%', '.*')
            .replaceAll('_', '.')}`,
          'su',
        )
        const page = await honest.list?.({ ...list, prefix: '' })
        return { keys: (page?.keys ?? []).filter(({ key }) => like.test(key)) }
      },
    }),
  },
  {
    lie: 'checks ifAbsent before it writes, not while',
    caught: ['of 64 writers with ifAbsent exactly one wins'],
    as: (honest) => ({ put: (key, value, put) => checkedEarly(honest, key, value, put) }),
  },
  {
    lie: 'checks ifVersion before it writes, not while',
    caught: [
      'of 64 writers with the same ifVersion exactly one wins',
      'a counter kept by compare-and-swap loses no increment of eight writers',
    ],
    as: (honest) => ({ put: (key, value, put) => checkedEarly(honest, key, value, put) }),
  },
  {
    lie: 'forgets conditions',
    caught: [
      'ifAbsent writes once, then is AlreadyExists and changes nothing',
      'ifVersion replaces that version only, else is ConditionNotMatch and changes nothing',
      'ifVersion on an absent key is ConditionNotMatch and stores nothing',
    ],
    as: (honest) => ({
      put: (key, value, put) => honest.put(key, value, { ...put, ifAbsent: undefined, ifVersion: undefined }),
    }),
  },
  {
    lie: 'makes versions of values',
    caught: [
      'every put changes the version, and put tells the one it wrote',
      'a version from before delete does not come back',
    ],
    as: (honest) => ({
      put: async (key, value, put) => {
        await honest.put(key, value, { ...put, ifVersion: undefined })
        return `v${value.length}`
      },
      get: async (key, call) => {
        const entry = await honest.get(key, call)
        return entry && { ...entry, version: `v${entry.value.length}` }
      },
    }),
  },
  {
    lie: 'keeps values half as large as it states',
    caught: ['bytes of exactly maxValueBytes are kept, one byte more is LimitExceeded'],
    limits: { maxValueBytes: 1_000_000 },
    as: smaller({ maxValueBytes: 500_000 }),
  },
  {
    lie: 'cuts long text',
    caught: ['maxValueBytes counts UTF-8 bytes of text, not characters'],
    limits: { maxValueBytes: 1000 },
    as: (honest) => ({
      put: (key, value, put) => honest.put(key, typeof value === 'string' ? value.slice(0, 300) : value, put),
    }),
  },
  {
    lie: 'cuts keys at half of maxKeyBytes',
    caught: [
      'a key of exactly maxKeyBytes is kept, one byte more is LimitExceeded',
      'maxKeyBytes counts UTF-8 bytes, not characters',
    ],
    as: (honest) => {
      const check = (key: string) => {
        if (new TextEncoder().encode(key).length > 512) throw new Error('key too long')
      }
      return {
        put: (key, value, put) => {
          check(key)
          return honest.put(key, value, put)
        },
      }
    },
  },
  {
    lie: 'keeps less metadata than it states',
    caught: ['metadata of exactly maxMetadataBytes is kept, one byte more is LimitExceeded'],
    limits: { maxMetadataBytes: 2000 },
    as: smaller({ maxMetadataBytes: 1000 }),
  },
  {
    lie: 'states metadata and drops it',
    caught: ['metadata comes back as an equal value', 'metadata is listed with its key'],
    as: (honest) => ({ put: (key, value, put) => honest.put(key, value, { ...put, metadata: undefined }) }),
  },
  {
    lie: 'lends its own bytes and metadata',
    caught: [
      'changing what was read does not change what is stored',
      'changing metadata after put, or after reading, does not change what is stored',
    ],
    as: () => {
      const kept = new Map<string, StoredKvEntry>()
      return {
        put: (key, value, { metadata }) => {
          kept.set(key, { value, metadata, version: '1' })
          return '1'
        },
        get: (key) => kept.get(key) ?? null,
        getMany: (keys) =>
          new Map(keys.flatMap((key) => (kept.has(key) ? [[key, kept.get(key) as StoredKvEntry]] : []))),
      }
    },
  },
  {
    lie: 'keeps bytes as text',
    caught: ['bytes that are no UTF-8 come back exactly', 'a large value comes back with the same digest'],
    as: (honest) => ({
      put: (key, value, put) =>
        honest.put(key, typeof value === 'string' ? value : new TextDecoder().decode(value), put),
    }),
  },
  {
    lie: 'takes empty values for absent ones',
    caught: ['empty text and zero bytes are values, not absence'],
    as: (honest) => ({
      get: async (key, call) => {
        const entry = await honest.get(key, call)
        return entry?.value.length ? entry : null
      },
    }),
  },
  {
    lie: 'folds case',
    caught: ['keys that differ in case only are kept apart'],
    as: renamed((key) => key.toLowerCase()),
  },
  {
    lie: 'normalises keys',
    caught: ['composed and decomposed characters are different keys', 'awkward keys are kept apart'],
    as: renamed((key) => key.normalize('NFC')),
  },
  {
    lie: 'resolves keys as paths',
    caught: ['keys that look like paths are kept apart'],
    as: renamed((key) => new URL(key.replaceAll('\\', '/'), 'file:///store/').pathname),
  },
  {
    lie: 'decodes percent signs',
    caught: ['awkward keys are kept apart'],
    as: renamed((key) => key.replaceAll('%2F', '/').replaceAll('%20', ' ')),
  },
  {
    lie: 'strips control characters',
    caught: ['keys with control characters are kept apart'],
    as: renamed((key) => key.replaceAll(/\p{Cc}/gu, '')),
  },
  {
    lie: 'states strong consistency and reads from a cache',
    caught: ['consistency strong: a write is seen by the very next read'],
    as: (honest) => {
      const cache = new Map<string, StoredKvEntry | null>()
      return {
        get: async (key, call) => {
          if (!cache.has(key)) cache.set(key, await honest.get(key, call))
          return cache.get(key) ?? null
        },
      }
    },
  },
  {
    lie: 'states strong consistency and lists late',
    caught: ['consistency strong: a write is seen by the very next list'],
    as: (honest) => {
      let before: Awaited<ReturnType<NonNullable<KvDriver['list']>>> = { keys: [] }
      return {
        list: async (list) => {
          const late = before
          before = (await honest.list?.(list)) ?? { keys: [] }
          return late
        },
      }
    },
  },
  {
    lie: 'states durability and forgets',
    caught: ['durability durable: entries are there after closing and opening the store'],
    as: (honest) => ({ info: { ...honest.info, durability: 'durable' } }),
  },
  {
    lie: 'deletes too much in bulk',
    caught: ['deleteMany removes those that are there and leaves the rest'],
    as: (honest) => ({
      deleteMany: async (_keys, call) => {
        for (const { key } of (await honest.list?.({ prefix: '', limit: 1000 }))?.keys ?? [])
          await honest.delete(key, call)
      },
    }),
  },
  {
    lie: 'reads no more than 100 keys in bulk',
    caught: ['more keys than maxBulkKeys are read and deleted in one call'],
    as: (honest) => ({ getMany: (keys, call) => honest.getMany?.(keys.slice(0, 100), call) ?? new Map() }),
  },
  {
    lie: 'fails on deleting what is absent',
    caught: ['delete removes the entry, and deleting what is absent is no error'],
    as: (honest) => ({
      delete: async (key, call) => {
        if ((await honest.get(key, call)) === null) throw new Error('no such key')
        return honest.delete(key, call)
      },
    }),
  },
  {
    lie: 'says that a write whose answer was lost was not applied',
    caught: [
      'a write whose answer is lost does not say that it was not applied',
      'a conditional write whose answer is lost does not say that it was not applied',
    ],
    as: (honest) => ({
      put: (key, value, put) => lost.of(honest.put(key, value, put), 'no'),
      delete: (key, call) => lost.of(honest.delete(key, call), 'no'),
    }),
  },
  {
    lie: 'says that a write it refused may have been applied',
    caught: ['a condition that does not hold says that nothing was applied, and leaves the entry as it is'],
    as: (honest) => ({
      put: async (key, value, put) => afterApplying(() => honest.put(key, value, put)),
    }),
  },
  {
    lie: 'writes what it refuses',
    caught: ['a condition that does not hold says that nothing was applied, and leaves the entry as it is'],
    as: (honest) => ({
      put: async (key, value, put) => {
        try {
          return await honest.put(key, value, put)
        } catch (error) {
          await honest.put(key, value, {})
          throw error
        }
      },
    }),
  },
  {
    lie: 'states a limit that is none',
    caught: ['info is complete and stays the same'],
    as: (honest) => ({ info: { ...honest.info, limits: { ...honest.info.limits, maxListKeys: 0 } } }),
  },
]

describe('the key-value suite', () => {
  const cases = kvCases.flatMap((group) => group.cases)

  it('has at least 60 cases, each with a name of its own', () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length)
    expect(cases.length).toBeGreaterThanOrEqual(60)
  })

  for (const { lie, caught, as, limits } of lies) {
    for (const name of caught) {
      it(`catches a driver that ${lie}: ${name}`, async () => {
        const found = cases.find((one) => one.name === name) ?? expect.fail(`there is no case "${name}"`)
        const harness = harnessOf(as, limits)
        await expect(runCase(found, (clock) => openKvSubject(harness, clock))).rejects.toThrow()
        const honest = harnessOf(() => ({}), limits)
        const reason = await runCase(found, (clock) => openKvSubject(honest, clock))
        expect(reason === null || lie.includes('durability')).toBe(true)
      })
    }
  }

  it('waits for a store that is not strongly consistent, as long as the harness says', async () => {
    const late: Lie = (honest) => {
      let reads = 0
      return {
        info: { ...honest.info, consistency: 'eventual' },
        get: (key, call) => (reads++ % 3 === 2 ? honest.get(key, call) : null),
      }
    }
    const open = (settleMs: number) => (clock: ManualClock) =>
      openKvSubject({ ...harnessOf(late), settleMs }, clock)
    const found = caseNamed('text comes back as it was')
    expect(await inFakeTime(() => runCase(found, open(2000)))).toBeNull()
    await expect(inFakeTime(() => runCase(found, open(0)))).rejects.toThrow()
  })

  it('waits for real expiry when the harness permits, and else skips and tells so', async () => {
    const found = caseNamed('an entry is visible until its time to live is over, and not after')
    const real: KvHarness = { clock: 'real', open: () => ({ kv: createKeyValue(memoryKvDriver()) }) }
    expect(await runCase(found, (clock) => openKvSubject(real, clock))).toMatch(/maxTtlWaitMs is 0/)
    const patient = { ...real, maxTtlWaitMs: 2000 }
    expect(await inFakeTime(() => runCase(found, (clock) => openKvSubject(patient, clock)))).toBeNull()
    const exact = caseNamed('expiresAt ends the entry at that very moment')
    expect(await runCase(exact, (clock) => openKvSubject(patient, clock))).toMatch(/manual clock/)
  })

  it('closes the store after each case, also one that fails', async () => {
    let closed = 0
    const harness: KvHarness = {
      clock: 'manual',
      open: () => ({ kv: createKeyValue(memoryKvDriver()), close: () => void closed++ }),
    }
    const failing = { name: 'fails', run: () => Promise.reject(new Error('broken')) }
    await expect(runCase(failing, (clock) => openKvSubject(harness, clock))).rejects.toThrow('broken')
    const skipped = { name: 'skipped', skip: () => 'no need', run: () => Promise.reject(new Error('broken')) }
    expect(await runCase(skipped, (clock) => openKvSubject(harness, clock))).toBe('no need')
    expect(closed).toBe(2)
  })

  function caseNamed(name: string) {
    return cases.find((one) => one.name === name) ?? expect.fail(`there is no case "${name}"`)
  }
})

async function inFakeTime<T>(work: () => Promise<T>): Promise<T> {
  vi.useFakeTimers()
  try {
    const done = work()
    done.catch(() => undefined)
    await vi.advanceTimersByTimeAsync(20_000)
    return await done
  } finally {
    vi.useRealTimers()
  }
}

function harnessOf(as: Lie, limits?: Partial<KvCapabilityInfo['limits']>): KvHarness {
  return {
    clock: 'manual',
    loseAnswers: lost.loseAnswers,
    open: ({ clock }) => {
      const create = () => {
        const honest = memoryKvDriver({ clock, ...(limits === undefined ? {} : { limits }) })
        return createKeyValue(lying(honest, as(honest)), { clock })
      }
      return { kv: create(), reopen: create }
    },
  }
}

/** The honest driver, but for the lie. Bulk calls go one by one unless the lie is about them. */
function lying(honest: KvDriver, lie: Partial<KvDriver>): KvDriver {
  return {
    info: honest.info,
    get: (key, call) => honest.get(key, call),
    put: (key, value, put) => honest.put(key, value, put),
    delete: (key, call) => honest.delete(key, call),
    list: (list) => honest.list?.(list) ?? { keys: [] },
    ...lie,
  }
}

/** A driver whose true limit is smaller than the one it states. */
function smaller(limits: Partial<KvCapabilityInfo['limits']>): Lie {
  return () => {
    const real = memoryKvDriver({ limits })
    return { get: (key, call) => real.get(key, call), put: (key, value, put) => real.put(key, value, put) }
  }
}

function renamed(rename: (key: string) => string): Lie {
  return (honest) => ({
    get: (key, call) => honest.get(rename(key), call),
    put: (key, value, put) => honest.put(rename(key), value, put),
    delete: (key, call) => honest.delete(rename(key), call),
  })
}

async function checkedEarly(
  honest: KvDriver,
  key: string,
  value: string | Uint8Array<ArrayBuffer>,
  put: KvDriverPut,
) {
  const before = await honest.get(key, {})
  if (put.ifAbsent && before !== null) return honest.put(key, value, put)
  if (put.ifVersion !== undefined && before?.version !== put.ifVersion) return honest.put(key, value, put)
  await Promise.resolve()
  return honest.put(key, value, { ...put, ifAbsent: undefined, ifVersion: undefined })
}

function plus(moment: number | undefined, ms: number): number | undefined {
  return moment === undefined ? undefined : moment + ms
}
