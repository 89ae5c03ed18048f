import { describe, expect, it } from 'vitest'
import { createBlobStore } from '../blob/blob-store.ts'
import type { BlobDriver, BlobDriverPage } from '../blob/driver.ts'
import { CapabilityError, isKind } from '../error.ts'
import type { BlobCapabilityInfo } from '../guarantees/info.ts'
import { memoryBlobDriver } from '../memory/blob.ts'
import { seededRng } from '../rng/seeded-rng.ts'
import { never } from '../testing/samples.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { blobProbeChecks, probeBlob } from './blob.ts'
import { assertTruthful, falseClaims, type ProbeReport } from './report.ts'

type Lie = (honest: BlobDriver) => Partial<BlobDriver>

interface Caught {
  readonly lie: string
  /** The check that finds it, and the claim it finds false. */
  readonly check: string
  readonly about: string
  readonly as: Lie
  readonly features?: Partial<BlobCapabilityInfo['features']>
  readonly limits?: Partial<BlobCapabilityInfo['limits']>
}

const lies: readonly Caught[] = [
  {
    lie: 'ignores conditions',
    check: 'create-only puts',
    about: 'features.createOnly',
    as: unconditional,
  },
  {
    lie: 'ignores conditions on replacing',
    check: 'compare-and-swap puts',
    about: 'features.compareAndSwap',
    as: unconditional,
  },
  {
    lie: 'checks a creation before it writes, not while',
    check: 'create-only puts',
    about: 'features.createOnly',
    as: checkedEarly,
  },
  {
    lie: 'checks a version before it writes, not while',
    check: 'compare-and-swap puts',
    about: 'features.compareAndSwap',
    as: checkedEarly,
  },
  {
    lie: 'tells every loser of a race that it won',
    check: 'create-only puts',
    about: 'features.createOnly',
    as: (honest) => ({
      put: async (key, body, put) => {
        try {
          return await honest.put(key, body, put)
        } catch (error) {
          const there = await honest.head(key, {})
          if (isKind(error, 'AlreadyExists') && there !== null) return there
          throw error
        }
      },
    }),
  },
  {
    lie: 'cannot create only, and claims it can',
    check: 'create-only puts',
    about: 'features.createOnly',
    as: (honest) => ({
      put: (key, body, put) => {
        if (put.ifNoneMatch !== undefined) throw new CapabilityError('Unsupported', 'not implemented')
        return honest.put(key, body, put)
      },
    }),
  },
  {
    lie: 'reads any version when asked for one',
    check: 'compare-and-swap puts',
    about: 'features.compareAndSwap',
    as: (honest) => ({ get: (key, get) => honest.get(key, { ...get, ifMatch: undefined }) }),
  },
  { lie: 'shows old objects', check: 'read after write', about: 'consistency', as: late('get') },
  { lie: 'tells old versions', check: 'read after write', about: 'consistency', as: late('head') },
  { lie: 'lists old objects', check: 'read after write', about: 'consistency', as: late('list') },
  {
    lie: 'gives the whole object for a range',
    check: 'ranges',
    about: 'features.ranges',
    as: (honest) => ({ get: (key, get) => honest.get(key, { ...get, range: undefined }) }),
  },
  {
    lie: 'takes a suffix for an offset',
    check: 'ranges',
    about: 'features.ranges',
    as: (honest) => ({
      get: (key, { range, ...get }) =>
        honest.get(key, { ...get, range: range && 'suffix' in range ? { offset: range.suffix } : range }),
    }),
  },
  {
    lie: 'answers a range past the end with the whole object',
    check: 'ranges',
    about: 'features.ranges',
    as: (honest) => ({
      get: async (key, get) => {
        try {
          return await honest.get(key, get)
        } catch (error) {
          if (isKind(error, 'RangeNotSatisfied')) return honest.get(key, {})
          throw error
        }
      },
    }),
  },
  {
    lie: 'lists in UTF-16 order',
    check: 'listing',
    about: 'contract',
    as: (honest) => ({
      list: async (list) => sorted(await honest.list({ ...list, limit: 1000 }), (a, b) => (a < b ? -1 : 1)),
    }),
  },
  {
    lie: 'lists path after path',
    check: 'listing',
    about: 'contract',
    as: (honest) => ({
      list: async (list) =>
        sorted(await honest.list({ ...list, limit: 1000 }), (a, b) =>
          a.replaceAll('/', '\0') < b.replaceAll('/', '\0') ? -1 : 1,
        ),
    }),
  },
  {
    lie: 'pays no heed to the page size',
    check: 'listing',
    about: 'contract',
    as: (honest) => ({ list: (list) => honest.list({ ...list, limit: 1000 }) }),
  },
  {
    lie: 'ends a listing after its first page',
    check: 'listing',
    about: 'contract',
    as: (honest) => ({
      list: async (list) => {
        const { objects, prefixes } = await honest.list(list)
        return { objects, prefixes }
      },
    }),
  },
  {
    lie: 'begins every page at the start',
    check: 'listing',
    about: 'contract',
    as: (honest) => ({ list: (list) => honest.list({ ...list, cursor: undefined }) }),
  },
  {
    lie: 'knows no delimiter',
    check: 'listing',
    about: 'contract',
    as: (honest) => ({ list: (list) => honest.list({ ...list, delimiter: undefined }) }),
  },
  { lie: 'folds case', check: 'keys', about: 'contract', as: renamed((key) => key.toLowerCase()) },
  { lie: 'normalises keys', check: 'keys', about: 'contract', as: renamed((key) => key.normalize('NFC')) },
  {
    lie: 'takes plus for space',
    check: 'keys',
    about: 'contract',
    as: renamed((key) => key.replaceAll('+', ' ')),
  },
  {
    lie: 'trims keys',
    check: 'keys',
    about: 'contract',
    as: renamed((key) =>
      key
        .split('/')
        .map((part) => part.trim())
        .join('/'),
    ),
  },
  {
    lie: 'drops content types',
    check: 'content',
    about: 'features.contentType',
    as: (honest) => ({ put: (key, body, put) => honest.put(key, body, { ...put, contentType: null }) }),
  },
  {
    lie: 'drops metadata',
    check: 'content',
    about: 'features.metadata',
    as: (honest) => ({ put: (key, body, put) => honest.put(key, body, { ...put, metadata: {} }) }),
  },
  {
    lie: 'keeps metadata in Latin-1',
    check: 'content',
    about: 'features.metadata',
    as: (honest) => ({
      put: (key, body, put) =>
        honest.put(key, body, {
          ...put,
          metadata: Object.fromEntries(
            Object.entries(put.metadata).map(([name, value]) => [name, value.replaceAll(/[^\0-\xff]/g, '?')]),
          ),
        }),
    }),
  },
  {
    lie: 'flips a bit',
    check: 'content',
    about: 'contract',
    as: (honest) => ({
      put: (key, body, put) =>
        honest.put(
          key,
          body instanceof Uint8Array && body.byteLength > 1000
            ? body.map((b, i) => (i === 500 ? b ^ 1 : b))
            : body,
          put,
        ),
    }),
  },
  {
    lie: 'loses metadata in a copy',
    check: 'copy',
    about: 'contract',
    as: (honest) => ({
      copy: async (from, to) => {
        const opened = await honest.get(from, {})
        return opened && honest.put(to, opened.body, { contentType: null, metadata: {} })
      },
    }),
  },
  {
    lie: 'copies nothing when there is nothing, and says it did',
    check: 'copy',
    about: 'contract',
    as: (honest) => ({
      copy: async (from, to, call) =>
        (await honest.copy?.(from, to, call)) ??
        honest.put(to, new Uint8Array(0), { contentType: null, metadata: {} }),
    }),
  },
  {
    lie: 'cuts long keys',
    check: 'limits',
    about: 'limits.maxKeyBytes',
    as: renamed((key) => key.slice(0, 900)),
  },
  {
    lie: 'takes less metadata than it states',
    check: 'limits',
    about: 'limits.maxMetadataBytes',
    as: (honest) => ({
      put: (key, body, put) => {
        if (JSON.stringify(put.metadata).length > 1000)
          throw new CapabilityError('LimitExceeded', 'the metadata is larger than it takes')
        return honest.put(key, body, put)
      },
    }),
  },
  {
    lie: 'takes smaller objects than it states',
    check: 'limits',
    about: 'limits.maxObjectBytes',
    limits: { maxObjectBytes: 200_000 },
    as: (honest) => ({
      put: (key, body, put) => {
        if (body instanceof Uint8Array && body.byteLength > 150_000)
          throw new CapabilityError('LimitExceeded', 'the object is larger than it takes')
        return honest.put(key, body, put)
      },
    }),
  },
  {
    lie: 'makes URLs that do not work',
    check: 'presigned URLs',
    about: 'features.presign',
    features: { presign: true },
    as: () => ({ presign: () => new URL('https://fake.test/nothing?sig=aa') }),
  },
]

