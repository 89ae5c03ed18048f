import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Layer } from '../layer.ts'
import { memoryKvDriver } from '../memory/kv.ts'
import { control } from '../resource/resource.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { never, sampleBytes, sampleStream } from '../testing/samples.ts'
import type { KvDriver } from './driver.ts'
import { createKeyValue } from './key-value.ts'

/** The memory driver, but for some methods. */
function driverWith(over: (honest: KvDriver) => Partial<KvDriver>): KvDriver {
  const honest = memoryKvDriver()
  return {
    info: honest.info,
    get: (key, call) => honest.get(key, call),
    put: (key, value, put) => honest.put(key, value, put),
    delete: (key, call) => honest.delete(key, call),
    ...over(honest),
  }
}

describe('get', () => {
  it('rejects, and never throws, for a bad key, a driver that throws and one that rejects', async () => {
    const throwing = createKeyValue(driverWith(() => ({ get: () => fail('thrown') })))
    const rejecting = createKeyValue(driverWith(() => ({ get: async () => fail('rejected') })))
    await expect(throwing.get('')).rejects.toMatchObject({ kind: 'InvalidInput', operation: 'get' })
    await expect(throwing.get('key')).rejects.toMatchObject({
      kind: 'Unexpected',
      cause: { message: 'thrown' },
    })
    await expect(rejecting.get('key')).rejects.toMatchObject({
      kind: 'Unexpected',
      cause: { message: 'rejected' },
    })
  })

  it('converts the answers of drivers that answer at once and of those that answer later', async () => {
    const later = driverWith((honest) => ({ get: async (key, call) => honest.get(key, call) }))
    for (const kv of [createKeyValue(memoryKvDriver()), createKeyValue(later)]) {
      await kv.put('key', '{"n":1}')
      expect(await kv.get('key')).toBe('{"n":1}')
      expect(await kv.get('key', { as: 'json' })).toEqual({ n: 1 })
      expect(await kv.getWithMetadata('key', { as: 'json' })).toMatchObject({
        value: { n: 1 },
        metadata: null,
      })
      expect(await kv.get('absent', { as: 'json' })).toBeNull()
    }
  })

  it('has the type of its format', () => {
    const kv = createKeyValue(memoryKvDriver())
    expectTypeOf(kv.get('key')).resolves.toEqualTypeOf<string | null>()
    expectTypeOf(kv.get('key', { as: 'bytes' })).resolves.toEqualTypeOf<Uint8Array<ArrayBuffer> | null>()
    expectTypeOf(kv.get('key', { as: 'json' })).resolves.toEqualTypeOf<unknown>()
  })

  it('hands cacheTtlSeconds to the driver', async () => {
    const seen: unknown[] = []
    const driver = driverWith(() => ({
      get: (_key, { cacheTtlSeconds }) => {
        seen.push(cacheTtlSeconds)
        return null
      },
    }))
    await createKeyValue(driver).get('key', { cacheTtlSeconds: 60 })
    expect(seen).toEqual([60])
  })

  it('tells the driver whether metadata and expiry are of use', async () => {
    const seen: unknown[] = []
    const driver = driverWith(() => ({
      get: (_key, { withMetadata }) => {
        seen.push(withMetadata)
        return null
      },
    }))
    const kv = createKeyValue(driver)
    await kv.get('key')
    await kv.getWithMetadata('key')
    expect(seen).toEqual([false, true])
  })
})

