import { describe, expect, it } from 'vitest'
import { createKeyValue } from '../kv/key-value.ts'
import type { KvDriver } from '../kv/driver.ts'
import { CapabilityError } from '../error.ts'
import type { KvCapabilityInfo } from '../guarantees/info.ts'
import { memoryKvDriver } from '../memory/kv.ts'
import { seededRng } from '../rng/seeded-rng.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { kvProbeChecks, probeKv } from './kv.ts'
import { assertTruthful, falseClaims, type ProbeReport } from './report.ts'

type Lie = (honest: KvDriver) => Partial<KvDriver>

interface Caught {
  readonly lie: string
  readonly check: string
  readonly about: string
  readonly as: Lie
  readonly limits?: Partial<KvCapabilityInfo['limits']>
}

const lies: readonly Caught[] = [
  { lie: 'ignores conditions', check: 'conditional puts', about: 'features.conditional', as: unconditional },
  {
    lie: 'checks conditions before it writes, not while',
    check: 'conditional puts',
    about: 'features.conditional',
    as: (honest) => ({
      put: async (key, value, put) => {
        const before = await honest.get(key, {})
        if (put.ifAbsent === true && before !== null) return honest.put(key, value, put)
        if (put.ifVersion !== undefined && before?.version !== put.ifVersion)
          return honest.put(key, value, put)
        await Promise.resolve()
        return honest.put(key, value, { ...put, ifAbsent: undefined, ifVersion: undefined })
      },
    }),
  },
  {
    lie: 'tells no versions',
    check: 'conditional puts',
    about: 'features.conditional',
    as: (honest) => ({ put: (key, value, put) => void honest.put(key, value, put) as undefined }),
  },
  {
    lie: 'shows old values',
    check: 'read after write',
    about: 'consistency',
    as: (honest) => {
      const before = new Map<string, Awaited<ReturnType<KvDriver['get']>>>()
      return {
        get: async (key, call) => {
          const now = await honest.get(key, call)
          const old = before.get(key)
          before.set(key, now)
          return old === undefined ? now : old
        },
      }
    },
  },
  {
    lie: 'lists what is deleted',
    check: 'read after write',
    about: 'consistency',
    as: (honest) => {
      const seen = new Set<string>()
      return {
        list: async (list) => {
          for (const { key } of (await honest.list?.(list))?.keys ?? []) seen.add(key)
          return { keys: [...seen].filter((key) => key.startsWith(list.prefix)).map((key) => ({ key })) }
        },
      }
    },
  },
  {
    lie: 'drops the time to live',
    check: 'time to live',
    about: 'ttl',
    as: (honest) => ({ put: (key, value, put) => honest.put(key, value, { ...put, expiresAt: undefined }) }),
  },
  {
    lie: 'ends entries too early',
    check: 'time to live',
    about: 'ttl',
    as: (honest) => ({
      put: (key, value, put) =>
        honest.put(key, value, {
          ...put,
          expiresAt: put.expiresAt === undefined ? undefined : put.expiresAt - 1900,
        }),
    }),
  },
  {
    lie: 'keeps the time to live of the entry before',
    check: 'time to live',
    about: 'ttl',
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
    lie: 'ends entries after a minute at the earliest',
    check: 'time to live',
    about: 'ttl',
    as: (honest) => ({
      put: (key, value, put) =>
        honest.put(key, value, {
          ...put,
          expiresAt: put.expiresAt === undefined ? undefined : put.expiresAt + 60_000,
        }),
    }),
  },
  {
    lie: 'takes no time to live under a minute, and states less',
    check: 'time to live',
    about: 'limits.minTtlSeconds',
    as: (honest) => {
      const { clock } = honest as KvDriver & { clock: ManualClock }
      return {
        put: (key, value, put) => {
          if (put.expiresAt !== undefined && put.expiresAt - clock.now() < 60_000)
            throw new CapabilityError('InvalidInput', 'at least 60 seconds')
          return honest.put(key, value, put)
        },
      }
    },
  },
  {
    lie: 'lists in UTF-16 order',
    check: 'listing',
    about: 'features.list',
    as: (honest) => ({
      list: async (list) => {
        const page = await honest.list?.({ ...list, limit: 1000 })
        return { keys: (page?.keys ?? []).toSorted((a, b) => (a.key < b.key ? -1 : 1)) }
      },
    }),
  },
  {
    lie: 'ends a listing after its first page',
    check: 'listing',
    about: 'features.list',
    as: (honest) => ({ list: async (list) => ({ keys: (await honest.list?.(list))?.keys ?? [] }) }),
  },
  {
    lie: 'takes % for a wildcard',
    check: 'listing',
    about: 'features.list',
    as: (honest) => ({
      list: async (list) =>
        (await honest.list?.({ ...list, prefix: list.prefix.replace(/%$/, '') })) ?? { keys: [] },
    }),
  },
  {
    lie: 'folds case',
    check: 'keys',
    about: 'contract',
    as: (honest) => ({
      get: (key, call) => honest.get(key.toLowerCase(), call),
      put: (key, value, put) => honest.put(key.toLowerCase(), value, put),
    }),
  },
  {
    lie: 'keeps text in Latin-1',
    check: 'content',
    about: 'contract',
    as: (honest) => ({
      put: (key, value, put) =>
        honest.put(key, typeof value === 'string' ? value.replaceAll(/[^\0-\xff]/gu, '?') : value, put),
    }),
  },
  {
    lie: 'drops metadata',
    check: 'content',
    about: 'features.metadata',
    as: (honest) => ({ put: (key, value, put) => honest.put(key, value, { ...put, metadata: undefined }) }),
  },
  {
    lie: 'reads one key in bulk',
    check: 'bulk',
    about: 'contract',
    as: (honest) => ({
      getMany: async (keys, call) => (await honest.getMany?.(keys.slice(0, 1), call)) ?? new Map(),
    }),
  },
  {
    lie: 'deletes one key in bulk',
    check: 'bulk',
    about: 'contract',
    as: (honest) => ({ deleteMany: (keys, call) => honest.deleteMany?.(keys.slice(1), call) }),
  },
  {
    lie: 'takes smaller values than it states',
    check: 'limits',
    about: 'limits.maxValueBytes',
    limits: { maxValueBytes: 200_000 },
    as: (honest) => ({
      put: (key, value, put) => {
        if (value.length > 150_000) throw new CapabilityError('LimitExceeded', 'larger than it takes')
        return honest.put(key, value, put)
      },
    }),
  },
]

