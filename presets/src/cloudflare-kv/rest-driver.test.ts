import { inspect } from 'node:util'
import { createKeyValue, type KeyValue, type KvDriver, retry, silentLogger } from '@flowport/capabilities'
import { kvConformance, ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type FakeCloudflareApi, startFakeCloudflareApi } from '../../test/support/fake-cloudflare-api.ts'
import { cloudflareKvRestLayers } from './declaration.ts'
import type { Fetch } from './rest-client.ts'
import { KvRestDriver, type KvRestOptions } from './rest-driver.ts'

for (const isLayered of [false, true]) {
  kvConformance(`cloudflare-kv over REST${isLayered ? ', layered' : ''}`, {
    clock: 'manual',
    features: { list: true, metadata: true, conditional: false, bulk: true },
    async open({ clock }) {
      const api = await startFakeCloudflareApi({ now: () => clock.now() })
      const layers = isLayered ? cloudflareKvRestLayers({ log: silentLogger, clock }) : []
      const open = () => createKeyValue(new KvRestDriver({ ...api, clock }), { clock, layers })
      return { kv: open(), reopen: open, close: () => api.close() }
    },
  })
}

interface Opened {
  readonly api: FakeCloudflareApi
  readonly clock: ManualClock
  readonly driver: KvDriver
  readonly kv: KeyValue
}

async function setUp(options: Partial<KvRestOptions> = {}): Promise<Opened> {
  const clock = new ManualClock()
  const api = await startFakeCloudflareApi({ now: () => clock.now() })
  onTestFinished(() => api.close())
  const driver = new KvRestDriver({ ...api, clock, ...options })
  return { api, clock, driver, kv: createKeyValue(driver, { clock }) }
}

describe('requests', () => {
  it('name account, namespace and the key, encoded', async () => {
    const { api, kv } = await setUp()
    await kv.put('a/b ü?#%', 'v')
    expect(await kv.get('a/b ü?#%')).toBe('v')
    await kv.delete('a/b ü?#%')
    const path = '/values/a%2Fb%20%C3%BC%3F%23%25'
    expect(api.requests).toEqual([`PUT ${path}`, `GET ${path}`, `DELETE ${path}`])
  })

  it('are one for a value, two for a value with its metadata', async () => {
    const { api, kv } = await setUp()
    await kv.put('key', 'v', { metadata: { n: 1 }, ttlSeconds: 600 })
    expect(api.requests.splice(0).length).toBe(1)
    await kv.get('key')
    expect(api.requests.splice(0)).toEqual(['GET /values/key'])
    expect((await kv.getWithMetadata('key'))?.metadata).toEqual({ n: 1 })
    expect(api.requests.toSorted()).toEqual(['GET /metadata/key', 'GET /values/key'])
  })

  it('read 100 texts and delete 10 000 keys at once', async () => {
    const { api, kv } = await setUp()
    const keys = Array.from({ length: 10_001 }, (_, i) => `k${i}`)
    await kv.put('k150', 'v')
    api.requests.length = 0
    const found = await kv.getMany(keys.slice(0, 250))
    expect([...found].filter(([, value]) => value !== null)).toEqual([['k150', 'v']])
    expect(api.requests.splice(0)).toEqual(Array(3).fill('POST /bulk/get'))
    await kv.deleteMany(keys)
    expect(api.requests.splice(0)).toEqual(Array(2).fill('POST /bulk/delete'))
    expect(await kv.get('k150')).toBeNull()
  })

  it('read bytes, and texts that are none, one by one', async () => {
    const { api, kv } = await setUp()
    const bytes = new Uint8Array([0xff, 0])
    await kv.put('bytes', bytes)
    await kv.put('text', 'v')
    api.requests.length = 0
    expect((await kv.getMany(['bytes', 'text'], { as: 'bytes' })).get('bytes')).toEqual(bytes)
    expect(api.requests.splice(0).toSorted()).toEqual(['GET /values/bytes', 'GET /values/text'])
    expect([...(await kv.getMany(['bytes', 'text']))]).toEqual([
      ['bytes', '\ufffd\0'],
      ['text', 'v'],
    ])
  })

  it('ask for pages of at least 10 keys, the least the API gives, and cut them', async () => {
    const { api, kv } = await setUp()
    for (let i = 0; i < 25; i++) await kv.put(`k${String(i).padStart(2, '0')}`, 'v')
    api.requests.length = 0
    const sizes: number[] = []
    let cursor: string | undefined
    do {
      const page = await kv.list({ limit: 4, ...(cursor === undefined ? {} : { cursor }) })
      sizes.push(page.keys.length)
      cursor = page.cursor
    } while (cursor !== undefined)
    expect(sizes.reduce((sum, size) => sum + size)).toBe(25)
    expect(Math.max(...sizes)).toBe(4)
    for (const request of api.requests) expect(request).toContain('limit=10')
  })

  it('put entries with the default time to live', async () => {
    const { api, kv, clock } = await setUp({ defaultTtlSeconds: 3600 })
    await kv.put('key', 'v')
    expect(api.requests).toEqual(['PUT /values/key?expiration_ttl=3600'])
    expect((await kv.getWithMetadata('key'))?.expiresAt?.getTime()).toBe(clock.now() + 3_600_000)
  })

  it('are not made for what the platform would refuse', async () => {
    const { api, kv } = await setUp()
    await expect(kv.put('k'.repeat(513), 'v')).rejects.toMatchObject({ kind: 'LimitExceeded' })
    await expect(kv.put('k', 'v', { ttlSeconds: 59 })).rejects.toMatchObject({ kind: 'InvalidInput' })
    await expect(kv.put('k', 'v', { metadata: 'm'.repeat(1023) })).rejects.toMatchObject({
      kind: 'LimitExceeded',
    })
    await expect(kv.put('k', new Uint8Array(26_214_401))).rejects.toMatchObject({ kind: 'LimitExceeded' })
    await expect(kv.get('k', { cacheTtlSeconds: 29 })).rejects.toMatchObject({ kind: 'InvalidInput' })
    await expect(kv.list({ limit: 1001 })).rejects.toMatchObject({ kind: 'InvalidInput' })
    expect((await kv.list({ prefix: 'k'.repeat(513) })).keys).toEqual([])
    expect(api.requests).toEqual([])
  })

  it('go through the fetch that is given', async () => {
    const urls: string[] = []
    const fetch: Fetch = (url, init) => {
      urls.push(`${init.method ?? 'GET'} ${url}`)
      return Promise.resolve(Response.json({ result: {} }))
    }
    const driver = new KvRestDriver({
      accountId: 'acc/ount',
      namespaceId: 'space',
      apiToken: 'token',
      fetch,
      clock: new ManualClock(),
    })
    await driver.put('key', 'v', {})
    expect(urls).toEqual([
      'PUT https://api.cloudflare.com/client/v4/accounts/acc%2Fount/storage/kv/namespaces/space/values/key',
    ])
  })
})