describe('getMany', () => {
  it('tells the driver the form the values are read in, and the cache time', async () => {
    const seen: unknown[] = []
    const kv = createKeyValue(
      driverWith(() => ({
        getMany: (_keys, { form, cacheTtlSeconds }) => {
          seen.push([form, cacheTtlSeconds])
          return new Map()
        },
      })),
    )
    await kv.getMany(['key'])
    for (const as of ['text', 'json', 'bytes', 'stream'] as const) {
      await kv.getMany(['key'], { as, cacheTtlSeconds: 60 })
    }
    expect(seen).toEqual([
      ['text', undefined],
      ['text', 60],
      ['text', 60],
      ['bytes', 60],
      ['bytes', 60],
    ])
  })

  it('asks in chunks of maxBulkKeys, or key by key where the driver has no bulk', async () => {
    const asked: (readonly string[])[] = []
    const bulk = driverWith((honest) => ({
      info: { ...honest.info, limits: { ...honest.info.limits, maxBulkKeys: 2 } },
      getMany: (keys) => {
        asked.push(keys)
        return new Map()
      },
    }))
    await createKeyValue(bulk).getMany(['a', 'b', 'a', 'c'])
    expect(asked).toEqual([['a', 'b'], ['c']])
    const single = createKeyValue(driverWith(() => ({})))
    await single.put('a', '1')
    expect([...(await single.getMany(['a', 'b']))]).toEqual([
      ['a', '1'],
      ['b', null],
    ])
  })
})

describe('put', () => {
  it('counts the time to live from its own clock', async () => {
    const ends: unknown[] = []
    const driver = driverWith(() => ({
      put: (_key, _value, { expiresAt }) => {
        ends.push(expiresAt)
        return undefined
      },
    }))
    await createKeyValue(driver, { clock: new ManualClock(5000) }).put('key', 'value', { ttlSeconds: 2 })
    expect(ends).toEqual([7000])
  })

  it('is an operation of its own under a condition, which layers must not repeat', async () => {
    const seen: [string, boolean][] = []
    const watching: Layer = {
      name: 'watching',
      around: (call, next) => {
        seen.push([call.operation, call.replayable])
        return next(call)
      },
    }
    const kv = createKeyValue(memoryKvDriver(), { layers: [watching] })
    const { version } = await kv.put('key', 'value')
    await kv.put('key', 'value', { ifVersion: version ?? '' })
    await kv.put('other', 'value', { ifAbsent: true })
    expect(seen).toEqual([
      ['put', true],
      ['putConditional', false],
      ['putConditional', false],
    ])
  })

  it('lets go of a stream it refuses, unread', async () => {
    const kv = createKeyValue(memoryKvDriver())
    for (const options of [{ ttlSeconds: -1 }, { metadata: 1n }, { signal: AbortSignal.abort() }]) {
      const source = sampleStream(sampleBytes(10))
      await expect(kv.put('key', source.stream, options)).rejects.toThrow()
      expect([source.cancelled(), source.pulled(), source.stream.locked]).toEqual([true, 0, false])
    }
  })

  it('refuses a locked stream and ends a hanging one with its signal', async () => {
    const kv = createKeyValue(memoryKvDriver())
    const locked = sampleStream(sampleBytes(10)).stream
    locked.getReader()
    await expect(kv.put('key', locked)).rejects.toMatchObject({ kind: 'InvalidInput', key: 'key' })
    const controller = new AbortController()
    const hanging = sampleStream(sampleBytes(10), { onPull: never })
    const writing = kv.put('key', hanging.stream, { signal: controller.signal })
    controller.abort()
    await expect(writing).rejects.toMatchObject({ kind: 'Cancelled', operation: 'put', key: 'key' })
    expect(hanging.cancelled()).toBe(true)
  })
})

describe('the resource', () => {
  it('tells domain, provider, info and layers, and asks the driver whether it can serve', async () => {
    const asked: string[] = []
    const driver = driverWith(() => ({
      check: async () => void asked.push('check'),
      close: async () => void asked.push('close'),
    }))
    const kv = createKeyValue(driver, { name: 'kv:sessions' })
    expect(kv[control]).toMatchObject({ domain: 'kv', provider: 'memory', layers: [], info: kv.info })
    await kv[control].check()
    await kv[control].close()
    expect(asked).toEqual(['check', 'close'])
    await expect(kv.get('')).rejects.toMatchObject({ capability: 'kv:sessions' })
  })
})

function fail(message: string): never {
  throw new Error(message)
}