describe('probeKv', () => {
  it('finds nothing wrong with an honest store, and leaves nothing behind', async () => {
    const { driver, probe } = subject()
    const report = await probe(createKeyValue(driver, { clock: driver.clock }))
    expect(falseClaims(report)).toEqual([])
    expect(report).toMatchObject({ ok: true, domain: 'kv', provider: 'memory', leftovers: [] })
    expect(new Set(report.findings.map(({ check }) => check))).toEqual(
      new Set(kvProbeChecks.map(({ name }) => name)),
    )
    for (const about of [
      'consistency',
      'features.conditional',
      'features.list',
      'features.metadata',
      'ttl',
    ]) {
      expect(severityOf(report, about), about).toBe('confirmed')
    }
    expect((await driver.list?.({ prefix: '', limit: 1000 }))?.keys).toEqual([])
    expect(() => assertTruthful(report)).not.toThrow()
  })

  for (const { lie, check, about, as, limits } of lies) {
    it(`finds out a store that ${lie}`, async () => {
      const { driver: honest, probe } = subject(limits)
      const report = await probe(createKeyValue(lying(honest, as(honest)), { clock: honest.clock }), [check])
      expect(report.ok).toBe(false)
      expect(falseClaims(report).map((finding) => [finding.check, finding.about])).toContainEqual([
        check,
        about,
      ])
      const truth = await probe(createKeyValue(honest, { clock: honest.clock }), [check])
      expect(falseClaims(truth)).toEqual([])
    })
  }

  it('tells a power that is not claimed as a note, when it is given the driver', async () => {
    const { driver: honest, probe } = subject()
    const modest = lying(honest, {}, { conditional: false, metadata: false, list: false })
    const withDriver = await probe(modest)
    const withStore = await probe(createKeyValue(modest, { clock: honest.clock }))
    for (const feature of ['conditional', 'metadata', 'list']) {
      expect(severityOf(withDriver, `features.${feature}`), feature).toBe('note')
      expect(severityOf(withStore, `features.${feature}`), feature).toBe('skipped')
    }
    expect([withDriver.ok, withStore.ok]).toEqual([true, true])
    expect((await honest.list?.({ prefix: '', limit: 1000 }))?.keys).toEqual([])
  })

  it('skips the wait for a time to live that is longer than it may take, and says so', async () => {
    const { driver, probe } = subject({ minTtlSeconds: 60 })
    const report = await probe(createKeyValue(driver, { clock: driver.clock }), ['time to live'])
    expect(report.findings.map(({ about, severity }) => [about, severity])).toEqual([
      ['limits.minTtlSeconds', 'confirmed'],
      ['ttl', 'skipped'],
    ])
  })
})

function severityOf({ findings }: ProbeReport, about: string) {
  return findings.find((finding) => finding.about === about)?.severity
}

function subject(limits?: Partial<KvCapabilityInfo['limits']>) {
  const clock = new ManualClock()
  const memory = memoryKvDriver({ clock, ...(limits && { limits }) })
  const driver = Object.assign(lying(memory, {}), { clock })
  const probe = (target: Parameters<typeof probeKv>[0], only?: readonly string[]) =>
    pumped(clock, probeKv(target, { clock, rng: seededRng(1), ...(only && { only }) }))
  return { driver, probe }
}

/** Lets time pass while the probe waits for it: one sleeper is its timer, what is more waits. */
async function pumped<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  const outcome: { done?: true } = {}
  const finished = work.finally(() => {
    outcome.done = true
  })
  while (outcome.done === undefined) await clock.advance(clock.sleeping >= 2 ? 50 : 0)
  return finished
}

/** The honest driver, but for the lie. */
function lying(
  honest: KvDriver,
  lie: Partial<KvDriver>,
  features: Partial<KvCapabilityInfo['features']> = {},
): KvDriver {
  return {
    info: { ...honest.info, features: { ...honest.info.features, ...features } },
    get: (key, call) => honest.get(key, call),
    put: (key, value, put) => honest.put(key, value, put),
    delete: (key, call) => honest.delete(key, call),
    list: async (list) => (await honest.list?.(list)) ?? { keys: [] },
    getMany: async (keys, call) => (await honest.getMany?.(keys, call)) ?? new Map(),
    deleteMany: (keys, call) => honest.deleteMany?.(keys, call),
    ...lie,
  }
}

function unconditional(honest: KvDriver): Partial<KvDriver> {
  return {
    put: (key, value, put) => honest.put(key, value, { ...put, ifAbsent: undefined, ifVersion: undefined }),
  }
}
