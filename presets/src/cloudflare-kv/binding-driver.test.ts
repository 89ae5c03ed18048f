import { createKeyValue, type KeyValue } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { cloudflareKvTwin } from '../cloudflare/twins/cloudflare-kv.ts'
import { KvBindingDriver, type KvBindingOptions } from './binding-driver.ts'

/** A store over a namespace that notes every call it gets. */
function setUp(options: Partial<KvBindingOptions> = {}, replaced: Record<string, unknown> = {}) {
  const clock = new ManualClock()
  const namespace = cloudflareKvTwin({ clock, staleMs: 0, limitsWrites: false, shortPages: 0 }).location(
    'here',
  )
  const calls: (readonly [string, ...unknown[]])[] = []
  const noted = new Proxy(namespace, {
    get(target, name: string) {
      const method = (replaced[name] ?? Reflect.get(target, name)) as (...args: unknown[]) => unknown
      return (...args: unknown[]) => {
        calls.push([name, ...args])
        return method(...args)
      }
    },
  })
  const driver = new KvBindingDriver(noted, { clock, ...options })
  return { clock, calls, namespace, driver, kv: createKeyValue(driver, { clock }) }
}

describe('what the platform would refuse is refused before it is asked', () => {
  const bytes = (length: number) => new Uint8Array(length)
  const soon = (clock: ManualClock, seconds: number) => new Date(clock.now() + seconds * 1000)
  type Call = (kv: KeyValue, clock: ManualClock) => Promise<unknown>
  /** A limit, a call at it, one below and one above (or the other way round for a minimum), and the refusal. */
  const limits: readonly [string, Call, Call, Call, object][] = [
    [
      'keys of 512 bytes',
      (kv) => kv.put('k'.repeat(511), 'v'),
      (kv) => kv.put(`${'€'.repeat(170)}kk`, 'v'),
      (kv) => kv.put('€'.repeat(171), 'v'),
      {
        kind: 'LimitExceeded',
        message: expect.stringContaining('512'),
        details: { limit: 'maxKeyBytes', max: 512 },
      },
    ],
    [
      'keys of 1 byte',
      (kv) => kv.put('kk', 'v'),
      (kv) => kv.put('k', 'v'),
      (kv) => kv.put('', 'v'),
      { kind: 'InvalidInput', message: expect.stringContaining('not empty') },
    ],
    [
      'keys other than "." and ".."',
      (kv) => kv.put('.k', 'v'),
      (kv) => kv.put('...', 'v'),
      (kv) => kv.put('..', 'v'),
      { kind: 'InvalidInput', message: expect.stringContaining('".."') },
    ],
    [
      'values of 25 MiB',
      (kv) => kv.put('k', bytes(26_214_399)),
      (kv) => kv.put('k', bytes(26_214_400)),
      (kv) => kv.put('k', bytes(26_214_401)),
      {
        kind: 'LimitExceeded',
        message: expect.stringContaining('26214400'),
        details: { limit: 'value', max: 26_214_400 },
      },
    ],
    [
      'metadata of 1024 bytes as JSON',
      (kv) => kv.put('k', 'v', { metadata: 'm'.repeat(1021) }),
      (kv) => kv.put('k', 'v', { metadata: 'm'.repeat(1022) }),
      (kv) => kv.put('k', 'v', { metadata: 'm'.repeat(1023) }),
      {
        kind: 'LimitExceeded',
        message: expect.stringContaining('1024'),
        details: { limit: 'metadata', max: 1024 },
      },
    ],
    [
      'a time to live of 60 seconds',
      (kv) => kv.put('k', 'v', { ttlSeconds: 61 }),
      (kv) => kv.put('k', 'v', { ttlSeconds: 60 }),
      (kv) => kv.put('k', 'v', { ttlSeconds: 59 }),
      { kind: 'InvalidInput', code: 'TTL001', message: expect.stringContaining('60 seconds') },
    ],
    [
      'an end in 60 seconds',
      (kv, clock) => kv.put('k', 'v', { expiresAt: soon(clock, 61) }),
      (kv, clock) => kv.put('k', 'v', { expiresAt: soon(clock, 60) }),
      (kv, clock) => kv.put('k', 'v', { expiresAt: soon(clock, 59) }),
      { kind: 'InvalidInput', code: 'TTL001', message: expect.stringContaining('60 seconds') },
    ],
    [
      'a cache time of 30 seconds',
      (kv) => kv.get('k', { cacheTtlSeconds: 31 }),
      (kv) => kv.get('k', { cacheTtlSeconds: 30 }),
      (kv) => kv.get('k', { cacheTtlSeconds: 29 }),
      { kind: 'InvalidInput', message: expect.stringContaining('at least 30') },
    ],
    [
      'a cache time of 30 seconds for many keys',
      (kv) => kv.getMany(['k'], { cacheTtlSeconds: 31 }),
      (kv) => kv.getMany(['k'], { cacheTtlSeconds: 30 }),
      (kv) => kv.getMany(['k'], { cacheTtlSeconds: 29 }),
      { kind: 'InvalidInput', details: { limit: 'minCacheTtlSeconds', min: 30 } },
    ],
    [
      'pages of 1000 keys',
      (kv) => kv.list({ limit: 999 }),
      (kv) => kv.list({ limit: 1000 }),
      (kv) => kv.list({ limit: 1001 }),
      { kind: 'InvalidInput', message: expect.stringContaining('1000') },
    ],
  ]
  for (const [what, within, at, past, refusal] of limits) {
    it(`${what}, at, one under and one over`, async () => {
      const { kv, clock, calls } = setUp()
      await within(kv, clock)
      await at(kv, clock)
      expect(calls.length).toBe(2)
      await expect(past(kv, clock)).rejects.toMatchObject(refusal)
      expect(calls.length).toBe(2)
    })
  }

  it('a cache time that is no whole number', async () => {
    const { kv, calls } = setUp()
    for (const cacheTtlSeconds of [30.5, Number.NaN, Infinity, -1]) {
      await expect(kv.get('k', { cacheTtlSeconds })).rejects.toMatchObject({ kind: 'InvalidInput' })
    }
    expect(calls).toEqual([])
  })

  it('a prefix no key can start with lists nothing', async () => {
    const { kv, calls } = setUp()
    expect(await kv.list({ prefix: 'k'.repeat(513) })).toEqual({ keys: [], listComplete: true })
    expect(calls).toEqual([])
    await kv.list({ prefix: 'k'.repeat(512) })
    expect(calls.length).toBe(1)
  })
})

