import { createKeyValue, retry } from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { KvBindingDriver } from '../../cloudflare-kv/binding-driver.ts'
import type { TwinNamespace } from './cloudflare-kv-namespace.ts'
import { cloudflareKvTwin, type CloudflareKvTwinOptions } from './cloudflare-kv.ts'

/** The worst case of everything, so that what can happen does. */
const worst = { minStaleMs: 60_000, ownWritesVisible: 1, shortPages: 0 } as const

function setUp(options: CloudflareKvTwinOptions = worst) {
  const clock = new ManualClock()
  const twin = cloudflareKvTwin({ clock, ...options })
  return { clock, twin, here: twin.location('here'), there: twin.location('there') }
}

describe('staleness', () => {
  it('shows a write at once where it was made, and everywhere at the latest after staleMs', async () => {
    const { clock, here, there } = setUp()
    await here.put('key', '1')
    expect(await here.get('key')).toBe('1')
    await clock.advance(60_000)
    expect(await there.get('key')).toBe('1')
    await here.put('key', '2')
    expect(await here.get('key')).toBe('2')
    await clock.advance(59_999)
    expect(await there.get('key')).toBe('1')
    await clock.advance(1)
    expect(await there.get('key')).toBe('2')
  })

  it('need not show a write where it was made', async () => {
    const { clock, here } = setUp({ ...worst, ownWritesVisible: 0 })
    await here.put('key', '1')
    expect(await here.get('key')).toBeNull()
    await clock.advance(60_000)
    expect(await here.get('key')).toBe('1')
  })

  it('remembers that a key was absent, as it remembers values', async () => {
    const { clock, here, there } = setUp({ ...worst, minStaleMs: 0, staleMs: 60_000, seed: 3 })
    expect(await there.get('key')).toBeNull()
    await here.put('key', 'value')
    expect(await there.get('key')).toBeNull()
    await clock.advance(60_000)
    expect(await there.get('key')).toBe('value')
  })

  it('shows a delete as late as a write', async () => {
    const { clock, here, there } = setUp()
    await here.put('key', 'value')
    await clock.advance(60_000)
    expect(await there.get('key')).toBe('value')
    await here.delete('key')
    expect(await here.get('key')).toBeNull()
    expect(await there.get('key')).toBe('value')
    await clock.advance(60_000)
    expect(await there.get('key')).toBeNull()
  })

  it('shows a write after a long cacheTtl at the latest', async () => {
    const { clock, here, there } = setUp()
    await here.put('key', '1')
    await clock.advance(60_000)
    expect(await there.get('key', { cacheTtl: 300 })).toBe('1')
    await here.put('key', '2')
    await clock.advance(299_999)
    await there.get('key')
    await clock.advance(1)
    expect(await there.get('key')).toBe('2')
  })

  it('may serve what was read with a long cacheTtl past staleMs', async () => {
    const { clock, here, there } = setUp({ ...worst, minStaleMs: 0, seed: 7 })
    await here.put('key', '1')
    await clock.advance(60_000)
    expect(await there.get('key', { cacheTtl: 86_400 })).toBe('1')
    await here.put('key', '2')
    await clock.advance(120_000)
    expect(await there.get('key')).toBe('1')
    await clock.advance(86_400_000)
    expect(await there.get('key')).toBe('2')
  })

  it('lists with the same delay', async () => {
    const { clock, here, there } = setUp()
    await here.put('key', 'value')
    expect((await here.list()).keys).toEqual([{ name: 'key' }])
    expect((await there.list()).keys).toEqual([])
    await clock.advance(60_000)
    expect((await there.list()).keys).toEqual([{ name: 'key' }])
  })

  it('is none with staleMs 0', async () => {
    const { here, there } = setUp({ staleMs: 0, ownWritesVisible: 0 })
    expect(await there.get('key')).toBeNull()
    await here.put('key', 'value')
    expect(await here.get('key')).toBe('value')
    expect(await there.get('key')).toBe('value')
  })

  it('never exceeds staleMs, whatever the seed', async () => {
    for (let seed = 1; seed <= 50; seed++) {
      const { clock, here, there } = setUp({ seed, limitsWrites: false })
      for (let i = 0; i < 5; i++) {
        await there.get('key')
        await here.put('key', String(i))
        await clock.advance(seed * 100)
        await there.get('key')
      }
      await clock.advance(60_000)
      expect(await there.get('key'), `seed ${seed}`).toBe('4')
    }
  })
})