// No wait is needed but for URLs and late reads, whose tests say so.
const options = { rng: seededRng(1), clock: new ManualClock(), fetch: nothingThere, maxWaitMs: 0 }

describe('probeBlob', () => {
  it('finds nothing wrong with an honest store, and leaves nothing behind', async () => {
    const driver = memoryBlobDriver()
    const blob = createBlobStore(driver)
    const report = await probeBlob(blob, options)
    expect(falseClaims(report)).toEqual([])
    expect(report).toMatchObject({ ok: true, domain: 'blob', provider: 'memory', leftovers: [] })
    expect(report.prefix).toMatch(/^flowport-probe-[0-9a-f-]{36}\/$/)
    expect(new Set(report.findings.map(({ check }) => check))).toEqual(
      new Set(blobProbeChecks.map(({ name }) => name)),
    )
    for (const feature of ['createOnly', 'compareAndSwap', 'ranges', 'metadata', 'contentType']) {
      expect(severityOf(report, `features.${feature}`), feature).toBe('confirmed')
    }
    expect(severityOf(report, 'consistency')).toBe('confirmed')
    expect((await blob.list()).objects).toEqual([])
    expect(() => assertTruthful(report)).not.toThrow()
  })

  for (const { lie, check, about, as, features, limits } of lies) {
    it(`finds out a store that ${lie}`, async () => {
      const honest = memoryBlobDriver(limits && { limits })
      const driver = lying(honest, as(honest), features)
      const report = await probeBlob(createBlobStore(driver), { ...options, only: [check] })
      expect(report.ok).toBe(false)
      expect(falseClaims(report).map((finding) => [finding.check, finding.about])).toContainEqual([
        check,
        about,
      ])
      expect(() => assertTruthful(report)).toThrow(/does not do what it claims/)
      // The check passes where the lie is not told, or it has shown nothing.
      if (features?.presign !== true) {
        const truth = await probeBlob(createBlobStore(honest), { ...options, only: [check] })
        expect(falseClaims(truth)).toEqual([])
      }
    })
  }

  it('tells a power that is not claimed as a note, when it is given the driver', async () => {
    const honest = memoryBlobDriver()
    const modest = lying(
      honest,
      {},
      { createOnly: false, compareAndSwap: false, metadata: false, ranges: false },
    )
    const [withDriver, withStore] = await Promise.all([
      probeBlob(modest, options),
      probeBlob(createBlobStore(modest), options),
    ])
    for (const feature of ['createOnly', 'compareAndSwap', 'metadata', 'ranges']) {
      expect(severityOf(withDriver, `features.${feature}`), feature).toBe('note')
      expect(severityOf(withStore, `features.${feature}`), feature).toBe('skipped')
    }
    expect([withDriver.ok, withStore.ok]).toEqual([true, true])
  })

  it('confirms that an unclaimed power is not there', async () => {
    const honest = memoryBlobDriver()
    const modest = lying(honest, unconditional(honest), { createOnly: false, compareAndSwap: false })
    const report = await probeBlob(modest, options)
    expect(severityOf(report, 'features.createOnly')).toBe('confirmed')
    expect(severityOf(report, 'features.compareAndSwap')).toBe('confirmed')
    expect(report.ok).toBe(true)
  })

  it('forgives late reads to a store that claims no more, and says how late', async () => {
    const clock = new ManualClock()
    const honest = memoryBlobDriver({ clock })
    const driver = lying(honest, late('get')(honest))
    const eventual = { ...driver, info: { ...driver.info, consistency: 'eventual' as const } }
    const probing = probeBlob(createBlobStore(eventual), {
      ...options,
      clock,
      maxWaitMs: 5_000,
      only: ['read after write'],
    })
    const report = await pumped(clock, probing)
    expect(falseClaims(report)).toEqual([])
    expect(report.findings.map(({ severity }) => severity)).toEqual(['confirmed', 'note'])
    expect(report.findings[1]?.observed).toMatch(/came right within \d+ ms/)
  })

  it('says that a store which is not there could not be measured, rather than that it is fine', async () => {
    const driver = lying(memoryBlobDriver(), failing('Unavailable'))
    const report = await probeBlob(createBlobStore(driver), options)
    expect(report.ok).toBe(false)
    expect(falseClaims(report)).toEqual([])
    expect(report.findings.filter(({ severity }) => severity === 'confirmed')).toEqual([])
    expect(() => assertTruthful(report)).toThrow(expect.objectContaining({ kind: 'Unavailable' }))
    expect(report.leftovers.length).toBeGreaterThan(0)
  })

  it('takes a race in which the store answers nobody for no proof', async () => {
    const honest = memoryBlobDriver()
    const driver = lying(honest, {
      put: (key, body, put) => {
        if (key.includes('race')) throw new CapabilityError('RateLimited', 'slow down')
        return honest.put(key, body, put)
      },
    })
    const report = await probeBlob(createBlobStore(driver), { ...options, only: ['create-only puts'] })
    expect(report.findings.map(({ severity }) => severity)).toEqual(['unmeasured'])
  })

  it('rejects with the false claims when told to', async () => {
    const honest = memoryBlobDriver()
    const blob = createBlobStore(lying(honest, unconditional(honest)))
    const error = await probeBlob(blob, { ...options, throwOnFalseClaim: true }).catch((e: unknown) => e)
    expect(error).toMatchObject({ kind: 'Misconfigured', capability: 'blob', operation: 'probe' })
    expect((await blob.list()).objects).toEqual([])
  })

  it('touches no key but its own, also under a prefix that others use', async () => {
    const honest = memoryBlobDriver()
    const blob = createBlobStore(honest)
    const others = ['a', 'shared/mine', 'shared/flowport-probe-1/mine', 'shared/list/a']
    for (const key of others) await blob.put(key, 'keep')
    const touched = new Set<string>()
    const watched = lying(honest, {
      put: (key, body, put) => {
        touched.add(key)
        return honest.put(key, body, put)
      },
      delete: (key, call) => {
        touched.add(key)
        return honest.delete(key, call)
      },
    })
    const report = await probeBlob(createBlobStore(watched), { ...options, prefix: 'shared/' })
    expect(report.prefix.startsWith('shared/flowport-probe-')).toBe(true)
    expect([...touched].filter((key) => !key.startsWith(report.prefix))).toEqual([])
    expect(touched.size).toBeGreaterThan(50)
    expect((await blob.list()).objects.map(({ key }) => key)).toEqual(others.toSorted())
  })

  it('cleans up when it is aborted midway, and rejects with Cancelled', async () => {
    const honest = memoryBlobDriver()
    const leave = new AbortController()
    let puts = 0
    const driver = lying(honest, {
      put: (key, body, put) => {
        puts += 1
        if (puts === 20) leave.abort(new Error('enough'))
        return honest.put(key, body, put)
      },
    })
    const probing = probeBlob(createBlobStore(driver), { ...options, signal: leave.signal })
    await expect(probing).rejects.toMatchObject({ kind: 'Cancelled', cause: new Error('enough') })
    expect(puts).toBeLessThan(40)
    expect((await honest.list({ prefix: '', limit: 1000 })).objects).toEqual([])
  })

  it('cleans up when the store breaks midway', async () => {
    const honest = memoryBlobDriver()
    let puts = 0
    const driver = lying(honest, {
      put: (key, body, put) => {
        puts += 1
        if (puts > 30) throw new CapabilityError('Unavailable', 'gone')
        return honest.put(key, body, put)
      },
    })
    const report = await probeBlob(createBlobStore(driver), options)
    expect([report.ok, report.leftovers]).toEqual([false, []])
    expect((await honest.list({ prefix: '', limit: 1000 })).objects).toEqual([])
  })

  it('ends in its time over a store that hangs, and says what it could not measure', async () => {
    const clock = new ManualClock()
    const honest = memoryBlobDriver({ clock })
    const driver = lying(honest, { get: () => never() })
    const probing = probeBlob(createBlobStore(driver), {
      ...options,
      clock,
      timeoutMs: 2_000,
      cleanUpMs: 1_000,
    })
    const start = clock.monotonic()
    const report = await pumped(clock, probing, 1)
    expect(clock.monotonic() - start).toBeLessThanOrEqual(4_000)
    expect(report.findings.map(({ severity }) => severity)).toEqual(blobProbeChecks.map(() => 'unmeasured'))
    expect((await honest.list({ prefix: '', limit: 1000 })).objects).toEqual([])
  })

  it('refuses options that make no sense', async () => {
    const blob = createBlobStore(memoryBlobDriver())
    for (const bad of [
      { racers: 1 },
      { rounds: 0 },
      { timeoutMs: Number.NaN },
      { prefix: 'no-slash' },
      { prefix: '/' },
      { only: ['nonsense'] },
    ]) {
      await expect(probeBlob(blob, bad), JSON.stringify(bad)).rejects.toMatchObject({ kind: 'InvalidInput' })
    }
  })

  it('accepts URLs that do what they say, until they end', async () => {
    const clock = new ManualClock()
    const { driver, fetch } = fakeSigned(clock, (url) => url.searchParams.get('sig') === signatureOf(url))
    const probing = probeBlob(createBlobStore(driver), {
      ...options,
      clock,
      fetch,
      maxWaitMs: 5_000,
      only: ['presigned URLs'],
    })
    const report = await pumped(clock, probing)
    expect(report.findings.map(({ severity }) => severity)).toEqual(['confirmed', 'confirmed'])
  })

  for (const [lie, accepts, ends] of [
    ['do not look at the signature', () => true, true],
    ['sign no path', (url: URL) => url.searchParams.get('sig') === signatureOf(url, ''), true],
    [
      'sign no method',
      (url: URL) => url.searchParams.get('sig') === signatureOf(url, url.pathname, ''),
      true,
    ],
    ['never end', (url: URL) => url.searchParams.get('sig') === signatureOf(url), false],
  ] as const) {
    it(`finds out a store whose URLs ${lie}`, async () => {
      const clock = new ManualClock()
      const { driver, fetch } = fakeSigned(clock, accepts, ends, lie)
      const only = ['presigned URLs']
      const probing = probeBlob(createBlobStore(driver), { ...options, clock, fetch, maxWaitMs: 5_000, only })
      const report = await pumped(clock, probing)
      expect(falseClaims(report).map(({ about }) => about)).toEqual(['features.presign'])
    })
  }

  it('is told whether a wrong secret is refused', async () => {
    const honest = memoryBlobDriver()
    const blob = createBlobStore(honest)
    const outcome = async (reader: BlobDriver) => {
      const report = await probeBlob(blob, {
        ...options,
        only: ['wrong secret'],
        wrongSecret: createBlobStore(reader),
      })
      return report.findings.map(({ severity }) => severity)
    }
    expect(await outcome(honest)).toEqual(['error'])
    expect(await outcome(lying(honest, failing('PermissionDenied')))).toEqual(['confirmed'])
    expect(await outcome(lying(honest, failing('Unavailable')))).toEqual(['unmeasured'])
  })
})