describe('time to live', () => {
  it('is sent from now near the minimum, so that a slow or repeated request is not refused, else as a moment', async () => {
    const { kv, clock, driver, calls } = setUp()
    const now = clock.now()
    await kv.put('k', 'v', { ttlSeconds: 60 })
    await kv.put('k', 'v', { expiresAt: new Date(now + 90_500) })
    await kv.put('k', 'v', { ttlSeconds: 3600 })
    // A retry gives the driver the moment of the first try.
    await clock.advance(20_000)
    await driver.put('k', 'v', { expiresAt: now + 60_000 })
    expect(calls.map(([, , , options]) => options)).toEqual([
      { expirationTtl: 60 },
      { expirationTtl: 91 },
      { expiration: now / 1000 + 3600 },
      { expirationTtl: 60 },
    ])
  })

  it('is defaultTtlSeconds where a put names none', async () => {
    const { kv, clock, namespace, driver } = setUp({ defaultTtlSeconds: 60 })
    await kv.put('default', 'v')
    await kv.put('longer', 'v', { ttlSeconds: 600 })
    const end = clock.now() / 1000
    expect((await namespace.list()).keys).toEqual([
      { name: 'default', expiration: end + 60 },
      { name: 'longer', expiration: end + 600 },
    ])
    expect(driver.info.ttl).toBe('per_write')
    expect(driver.info.extensions['com.cloudflare.kv.defaultTtlSeconds']).toBe(60)
  })

  it('refuses a default the platform would refuse', () => {
    for (const defaultTtlSeconds of [59, 60.5, Number.NaN]) {
      expect(() => setUp({ defaultTtlSeconds })).toThrow(
        expect.objectContaining({ kind: 'Misconfigured', message: expect.stringContaining('60') }),
      )
    }
  })

  it('is told with what is read only with readExpiry, and costs a list then', async () => {
    const silent = setUp()
    await silent.kv.put('key', 'v', { ttlSeconds: 600 })
    await silent.kv.put('key/longer', 'v')
    expect((await silent.kv.getWithMetadata('key'))?.expiresAt).toBeNull()
    expect((await silent.kv.list()).keys[0]?.expiresAt).toBeInstanceOf(Date)
    const telling = setUp({ readExpiry: true })
    await telling.kv.put('key', 'v', { ttlSeconds: 600 })
    await telling.kv.put('key/longer', 'v')
    const end = telling.clock.now() + 600_000
    telling.calls.length = 0
    expect((await telling.kv.getWithMetadata('key'))?.expiresAt?.getTime()).toBe(end)
    expect((await telling.kv.getWithMetadata('key/longer'))?.expiresAt).toBeNull()
    expect(await telling.kv.getWithMetadata('ke')).toBeNull()
    expect(await telling.kv.get('key')).toBe('v')
    expect(telling.calls.filter(([method]) => method === 'list').length).toBe(3)
  })
})