describe('errors', () => {
  const envelope = (code: number) => JSON.stringify({ success: false, errors: [{ code, message: 'why' }] })
  const known: readonly [string, number, string, object][] = [
    ['a token that is not taken', 401, envelope(10_000), { kind: 'Unauthenticated', retryable: 'never' }],
    ['a token of a wrong form', 400, envelope(6003), { kind: 'Unauthenticated' }],
    ['a token without permission', 403, envelope(10_000), { kind: 'PermissionDenied' }],
    ['a namespace that is not there', 404, envelope(10_013), { kind: 'Misconfigured' }],
    ['an address that is no API', 404, '<html>', { kind: 'Misconfigured' }],
    ['an id of a wrong form', 400, envelope(7003), { kind: 'Misconfigured' }],
    [
      'another refusal',
      400,
      envelope(10_022),
      { kind: 'InvalidInput', details: { status: 400, code: 10_022 } },
    ],
    ['a request that is too large', 413, '', { kind: 'LimitExceeded' }],
    ['a redirect', 301, '', { kind: 'Misconfigured' }],
    ['an error of the API', 503, 'upstream', { kind: 'Unavailable', retryable: 'temporary' }],
    ['a success that is no JSON', 200, '<html>', { kind: 'Unexpected' }],
  ]
  for (const [what, status, body, expected] of known) {
    it(`${what} is ${JSON.stringify(expected)}`, async () => {
      const { api, kv } = await setUp()
      api.faults.push({ status, body, headers: { location: 'http://127.0.0.1:1/' } })
      await expect(kv.put('key', 'v')).rejects.toMatchObject(expected)
    })
  }

  it('an absent key is no error, a namespace that is not there is one, also for get', async () => {
    const { api, kv } = await setUp()
    expect(await kv.get('absent')).toBeNull()
    await kv.delete('absent')
    api.faults.push({ status: 404, body: envelope(10_013) })
    await expect(kv.get('absent')).rejects.toMatchObject({ kind: 'Misconfigured' })
  })

  it('a refusal that is cut off may be asked again: whether key or namespace is missing is not known', async () => {
    const { api, kv } = await setUp()
    for (const status of [400, 403, 404]) {
      api.faults.push({ status, body: envelope(10_013), dropAfter: 10 })
      await expect(kv.get('key')).rejects.toMatchObject({ kind: 'Unavailable', retryable: 'temporary' })
    }
    api.faults.push({ status: 429, body: envelope(10_013), dropAfter: 10 })
    await expect(kv.get('key')).rejects.toMatchObject({ kind: 'RateLimited' })
  })

  it('a rate limit is waited for as long as the API asks, in seconds or until a date', async () => {
    const { api, driver, clock } = await setUp()
    const kv = createKeyValue(driver, { clock, layers: [retry({ clock, rng: { float: () => 0 } })] })
    const ways = [() => '7', () => new Date(clock.now() + 7_000).toUTCString()]
    for (const way of ways) {
      // A date counts from the answer's own date.
      const headers = () => ({ 'retry-after': way(), date: new Date(clock.now()).toUTCString() })
      api.faults.push({ status: 429, headers: headers() })
      await expect(driver.put('key', 'v', {})).rejects.toMatchObject({
        kind: 'RateLimited',
        retryAfterMs: 7_000,
      })
      api.faults.push({ status: 429, headers: headers() })
      const write = kv.put('key', 'v')
      await expect.poll(() => clock.sleeping).toBe(1)
      await clock.advance(6_999)
      expect(clock.sleeping).toBe(1)
      await clock.advance(1)
      await write
    }
    expect(api.requests.length).toBe(6)
  })

  it('keys that were not deleted make the call fail for a while', async () => {
    const { api, kv } = await setUp()
    const result = { successful_key_count: 1, unsuccessful_keys: ['b'] }
    api.faults.push({ status: 200, body: JSON.stringify({ success: true, result }) })
    await expect(kv.deleteMany(['a', 'b'])).rejects.toMatchObject({
      kind: 'Unavailable',
      retryable: 'temporary',
      details: { unsuccessful: 1 },
    })
  })

  it('a connection that cannot be made, or drops in the middle, is Unavailable', async () => {
    const { api, kv } = await setUp()
    await kv.put('key', 'v')
    api.faults.push({ status: 200, body: 'half a value', dropAfter: 4 })
    await expect(kv.get('key')).rejects.toMatchObject({ kind: 'Unavailable', retryable: 'temporary' })
    await api.close()
    await expect(kv.get('key')).rejects.toMatchObject({ kind: 'Unavailable' })
  })

  it('a signal that fires ends the request', async () => {
    const { driver, clock } = await setUp({
      fetch: (_url, { signal }) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
        ),
    })
    const controller = new AbortController()
    const reading = createKeyValue(driver, { clock }).get('key', { signal: controller.signal })
    controller.abort()
    await expect(reading).rejects.toMatchObject({ kind: 'Cancelled' })
  })

  it('a cursor of another store is InvalidInput', async () => {
    const { kv } = await setUp()
    // Made by the driver over the binding: `>` and a cursor of the platform.
    for (const cursor of ['PmFiYw', 'PnsifQ', 'PlsxLDJd']) {
      await expect(kv.list({ cursor })).rejects.toMatchObject({ kind: 'InvalidInput' })
    }
  })

  it('a check proves token and namespace', async () => {
    const { api, driver } = await setUp()
    await driver.check?.({})
    expect(api.requests).toEqual(['GET '])
    const wrong = new KvRestDriver({ ...api, apiToken: 'other', clock: new ManualClock() })
    await expect(wrong.check({})).rejects.toMatchObject({ kind: 'Unauthenticated' })
  })
})

