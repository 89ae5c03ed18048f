import { inspect } from 'node:util'
import {
  controlOf,
  type KeyValue,
  type OpenContext,
  type OpenedProvider,
  type ResourceName,
  silentLogger,
} from '@flowport/capabilities'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, expectTypeOf, it, onTestFinished } from 'vitest'
import { cloudflareKv } from './preset.ts'
import type * as Entry from './preset.ts'
import { onPlatform } from '../../test/support/on-platform.ts'
import { cloudflareKvTwin } from '../cloudflare/twins/cloudflare-kv.ts'
import { startFakeCloudflareApi } from '../../test/support/fake-cloudflare-api.ts'

const { cloudflareKv: workersKv } = await onPlatform<typeof Entry>('cloudflare-kv', 'workerd')
const { cloudflareKv: unsupportedKv } = await onPlatform<typeof Entry>('cloudflare-kv', 'browser')

function contextWith(context: Partial<OpenContext>): OpenContext {
  return { env: {}, log: silentLogger, clock: new ManualClock(), bindings: {}, ...context }
}

function kvOf({ resources }: OpenedProvider, name: ResourceName = 'kv'): KeyValue {
  return resources.get(name) as unknown as KeyValue
}

describe('preset cloudflare-kv on Node', () => {
  it('opens the namespace of the environment over the API', async () => {
    const api = await startFakeCloudflareApi()
    onTestFinished(() => api.close())
    const env = {
      CLOUDFLARE_ACCOUNT_ID: api.accountId,
      CLOUDFLARE_KV_NAMESPACE_ID: api.namespaceId,
      CLOUDFLARE_API_TOKEN: api.apiToken,
    }
    const provider = cloudflareKv({ baseUrl: api.baseUrl })
    const opened = await provider.open(contextWith({ env }))
    await kvOf(opened).put('key', 'value')
    expect(await kvOf(opened).get('key')).toBe('value')
    expect(kvOf(opened).info).toEqual(provider.provides.kv)
    expect(controlOf('kv', kvOf(opened)).layers).toEqual(['logging', 'retry', 'timeout'])
    expect(provider.bindings).toEqual([])
    expect(inspect([provider, opened], { depth: 10 })).not.toContain(api.apiToken)
    await opened.close()
  })

  it('prefers its options to the environment', async () => {
    const api = await startFakeCloudflareApi()
    onTestFinished(() => api.close())
    const { accountId, namespaceId, apiToken, baseUrl } = api
    const env = {
      CLOUDFLARE_ACCOUNT_ID: 'other',
      CLOUDFLARE_KV_NAMESPACE_ID: 'other',
      CLOUDFLARE_API_TOKEN: 'other',
    }
    const provider = cloudflareKv({
      accountId,
      namespaceId,
      apiToken,
      baseUrl,
      as: 'sessions',
      defaultTtlSeconds: 60,
    })
    const kv = kvOf(await provider.open(contextWith({ env })), 'kv:sessions')
    await kv.put('key', 'value')
    expect((await kv.getWithMetadata('key'))?.expiresAt).toBeInstanceOf(Date)
    expect(JSON.stringify(provider)).not.toContain(apiToken)
  })

  it('is Misconfigured, naming all that is missing at once', async () => {
    await expect(cloudflareKv().open(contextWith({}))).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(
        /CLOUDFLARE_ACCOUNT_ID.*CLOUDFLARE_KV_NAMESPACE_ID.*CLOUDFLARE_API_TOKEN/,
      ),
    })
    const env = { CLOUDFLARE_ACCOUNT_ID: 'a', CLOUDFLARE_API_TOKEN: 'secret' }
    await expect(cloudflareKv().open(contextWith({ env }))).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.not.stringMatching(/ACCOUNT|TOKEN|secret/),
    })
  })
})