function severityOf({ findings }: ProbeReport, about: string) {
  return findings.find((finding) => finding.about === about)?.severity
}

/** Lets time pass while the work waits for it: `idle` sleepers are timers, what is more waits. */
async function pumped<T>(clock: ManualClock, work: Promise<T>, idle = 2): Promise<T> {
  const outcome: { done?: true } = {}
  const finished = work.finally(() => {
    outcome.done = true
  })
  while (outcome.done === undefined) await clock.advance(clock.sleeping >= idle ? 50 : 0)
  return finished
}

/** The honest driver, but for the lie. */
function lying(
  honest: BlobDriver,
  lie: Partial<BlobDriver>,
  features: Partial<BlobCapabilityInfo['features']> = {},
): BlobDriver {
  return {
    info: { ...honest.info, features: { ...honest.info.features, ...features } },
    head: (key, call) => honest.head(key, call),
    get: (key, get) => honest.get(key, get),
    put: (key, body, put) => honest.put(key, body, put),
    delete: (key, call) => honest.delete(key, call),
    list: (list) => honest.list(list),
    copy: (from, to, call) => honest.copy?.(from, to, call) ?? null,
    ...lie,
  }
}

function unconditional(honest: BlobDriver): Partial<BlobDriver> {
  return {
    put: (key, body, put) => honest.put(key, body, { ...put, ifMatch: undefined, ifNoneMatch: undefined }),
  }
}