describe('randomness', () => {
  async function story(seed: number): Promise<string> {
    const { clock, here, there } = setUp({ seed, limitsWrites: false })
    const seen: unknown[] = []
    for (let i = 0; i < 20; i++) {
      await here.put(`key-${i % 3}`, String(i))
      await clock.advance(7_000)
      seen.push(await there.get(`key-${i % 3}`), (await there.list()).keys.length)
    }
    return seen.join()
  }

  it('is the same for the same seed and another for another', async () => {
    expect(await story(1)).toBe(await story(1))
    expect(await story(2)).not.toBe(await story(1))
  })
})

describe('one write per second', () => {
  it('refuses a second write to a key within a second, wherever it is made, and lets others be', async () => {
    const { clock, here, there } = setUp()
    await here.put('key', '1')
    await expect(here.put('key', '2')).rejects.toThrow('KV PUT failed: 429 Too Many Requests')
    await expect(there.put('key', '2')).rejects.toThrow('KV PUT failed: 429')
    await expect(here.delete('key')).rejects.toThrow('KV DELETE failed: 429')
    await here.put('other', '1')
    await clock.advance(999)
    await expect(here.put('key', '2')).rejects.toThrow('429')
    await clock.advance(1)
    await here.put('key', '2')
    expect(await here.get('key')).toBe('2')
  })

  it('becomes RateLimited with the pause to make, and the retry layer makes it', async () => {
    const { clock, here } = setUp()
    const driver = new KvBindingDriver(here, { clock })
    const kv = createKeyValue(driver, { clock })
    await kv.put('key', '1')
    await expect(kv.put('key', '2')).rejects.toMatchObject({
      kind: 'RateLimited',
      retryable: 'temporary',
      retryAfterMs: 1000,
    })
    const patient = createKeyValue(driver, { clock, layers: [retry({ clock, rng: { float: () => 0 } })] })
    const write = patient.put('key', '2')
    await clock.advance(1000)
    await write
    expect(await kv.get('key')).toBe('2')
  })
})

describe('limits', () => {
  const bytes = (length: number) => new Uint8Array(length)
  const numbers = (length: number) => Array.from({ length }, (_, i) => String(i))
  const refusals: readonly [string, (kv: TwinNamespace, now: number) => Promise<unknown>, string][] = [
    ['an empty key', (kv) => kv.put('', 'v'), 'Key name cannot be empty.'],
    ['the key ".."', (kv) => kv.get('..'), '".." is not allowed as a key name.'],
    ['a key of 513 bytes', (kv) => kv.get('k'.repeat(513)), 'KV GET failed: 414'],
    ['a prefix of 513 bytes', (kv) => kv.list({ prefix: 'k'.repeat(513) }), 'KV LIST failed: 414'],
    [
      'a value of 25 MiB and a byte',
      (kv) => kv.put('k', bytes(26_214_401)),
      'KV PUT failed: 413 Value length',
    ],
    [
      'metadata of 1025 bytes',
      (kv) => kv.put('k', '', { metadata: 'm'.repeat(1023) }),
      'KV PUT failed: 413 Metadata',
    ],
    [
      'a time to live of 59 s',
      (kv) => kv.put('k', '', { expirationTtl: 59 }),
      'Invalid expiration_ttl of 59',
    ],
    ['an end in 59 s', (kv, now) => kv.put('k', '', { expiration: now + 59 }), 'Invalid expiration of'],
    ['a cacheTtl of 29 s', (kv) => kv.get('k', { type: 'text', cacheTtl: 29 }), 'Invalid cache_ttl of 29'],
    ['pages of 1001', (kv) => kv.list({ limit: 1001 }), 'KV LIST failed: 400'],
    ['101 keys at once', (kv) => kv.get(numbers(101)), 'maximum of 100 keys'],
    ['no keys at once', (kv) => kv.get([]), 'minimum of 1 key'],
    ['bytes of many keys', (kv) => kv.get(['k'], 'arrayBuffer' as never), 'is not a valid type'],
    ['a cursor of its own making', (kv) => kv.list({ cursor: 'mine' }), 'KV LIST failed: 400'],
  ]
  for (const [what, call, message] of refusals) {
    it(`refuses ${what}`, async () => {
      const { clock, here } = setUp()
      await expect(call(here, clock.now() / 1000)).rejects.toThrow(message)
    })
  }

  it('takes what is just within them', async () => {
    const { clock, here } = setUp()
    const now = clock.now() / 1000
    await here.put('k'.repeat(512), bytes(26_214_400), { metadata: 'm'.repeat(1022), expirationTtl: 60 })
    await here.put('end', '', { expiration: now + 60 })
    expect(await here.get('end', { type: 'text', cacheTtl: 30 })).toBe('')
    expect((await here.get(numbers(100))).size).toBe(100)
    expect((await here.list({ limit: 1000 })).list_complete).toBe(true)
  })

  it('ends an entry when its time has come, also where it is cached', async () => {
    const { clock, here } = setUp()
    await here.put('key', 'value', { expirationTtl: 60 })
    expect(await here.get('key', { cacheTtl: 3600 })).toBe('value')
    await clock.advance(60_000)
    expect(await here.get('key')).toBeNull()
    expect((await here.list()).keys).toEqual([])
  })

  it('counts the calls of an invocation, many keys at once as one', async () => {
    const { twin, here } = setUp({ ...worst, operationsPerInvocation: 3 })
    const invocation = twin.invocation('here')
    await invocation.put('key', 'value')
    await invocation.get(['key', 'other'])
    await invocation.list()
    await expect(invocation.get('key')).rejects.toThrow('Too many API requests')
    expect(await here.get('key')).toBe('value')
    const kv = createKeyValue(new KvBindingDriver(twin.invocation('here'), { clock: new ManualClock() }))
    for (let i = 0; i < 3; i++) await kv.get('key')
    await expect(kv.get('key')).rejects.toMatchObject({
      kind: 'LimitExceeded',
      details: { limit: 'operationsPerInvocation' },
    })
  })

  it('refuses chances and delays that cannot be', () => {
    expect(() => cloudflareKvTwin({ shortPages: 1 })).toThrow(RangeError)
    expect(() => cloudflareKvTwin({ ownWritesVisible: 1.1 })).toThrow(RangeError)
    expect(() => cloudflareKvTwin({ staleMs: 10, minStaleMs: 20 })).toThrow(RangeError)
  })
})