describe('the token', () => {
  it('is in no error, inspection or JSON, even when the API says it', async () => {
    const { api, kv, driver } = await setUp()
    const { apiToken } = api
    const body = JSON.stringify({ errors: [{ code: 1, message: `bad token ${apiToken}` }] })
    api.faults.push({ status: 400, body })
    const error: unknown = await kv.put('key', 'v').catch((reason: unknown) => reason)
    for (const thing of [error, driver, kv]) {
      expect(inspect(thing, { depth: 10, showHidden: true })).not.toContain(apiToken)
      expect(JSON.stringify(thing)).not.toContain(apiToken)
    }
    expect(inspect(error, { depth: 10 })).toContain('bad token [token]')
  })

  it('is Misconfigured, and not quoted, when it could not be sent', async () => {
    const { api } = await setUp()
    for (const apiToken of ['se cret', 'secret\n', '"s\u00e9cret"', '']) {
      const make = () => new KvRestDriver({ ...api, apiToken, clock: new ManualClock() })
      expect(make).toThrow(expect.objectContaining({ kind: 'Misconfigured' }))
      expect(make).not.toThrow(/cret/)
    }
  })

  it('is sent nowhere but to baseUrl, which must be http', async () => {
    const { api } = await setUp()
    for (const baseUrl of ['ftp://api', 'api.cloudflare.com', '']) {
      expect(() => new KvRestDriver({ ...api, baseUrl, clock: new ManualClock() })).toThrow(/baseUrl/)
    }
    const kv = createKeyValue(
      new KvRestDriver({ ...api, baseUrl: `${api.baseUrl}//`, clock: new ManualClock() }),
    )
    expect(await kv.get('key')).toBeNull()
  })
})