function checkedEarly(honest: BlobDriver): Partial<BlobDriver> {
  return {
    put: async (key, body, put) => {
      const before = await honest.head(key, {})
      if (put.ifNoneMatch !== undefined && before !== null) return honest.put(key, body, put)
      if (put.ifMatch !== undefined && before?.etag !== put.ifMatch) return honest.put(key, body, put)
      await Promise.resolve()
      return honest.put(key, body, { ...put, ifMatch: undefined, ifNoneMatch: undefined })
    },
  }
}

/** Answers every read of a key with what it answered the time before, once. */
function late(operation: 'get' | 'head' | 'list'): Lie {
  return (honest) => {
    const before = new Map<string, () => unknown>()
    const delayed = <T>(key: string, answer: T, same: (a: T, b: T) => boolean): T => {
      const old = before.get(key) as (() => T) | undefined
      before.set(key, () => answer)
      return old === undefined || same(old(), answer) ? answer : old()
    }
    return {
      ...(operation === 'head' && {
        head: async (key, call) => delayed(key, await honest.head(key, call), (a, b) => a?.etag === b?.etag),
      }),
      ...(operation === 'get' && {
        get: async (key, get) =>
          delayed(key, await honest.get(key, get), (a, b) => a?.object.etag === b?.object.etag),
      }),
      ...(operation === 'list' && {
        list: async (list) =>
          delayed(list.prefix, await honest.list(list), (a, b) => a.objects[0]?.etag === b.objects[0]?.etag),
      }),
    }
  }
}