describe('pages', () => {
  it('may be short or empty while more is to come, and lose nothing', async () => {
    const { here } = setUp({ seed: 5, shortPages: 0.7 })
    const names = Array.from({ length: 40 }, (_, i) => `key-${String(i).padStart(2, '0')}`)
    for (const name of names) await here.put(name, 'v')
    const sizes: number[] = []
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await here.list({ limit: 10, ...(cursor === undefined ? {} : { cursor }) })
      sizes.push(page.keys.length)
      seen.push(...page.keys.map(({ name }) => name))
      cursor = page.list_complete ? undefined : page.cursor
    } while (cursor !== undefined)
    expect(seen).toEqual(names.filter((name) => seen.includes(name)))
    expect(sizes).toContain(0)
    expect(sizes.filter((size) => size < 10).length).toBeGreaterThan(1)
  })
})

describe('the binding', () => {
  it('reads every form, with metadata, alone and many at once', async () => {
    const { here } = setUp()
    await here.put('json', '{"n":1}', { metadata: { m: 1 } })
    await here.put('stream', new Blob(['streamed']).stream())
    await here.put('bytes', new Uint8Array([0, 255]).buffer)
    expect(await here.get('json', 'json')).toEqual({ n: 1 })
    expect(await here.getWithMetadata('json')).toEqual({
      value: '{"n":1}',
      metadata: { m: 1 },
      cacheStatus: null,
    })
    expect(await here.getWithMetadata('none')).toEqual({ value: null, metadata: null, cacheStatus: null })
    expect(await here.get('stream', 'text')).toBe('streamed')
    expect(await new Response(await here.get('json', { type: 'stream' })).text()).toBe('{"n":1}')
    expect(new Uint8Array((await here.get('bytes', 'arrayBuffer')) ?? new ArrayBuffer(0))).toEqual(
      new Uint8Array([0, 255]),
    )
    expect(await here.get(['json', 'none'])).toEqual(
      new Map([
        ['json', '{"n":1}'],
        ['none', null],
      ]),
    )
    expect((await here.getWithMetadata(['json'], 'json')).get('json')).toMatchObject({ value: { n: 1 } })
  })

  it('deletes nothing when it is given an array, as the real one', async () => {
    const { here } = setUp()
    await here.put('a', 'value')
    await here.delete(['a', 'b'] as never)
    expect(await here.get('a')).toBe('value')
  })
})