describe('many keys', () => {
  it('reads texts 100 at a time in one call each, with the cache time', async () => {
    const { kv, calls } = setUp()
    await kv.put('key-7', '7')
    calls.length = 0
    const keys = Array.from({ length: 250 }, (_, i) => `key-${i}`)
    const found = await kv.getMany(keys, { cacheTtlSeconds: 60 })
    expect([...found].filter(([, value]) => value !== null)).toEqual([['key-7', '7']])
    expect(calls.map(([method, some, options]) => [method, (some as string[]).length, options])).toEqual([
      ['get', 100, { type: 'text', cacheTtl: 60 }],
      ['get', 100, { type: 'text', cacheTtl: 60 }],
      ['get', 50, { type: 'text', cacheTtl: 60 }],
    ])
  })

  it('reads bytes one by one, exactly', async () => {
    const { kv, calls } = setUp()
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0xff, 0])
    await kv.put('a', bytes)
    calls.length = 0
    expect((await kv.getMany(['a', 'b'], { as: 'bytes' })).get('a')).toEqual(bytes)
    expect(calls.map(([method]) => method)).toEqual(['getWithMetadata', 'getWithMetadata'])
  })

  it('reads one by one what is too much for one answer', async () => {
    const { kv } = setUp()
    const large = 'x'.repeat(13 * 1024 * 1024)
    await kv.put('a', large)
    await kv.put('b', large)
    const found = await kv.getMany(['a', 'b', 'c'])
    expect([...found].map(([key, value]) => [key, value?.length ?? null])).toEqual([
      ['a', large.length],
      ['b', large.length],
      ['c', null],
    ])
  })

  it('deletes them one by one, and tells the first failure', async () => {
    const { kv, calls } = setUp()
    await kv.deleteMany(['a', 'b', 'c'])
    expect(calls).toEqual([
      ['delete', 'a'],
      ['delete', 'b'],
      ['delete', 'c'],
    ])
    const broken = setUp({}, { delete: () => Promise.reject(new Error('KV DELETE failed: 503 Unavailable')) })
    await expect(broken.kv.deleteMany(['a', 'b'])).rejects.toMatchObject({ kind: 'Unavailable' })
  })

  it('says no of a refused delete alone, and unknown beside others that may have been made', async () => {
    const failing = () => Promise.reject(new Error('KV DELETE failed: 429 Too Many Requests'))
    const { kv } = setUp({}, { delete: failing })
    await expect(kv.deleteMany(['a'])).rejects.toMatchObject({ kind: 'RateLimited', applied: 'no' })
    await expect(kv.deleteMany(['a', 'b'])).rejects.toMatchObject({ kind: 'RateLimited', applied: 'unknown' })
  })
})

describe('errors', () => {
  const known: readonly [string, object][] = [
    [
      'KV PUT failed: 429 Too Many Requests',
      { kind: 'RateLimited', retryAfterMs: 1000, retryable: 'temporary', applied: 'no' },
    ],
    [
      'KV PUT failed: 413 Value length of 26214401 exceeds limit of 26214400.',
      { kind: 'LimitExceeded', applied: 'no' },
    ],
    [
      'KV PUT failed: 414 UTF-8 encoded length of 513 exceeds key length limit of 512.',
      { kind: 'LimitExceeded' },
    ],
    ['KV PUT failed: 400 Invalid expiration_ttl of 59.', { kind: 'InvalidInput', details: { status: 400 } }],
    [
      'KV PUT failed: 500 Internal Server Error',
      { kind: 'Unavailable', retryable: 'temporary', applied: 'unknown' },
    ],
    ['KV PUT failed: 409 Conflict', { kind: 'InvalidInput', applied: 'unknown' }],
    ['KV PUT failed: 401 Unauthorized', { kind: 'Unavailable' }],
    ['Too many API requests by single Worker invocation.', { kind: 'LimitExceeded', retryable: 'never' }],
    ['Network connection lost.', { kind: 'Unavailable', applied: 'unknown' }],
    ['internal error; reference = abc', { kind: 'Unavailable' }],
    ['something else', { kind: 'Unexpected' }],
  ]
  for (const [message, expected] of known) {
    it(`"${message}" is ${JSON.stringify(expected)}`, async () => {
      const cause = new Error(message)
      const { kv } = setUp({}, { put: () => Promise.reject(cause) })
      await expect(kv.put('key', 'v')).rejects.toMatchObject({
        ...expected,
        capability: 'kv',
        key: 'key',
        cause,
      })
    })
  }

  it('a rate limit on reads names no pause', async () => {
    const failing = () => Promise.reject(new Error('KV GET failed: 429 Too Many Requests'))
    const { kv } = setUp({}, { getWithMetadata: failing })
    await expect(kv.get('key')).rejects.toMatchObject({ kind: 'RateLimited', retryAfterMs: undefined })
  })
})

describe('a call', () => {
  it('ends when its signal fires, though the platform goes on', async () => {
    const { kv } = setUp({}, { getWithMetadata: () => new Promise(() => undefined) })
    const controller = new AbortController()
    const reading = kv.get('key', { signal: controller.signal })
    controller.abort()
    await expect(reading).rejects.toMatchObject({ kind: 'Cancelled' })
  })

  it('refuses a cursor of the platform itself: only its own come back', async () => {
    const { kv, namespace } = setUp()
    for (const key of ['a', 'b']) await kv.put(key, 'v')
    const page = await namespace.list({ limit: 1 })
    const cursor = page.list_complete ? '' : page.cursor
    expect((await kv.list({ limit: 1 })).cursor).not.toBe(cursor)
    await expect(kv.list({ cursor: `${cursor}x` })).rejects.toMatchObject({ kind: 'InvalidInput' })
  })

  it('checks by reading a key that is not there', async () => {
    const { driver, calls } = setUp()
    await driver.check({})
    expect(calls).toEqual([['getWithMetadata', 'flowport:check', { type: 'arrayBuffer' }]])
  })
})
