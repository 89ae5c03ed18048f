/** Workers KV in workerd: the conformance suite over the binding, bare and layered, and what only a binding can show. */
import { env } from 'cloudflare:workers'
import { type KeyValue, type OpenContext, prefix, silentLogger } from '@flowport/capabilities'
import { kvConformance } from '@flowport/capabilities/testing'
import { systemClock } from '@flowport/capabilities/system'
import { cloudflareKv, type CloudflareKvOptions } from '@flowport/presets/cloudflare-kv'
import { cloudflareKvTwin, type KvNamespaceBinding } from '@flowport/presets/testing'
import { describe, expect, expectTypeOf, it } from 'vitest'

const context: OpenContext = { env: {}, bindings: env as never, log: silentLogger, clock: systemClock }

type Layers = NonNullable<Parameters<typeof cloudflareKv>[0]>['layers']

async function open(options: CloudflareKvOptions, layers?: Layers): Promise<KeyValue> {
  const { resources } = await cloudflareKv({ ...options, ...(layers && { layers }) }).open(context)
  return resources.get('kv') as unknown as KeyValue
}

/** The simulator keeps what it has for as long as this file runs. */
async function clear(): Promise<void> {
  let page = await env.KV.list()
  for (;;) {
    await Promise.all(page.keys.map(({ name }) => env.KV.delete(name)))
    if (page.list_complete) return
    page = await env.KV.list({ cursor: page.cursor })
  }
}

kvConformance('cloudflare-kv', {
  clock: 'real',
  features: { list: true, metadata: true, conditional: false, bulk: false },
  async open() {
    await clear()
    const bare = () => open({ readExpiry: true }, () => [])
    return { kv: await bare(), reopen: bare }
  },
})

let cases = 0

kvConformance('cloudflare-kv, layered, each case under a prefix', {
  clock: 'real',
  features: { list: true, metadata: true },
  async open() {
    const own = prefix(`case-${++cases}/`)
    const layered = () => open({}, (defaults) => [...defaults, own])
    return { kv: await layered(), reopen: layered }
  },
  skip: {
    'the end is told with the entry, and null where there is none':
      'without readExpiry the binding does not tell the end of what is read',
    'the end is listed with the key': 'it compares with the end of what is read, which needs readExpiry',
  },
})

