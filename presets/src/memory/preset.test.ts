import {
  type BlobStore,
  type Cache,
  type DedupeStore,
  type DurableState,
  type KeyValue,
  type Layer,
  type OpenContext,
  type OpenedProvider,
  type Provider,
  type Queue,
  type ResourceName,
  controlOf,
  silentLogger,
} from '@flowport/capabilities'
import {
  blobConformance,
  dedupeConformance,
  kvConformance,
  ManualClock,
  queueConformance,
  stateConformance,
} from '@flowport/capabilities/testing'
import { describe, expect, expectTypeOf, it, vi } from 'vitest'
import { memory } from './preset.ts'

function context(clock = new ManualClock()): OpenContext {
  return { env: {}, log: silentLogger, clock, bindings: {} }
}

function resource<T>({ resources }: Pick<OpenedProvider, 'resources'>, name: ResourceName): T {
  return resources.get(name) as unknown as T
}

const open = async <T>(clock: ManualClock, name: ResourceName) =>
  resource<T>(await memory().open(context(clock)), name)

kvConformance('preset memory: kv', {
  clock: 'manual',
  open: async ({ clock }) => ({ kv: await open<KeyValue>(clock, 'kv') }),
  features: { list: true, metadata: true, conditional: true, bulk: true },
})
blobConformance('preset memory: blob', {
  clock: 'manual',
  open: async ({ clock }) => ({ blob: await open<BlobStore>(clock, 'blob') }),
})
dedupeConformance('preset memory: dedupe', {
  clock: 'manual',
  open: async ({ clock }) => {
    const opened = await memory().open(context(clock))
    return {
      dedupe: resource<DedupeStore>(opened, 'dedupe'),
      beside: { kv: resource<KeyValue>(opened, 'kv'), queue: resource<Queue>(opened, 'queue') },
    }
  },
})
queueConformance('preset memory: queue', {
  clock: 'manual',
  open: async ({ clock }) => ({ queue: await open<Queue>(clock, 'queue') }),
})
stateConformance('preset memory: state', {
  clock: 'manual',
  open: async ({ clock }) => ({ state: await open<DurableState>(clock, 'state') }),
})

