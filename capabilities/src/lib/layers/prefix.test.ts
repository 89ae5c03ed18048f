import { describe, expect, it } from 'vitest'
import { createBlobStore } from '../blob/blob-store.ts'
import { createCache } from '../cache/cache.ts'
import { createDedupeStore } from '../dedupe/dedupe-store.ts'
import { CapabilityError } from '../error.ts'
import { createKeyValue } from '../kv/key-value.ts'
import { memoryBlobDriver } from '../memory/blob.ts'
import { memoryCacheDriver } from '../memory/cache.ts'
import { memoryDedupeDriver } from '../memory/dedupe.ts'
import { memoryKvDriver } from '../memory/kv.ts'
import { blobConformance } from '../testing/blob-conformance.ts'
import { kvConformance } from '../testing/kv-conformance.ts'
import { prefix } from './prefix.ts'

kvConformance('kv under a prefix, in a store that holds more', {
  clock: 'manual',
  open: async ({ clock }) => {
    const driver = memoryKvDriver({ clock })
    for (const key of ['a', 'tenant-1', 'tenant-10/x', 'tenant-2/a', '\u{10ffff}'])
      await createKeyValue(driver).put(key, 'other')
    return { kv: createKeyValue(driver, { layers: [prefix('tenant-1/')], clock }) }
  },
})

blobConformance('blobs under a prefix, in a store that holds more', {
  clock: 'manual',
  open: async ({ clock }) => {
    const driver = memoryBlobDriver({ clock })
    for (const key of ['a', 'tenant-1', 'tenant-10/x', 'tenant-2/a'])
      await createBlobStore(driver).put(key, 'other')
    return { blob: createBlobStore(driver, { layers: [prefix('tenant-1/')] }) }
  },
})