describe('limits of the binding', () => {
  const bytes = (length: number) => new Uint8Array(length)
  const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000)
  /** What is just within each limit: refused by nobody. Then one past it: the error of the preset, and of the platform. */
  const limits: readonly [
    string,
    within: readonly ((kv: KeyValue) => Promise<unknown>)[],
    past: (kv: KeyValue) => Promise<unknown>,
    kind: string,
    raw: (namespace: KVNamespace) => Promise<unknown>,
    message: string | RegExp,
  ][] = [
    [
      'a key has 512 bytes',
      [(kv) => kv.put('k'.repeat(511), 'v'), (kv) => kv.put('k'.repeat(512), 'v')],
      (kv) => kv.put('k'.repeat(513), 'v'),
      'LimitExceeded',
      (namespace) => namespace.put('k'.repeat(513), 'v'),
      '414 UTF-8 encoded length of 513',
    ],
    [
      'a value has 25 MiB',
      [(kv) => kv.put('value', bytes(26_214_399)), (kv) => kv.put('value', bytes(26_214_400))],
      (kv) => kv.put('value', bytes(26_214_401)),
      'LimitExceeded',
      (namespace) => namespace.put('value', bytes(26_214_401)),
      '413 Value length of 26214401',
    ],
    [
      'metadata has 1024 bytes',
      [
        (kv) => kv.put('metadata', 'v', { metadata: 'm'.repeat(1021) }),
        (kv) => kv.put('metadata', 'v', { metadata: 'm'.repeat(1022) }),
      ],
      (kv) => kv.put('metadata', 'v', { metadata: 'm'.repeat(1023) }),
      'LimitExceeded',
      (namespace) => namespace.put('metadata', 'v', { metadata: 'm'.repeat(1023) }),
      '413 Metadata length of 1025',
    ],
    [
      'an entry lives 60 seconds',
      [(kv) => kv.put('ttl', 'v', { ttlSeconds: 61 }), (kv) => kv.put('ttl', 'v', { ttlSeconds: 60 })],
      (kv) => kv.put('ttl', 'v', { ttlSeconds: 59 }),
      'InvalidInput',
      (namespace) => namespace.put('ttl', 'v', { expirationTtl: 59 }),
      '400 Invalid expiration_ttl of 59',
    ],
    [
      'an entry ends in 60 seconds',
      [
        (kv) => kv.put('end', 'v', { expiresAt: inSeconds(61) }),
        (kv) => kv.put('end', 'v', { expiresAt: inSeconds(60.05) }),
      ],
      (kv) => kv.put('end', 'v', { expiresAt: inSeconds(59) }),
      'InvalidInput',
      (namespace) => namespace.put('end', 'v', { expiration: Math.floor(Date.now() / 1000) + 58 }),
      '400 Invalid expiration of',
    ],
    [
      'a location caches 30 seconds',
      [(kv) => kv.get('cached', { cacheTtlSeconds: 31 }), (kv) => kv.get('cached', { cacheTtlSeconds: 30 })],
      (kv) => kv.get('cached', { cacheTtlSeconds: 29 }),
      'InvalidInput',
      (namespace) => namespace.get('cached', { type: 'text', cacheTtl: 29 }),
      '400 Invalid cache_ttl of 29',
    ],
    [
      'a page has 1000 keys',
      [(kv) => kv.list({ limit: 999 }), (kv) => kv.list({ limit: 1000 })],
      (kv) => kv.list({ limit: 1001 }),
      'InvalidInput',
      (namespace) => namespace.list({ limit: 1001 }),
      '400 Invalid key_count_limit of 1001',
    ],
  ]
  for (const [what, within, past, kind, raw, message] of limits) {
    it(`${what}: at, one under, one over`, async () => {
      const kv = await open({})
      for (const call of within) await call(kv)
      const refusal = await past(kv).then(
        () => expect.fail('it was not refused'),
        (error: unknown) => error,
      )
      // Without a cause it was refused here, before the platform was asked.
      expect(refusal).toMatchObject({ kind })
      expect(refusal).not.toHaveProperty('cause')
      await expect(raw(env.KV)).rejects.toThrow(message)
    })
  }

  it('keys "." and ".." are refused by both', async () => {
    const kv = await open({})
    for (const key of ['.', '..']) {
      await expect(kv.put(key, 'v')).rejects.toMatchObject({ kind: 'InvalidInput' })
      await expect(env.KV.put(key, 'v')).rejects.toThrow('is not allowed as a key name')
    }
  })
})

describe('the preset on Workers', () => {
  it('is the variant over the binding', async () => {
    expect((await open({})).info.extensions).toMatchObject({ 'com.cloudflare.kv.access': 'binding' })
  })

  it('puts entries with the default time to live', async () => {
    const kv = await open({ defaultTtlSeconds: 3600 })
    await kv.put('default-ttl', 'v')
    const { keys } = await env.KV.list({ prefix: 'default-ttl' })
    expect(Math.abs((keys[0]?.expiration ?? 0) - (Date.now() / 1000 + 3600))).toBeLessThan(5)
    expect((await kv.list({ prefix: 'default-ttl' })).keys[0]?.expiresAt).toBeInstanceOf(Date)
  })

  it('reads what others wrote, and others read what it wrote', async () => {
    const kv = await open({})
    await env.KV.put('theirs', 'text', { metadata: { n: 1 } })
    expect(await kv.getWithMetadata('theirs')).toMatchObject({ value: 'text', metadata: { n: 1 } })
    await kv.put('ours', { json: { n: 2 } }, { metadata: [3] })
    expect(await env.KV.getWithMetadata('ours', 'json')).toMatchObject({ value: { n: 2 }, metadata: [3] })
  })

  it('fits the types of the platform, and so does the twin', () => {
    expectTypeOf<KVNamespace>().toExtend<KvNamespaceBinding>()
    expectTypeOf(cloudflareKvTwin().location('here')).toExtend<KvNamespaceBinding>()
    const binding: KVNamespace = cloudflareKvTwin().location('here')
    expect(typeof binding.get).toBe('function')
  })
})