describe('preset memory', () => {
  it('states what its drivers state', async () => {
    const provider = memory()
    const opened = await provider.open(context())
    expect([...opened.resources.keys()]).toEqual(['kv', 'blob', 'dedupe', 'queue', 'state', 'cache'])
    for (const [name, stated] of Object.entries(provider.provides)) {
      const info = controlOf(name, resource<object>(opened, name as ResourceName)).info
      // Each opened provider is a database of its own.
      const own = 'transaction' in stated ? { transaction: expect.stringMatching(/^memory:\d+$/) } : {}
      expect(info).toEqual({ ...stated, ...own })
    }
    await opened.close()
  })

  it('provides only what is asked for', async () => {
    const provider = memory({ only: ['kv', 'cache'] })
    expect(Object.keys(provider.provides)).toEqual(['kv', 'cache'])
    const { resources } = await provider.open(context())
    expect([...resources.keys()]).toEqual(['kv', 'cache'])
    expect(provider.hints.map(({ name }) => name)).toEqual([
      'resource::kv::read',
      'resource::kv::write',
      'resource::cache::read',
      'resource::cache::write',
    ])
  })

  it('names its instances', async () => {
    const provider = memory({ only: ['kv', 'queue'], as: 'jobs' })
    expect(Object.keys(provider.provides)).toEqual(['kv:jobs', 'queue:jobs'])
    const opened = await provider.open(context())
    const kv = resource<KeyValue>(opened, 'kv:jobs')
    await expect(kv.get('')).rejects.toMatchObject({ capability: 'kv:jobs' })
    const queue = resource<Queue>(opened, 'queue:jobs')
    await queue.send({ job: 1 })
    expect(await queue.receive()).toMatchObject([{ body: { job: 1 } }])
  })

  it('logs failures, and lets the layers be changed', async () => {
    const warn = vi.fn()
    const extra: Layer = { name: 'extra' }
    const provider = memory({ maxBytes: 10, only: ['kv'], layers: (defaults) => [extra, ...defaults] })
    const opened = await provider.open({ ...context(), log: { ...silentLogger, warn } })
    const kv = resource<KeyValue>(opened, 'kv')
    expect(controlOf('kv', kv).layers).toEqual(['extra', 'logging'])
    await expect(kv.put('key', 'x'.repeat(100))).rejects.toMatchObject({ kind: 'LimitExceeded' })
    expect(warn).toHaveBeenCalledTimes(1)
  })

  it('takes bounds and a clock of its own', async () => {
    const clock = new ManualClock()
    const opened = await memory({ maxEntries: 1, maxAttempts: 1, clock }).open(context())
    const cache = resource<Cache>(opened, 'cache')
    await cache.set('a', 1, { ttlMs: 1000 })
    await cache.set('b', 2, { ttlMs: 1000 })
    expect([await cache.get('a'), await cache.get('b')]).toEqual([undefined, 2])
    await clock.advance(2000)
    expect(await cache.get('b')).toBeUndefined()
    const queue = resource<Queue>(opened, 'queue')
    await queue.send('x')
    for (const message of await queue.receive()) await queue.retry(message)
    expect(await queue.deadLetters()).toHaveLength(1)
  })

  it('calls the alarms of its objects', async () => {
    const clock = new ManualClock()
    const onAlarm = vi.fn()
    const opened = await memory({ only: ['state'], onAlarm }).open(context(clock))
    await resource<DurableState>(opened, 'state')
      .of('one')
      .alarm.set(new Date(clock.now() + 1000))
    await clock.advance(1000)
    expect(onAlarm.mock.calls).toEqual([['one']])
    await opened.close()
  })

  it('opens a store of its own each time', async () => {
    const provider = memory()
    const [one, two] = await Promise.all([provider.open(context()), provider.open(context())])
    await resource<KeyValue>(one, 'kv').put('k', 'v')
    expect(await resource<KeyValue>(two, 'kv').get('k')).toBeNull()
  })

  it('reads no variables and retries nothing by itself', () => {
    const { env, nativeRetry, preset } = memory()
    expect(Object.keys(env.properties)).toEqual([])
    expect({ nativeRetry, preset }).toEqual({ nativeRetry: false, preset: 'memory' })
  })

  it('states its guarantees as types, for the domains and under the names chosen', () => {
    type Provided<P> = P extends Provider<infer T> ? T : never
    const all = memory()
    expectTypeOf<keyof Provided<typeof all>>().toEqualTypeOf<
      'kv' | 'blob' | 'dedupe' | 'queue' | 'state' | 'cache'
    >()
    expectTypeOf<Provided<typeof all>['kv']['consistency']>().toEqualTypeOf<'strong'>()
    expectTypeOf<Provided<typeof all>['kv']['durability']>().toEqualTypeOf<'ephemeral'>()
    expectTypeOf<Provided<typeof all>['dedupe']['reservation']>().toEqualTypeOf<'atomic'>()
    expectTypeOf<Provided<typeof all>['queue']['delivery']>().toEqualTypeOf<'at_least_once'>()
    const some = memory({ only: ['kv', 'blob'], as: 'scratch', maxBytes: 100 })
    expectTypeOf<keyof Provided<typeof some>>().toEqualTypeOf<'kv:scratch' | 'blob:scratch'>()
    expectTypeOf<Provided<typeof some>['kv:scratch']['ttl']>().toEqualTypeOf<'per_write'>()
    // @ts-expect-error memory provides no http
    memory({ only: ['http'] })
    // @ts-expect-error bytes are a number
    memory({ maxBytes: '100' })
  })
})