function failing(kind: 'Unavailable' | 'PermissionDenied'): Partial<BlobDriver> {
  const fail = () => {
    throw new CapabilityError(kind, 'not here')
  }
  return { head: fail, get: fail, put: fail, delete: fail, list: fail }
}

function renamed(rename: (key: string) => string): Lie {
  return (honest) => ({
    head: (key, call) => honest.head(rename(key), call),
    get: (key, get) => honest.get(rename(key), get),
    put: (key, body, put) => honest.put(rename(key), body, put),
    delete: (key, call) => honest.delete(rename(key), call),
  })
}

function sorted(page: BlobDriverPage, compare: (a: string, b: string) => number): BlobDriverPage {
  return { ...page, objects: page.objects.toSorted((a, b) => compare(a.key, b.key)) }
}

/** What a fake store signs of a URL: its path, its method, its end. */
function signatureOf(url: URL, path = url.pathname, method = url.searchParams.get('for') ?? ''): string {
  return encodeURIComponent(`${method}:${path}:${url.searchParams.get('end')}:secret`)
}

/** A fake: a memory store with URLs, and the `fetch` that serves them when `accepts` says so. */
function fakeSigned(
  clock: ManualClock,
  accepts: (url: URL) => boolean,
  ends = true,
  lie = '',
): { driver: BlobDriver; fetch: typeof fetch } {
  const honest = memoryBlobDriver({ clock })
  const presign: BlobDriver['presign'] = (key, { method, expiresInSeconds }) => {
    const url = new URL(`https://fake.test/${key.split('/').map(encodeURIComponent).join('/')}`)
    url.searchParams.set('for', method.toUpperCase())
    url.searchParams.set('end', String(clock.now() + expiresInSeconds * 1000))
    const [path, what] = [
      lie === 'sign no path' ? '' : url.pathname,
      lie === 'sign no method' ? '' : undefined,
    ]
    url.searchParams.set('sig', signatureOf(url, path, what))
    return url
  }
  const serve = async (input: unknown, init: RequestInit = {}) => {
    const url = new URL(String(input))
    const method = init.method ?? 'GET'
    const late = ends && clock.now() > Number(url.searchParams.get('end'))
    const other =
      lie === '' || lie === 'never end' || lie === 'sign no path'
        ? method !== url.searchParams.get('for')
        : false
    if (late || other || !accepts(url)) return new Response('', { status: 403 })
    const key = decodeURIComponent(url.pathname.slice(1))
    if (method === 'PUT') {
      const body = new Uint8Array(new TextEncoder().encode(String(init.body)))
      await honest.put(key, body, { contentType: null, metadata: {} })
      return new Response('')
    }
    const opened = await honest.get(key, {})
    return opened === null ? new Response('', { status: 404 }) : new Response(opened.body)
  }
  return { driver: lying(honest, { presign }, { presign: true }), fetch: serve }
}

function nothingThere(): Promise<Response> {
  return Promise.resolve(new Response('', { status: 404 }))
}