describe('prefix', () => {
  it('keeps tenants apart', async () => {
    const driver = memoryKvDriver()
    const [one, two] = ['tenant-1/', 'tenant-2/'].map((text) =>
      createKeyValue(driver, { layers: [prefix(text)] }),
    )
    await one?.put('k', '1')
    await two?.put('k', '2')
    expect([await one?.get('k'), await two?.get('k')]).toEqual(['1', '2'])
    expect((await one?.list())?.keys.map(({ key }) => key)).toEqual(['k'])
    expect((await createKeyValue(driver).list()).keys.map(({ key }) => key)).toEqual([
      'tenant-1/k',
      'tenant-2/k',
    ])
  })

  it('cannot be left: neither by keys nor by prefixes nor by a cursor of another tenant', async () => {
    const kvDriver = memoryKvDriver()
    const kv = createKeyValue(kvDriver, { layers: [prefix('a/')] })
    const other = createKeyValue(kvDriver, { layers: [prefix('b/')] })
    await Promise.all([1, 2, 3].map((n) => other.put(`secret${n}`, 'x')))
    await kv.put('mine', 'y')
    for (const key of ['../b/secret1', '/../b/secret1', 'b/secret1', './secret1'])
      expect(await kv.get(key)).toBeNull()
    const { cursor } = await other.list({ limit: 1 })
    for (const options of [{ prefix: '../b/' }, { prefix: 'b/' }, { cursor: cursor ?? '' }]) {
      expect((await kv.list(options)).keys).toEqual([])
    }
    const blobs = createBlobStore(memoryBlobDriver(), { layers: [prefix('a/')] })
    for (const key of ['../b/x', 'x/../../b/x', '/x']) {
      await expect(blobs.get(key)).rejects.toMatchObject({ kind: 'InvalidInput' })
    }
    expect(await blobs.list({ prefix: '../b/' })).toMatchObject({ objects: [] })
  })

  it('shrinks the key limit by its UTF-8 bytes and leaves the rest of info alone', async () => {
    const driver = memoryKvDriver()
    const kv = createKeyValue(driver, { layers: [prefix('é/')] })
    expect(kv.info).toEqual({ ...driver.info, limits: { ...driver.info.limits, maxKeyBytes: 1021 } })
    await kv.put('k'.repeat(1021), 'v')
    await expect(kv.put('k'.repeat(1022), 'v')).rejects.toMatchObject({ kind: 'LimitExceeded' })
    expect(() =>
      createKeyValue(memoryKvDriver({ limits: { maxKeyBytes: 3 } }), { layers: [prefix('é/')] }),
    ).toThrow(expect.objectContaining({ kind: 'Misconfigured' }))
  })

  it('does not show in errors: not in key, message, details or JSON', async () => {
    const failing = {
      ...memoryKvDriver(),
      info: memoryKvDriver().info,
      get: (key: string) => {
        throw new CapabilityError('Unavailable', `cannot open "${key}" at host`, {
          key,
          details: { path: key, tries: 2 },
        })
      },
      put: (key: string) =>
        Promise.reject(
          new CapabilityError('Unavailable', `cannot write ${key}`, {
            capability: 'kv',
            operation: 'put',
            key,
          }),
        ),
      delete: () => undefined,
    }
    const kv = createKeyValue(failing, { layers: [prefix('tenant-1/')] })
    const read = (await kv.get('k').catch((error: unknown) => error)) as CapabilityError
    expect(read.toJSON()).toMatchObject({
      key: 'k',
      details: { path: 'k', tries: 2 },
      message: 'kv.get "k": cannot open "k" at host',
    })
    const write = (await kv.put('k', 'v').catch((error: unknown) => error)) as CapabilityError
    expect(write.message).toBe('kv.put "k": cannot write k')
    expect(JSON.stringify([read, write])).not.toContain('tenant-1')
  })

  it('refuses a driver that answers with a key nobody asked for', async () => {
    const driver = memoryKvDriver()
    const kv = createKeyValue(
      {
        info: driver.info,
        get: () => null,
        put: () => '1',
        delete: () => undefined,
        list: () => ({ keys: [{ key: 'b/secret' }] }),
      },
      { layers: [prefix('a/')] },
    )
    const error = (await kv.list().catch((thrown: unknown) => thrown)) as CapabilityError
    expect(error.kind).toBe('Unexpected')
    expect(JSON.stringify(error)).not.toContain('secret')
  })

  it('nests: the first listed is outermost', async () => {
    const driver = memoryKvDriver()
    const kv = createKeyValue(driver, { layers: [prefix('inner/'), prefix('outer:')] })
    await kv.put('k', 'v')
    expect((await createKeyValue(driver).list()).keys.map(({ key }) => key)).toEqual(['outer:inner/k'])
    expect((await kv.list()).keys.map(({ key }) => key)).toEqual(['k'])
  })

  it('applies to dedupe stores and caches as well', async () => {
    const dedupeDriver = memoryDedupeDriver()
    const one = createDedupeStore(dedupeDriver, { layers: [prefix('a/')] })
    const two = createDedupeStore(dedupeDriver, { layers: [prefix('b/')] })
    expect([await one.putIfAbsent('k', 1000), await two.putIfAbsent('k', 1000)]).toEqual([true, true])
    expect(await one.putIfAbsent('k', 1000)).toBe(false)

    const cacheDriver = memoryCacheDriver()
    const [first, second] = ['a/', 'b/'].map((text) => createCache(cacheDriver, { layers: [prefix(text)] }))
    await first?.set('k', 1, { ttlMs: 1000 })
    expect([await first?.get('k'), await second?.get('k')]).toEqual([1, undefined])
    await second?.delete('k')
    expect(await first?.get('k')).toBe(1)
    await first?.delete('k')
    expect(await first?.get('k')).toBeUndefined()
  })

  it('refuses texts that are no prefix, or that could be the start of another', () => {
    for (const text of [
      '',
      '/',
      ':',
      'tenant',
      'a//',
      '/a/',
      '../',
      'a/../',
      './',
      'a\\/',
      'a\0/',
      '\ud800/',
    ]) {
      expect(() => prefix(text), JSON.stringify(text)).toThrow(
        expect.objectContaining({ kind: 'Misconfigured' }),
      )
    }
    for (const text of ['a/', 'a/b/', 'a:', 'a/b:', 'tenant 1/', 'é/'])
      expect(prefix(text).name).toBe('prefix')
  })
})