describe('preset cloudflare-kv on Workers', () => {
  it('opens the binding it is told, and reads no variables', async () => {
    const clock = new ManualClock()
    const twin = cloudflareKvTwin({ clock })
    const provider = workersKv({ binding: 'SESSIONS' })
    const [need] = provider.bindings
    expect(need).toMatchObject({ name: 'SESSIONS', what: expect.stringContaining('kv_namespaces') })
    expect(need?.fits(twin.location('here'))).toBe(true)
    for (const other of [undefined, null, 'text', {}, new Map()]) expect(need?.fits(other)).toBe(false)
    expect(provider.env.properties).toEqual({})
    const bindings = { SESSIONS: twin.location('here') }
    const kv = kvOf(await provider.open(contextWith({ clock, bindings })))
    await kv.put('key', 'value')
    expect(await twin.location('here').get('key')).toBe('value')
    expect(kv.info).toEqual(provider.provides.kv)
  })

  it('is Misconfigured, naming the binding, without one', async () => {
    await expect(workersKv().open(contextWith({ bindings: { KV: {} } }))).rejects.toMatchObject({
      kind: 'Misconfigured',
      message: expect.stringMatching(/"KV".*kv_namespaces/),
    })
  })

  it('waits a second to write a key again, as the platform asks', async () => {
    const clock = new ManualClock()
    const twin = cloudflareKvTwin({ clock })
    const opened = await workersKv().open(contextWith({ clock, bindings: { KV: twin.location('here') } }))
    const kv = kvOf(opened)
    await kv.put('key', '1')
    const second = kv.put('key', '2')
    await expect.poll(() => clock.sleeping).toBeGreaterThan(0)
    await clock.advance(1_200)
    await second
  })
})

describe('what cloudflare-kv provides', () => {
  it('is kv with literal guarantees, and never dedupe', () => {
    type Provided = ReturnType<typeof cloudflareKv>['provides']
    expectTypeOf<keyof Provided>().toEqualTypeOf<'kv'>()
    expectTypeOf<Provided['kv']['consistency']>().toEqualTypeOf<'eventual'>()
    expectTypeOf<Provided['kv']['durability']>().toEqualTypeOf<'durable'>()
    expectTypeOf<Provided['kv']['ttl']>().toEqualTypeOf<'per_write'>()
    expectTypeOf<Provided['kv']['features']['conditional']>().toEqualTypeOf<false>()
    // @ts-expect-error -- there is no dedupe to choose
    const provider = cloudflareKv({ only: ['dedupe'] })
    expect(provider.provides).toEqual({})
    expect(Object.keys(cloudflareKv().provides)).toEqual(['kv'])
  })

  it('is stated alike on every runtime, but for how bulk calls go', () => {
    const [node, workers, stub] = [cloudflareKv(), workersKv(), unsupportedKv()]
    expect(stub.provides).toEqual(workers.provides)
    expect(stub.hints).toEqual(workers.hints)
    const { features, limits, extensions, ...rest } = workers.provides.kv
    expect(node.provides.kv).toMatchObject(rest)
    expect(node.provides.kv.features).toEqual({ ...features, bulk: true })
    expect(node.provides.kv.limits).toEqual({ ...limits, maxBulkKeys: 10_000 })
    expect(limits).toEqual({
      maxKeyBytes: 512,
      maxValueBytes: 26_214_400,
      maxMetadataBytes: 1024,
      minTtlSeconds: 60,
      maxListKeys: 1000,
      maxBulkKeys: 100,
      writesPerSecondPerKey: 1,
    })
    expect(extensions).toMatchObject({
      'com.cloudflare.kv.operationsPerInvocation': 1000,
      'com.cloudflare.kv.minCacheTtlSeconds': 30,
    })
  })
})

describe('preset cloudflare-kv elsewhere', () => {
  it('fails to open with advice', async () => {
    await expect(unsupportedKv().open(contextWith({}))).rejects.toMatchObject({
      kind: 'Misconfigured',
      code: 'PRESET_UNSUPPORTED',
      message: expect.stringMatching(/"cloudflare-kv".*binding.*"memory"/),
    })
  })
})
