import { describe, expect, it } from 'vitest'
import { memoryCacheDriver } from '../memory/cache.ts'
import { control } from '../resource/resource.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { createCache } from './cache.ts'

function setUp(maxEntries?: number) {
  const clock = new ManualClock()
  const driver = memoryCacheDriver({ clock, ...(maxEntries === undefined ? {} : { maxEntries }) })
  return { clock, driver, cache: createCache(driver) }
}

describe('createCache over memory', () => {
  it('gives back what was set, as a copy', async () => {
    const { cache } = setUp()
    const value = { list: [1], text: 'é', none: null }
    await cache.set('k', value, { ttlMs: 1000 })
    value.list.push(2)
    const found = (await cache.get('k')) as typeof value
    expect(found).toEqual({ list: [1], text: 'é', none: null })
    found.list.push(3)
    expect(await cache.get('k')).toEqual({ list: [1], text: 'é', none: null })
  })

  it('tells null, which was set, from nothing', async () => {
    const { cache } = setUp()
    await cache.set('k', null, { ttlMs: 1000 })
    expect(await cache.get('k')).toBeNull()
    expect(await cache.get('other')).toBeUndefined()
  })

  it('serves a value for its time to live, from the first moment of the clock on', async () => {
    const { cache, clock } = setUp()
    await cache.set('k', 1, { ttlMs: 1000 })
    await clock.advance(999)
    expect(await cache.get('k')).toBe(1)
    await clock.advance(2)
    expect(await cache.get('k')).toBeUndefined()
  })

  it('does not prolong a value by reading it, and does by setting it', async () => {
    const { cache, clock } = setUp()
    await cache.set('read', 1, { ttlMs: 1000 })
    await cache.set('set', 1, { ttlMs: 1000 })
    await clock.advance(600)
    await cache.get('read')
    await cache.set('set', 2, { ttlMs: 1000 })
    await clock.advance(600)
    expect(await cache.get('read')).toBeUndefined()
    expect(await cache.get('set')).toBe(2)
  })

  it('lets go of what was used longest ago', async () => {
    const { cache } = setUp(2)
    await cache.set('a', 1, { ttlMs: 1000 })
    await cache.set('b', 2, { ttlMs: 1000 })
    await cache.get('a')
    await cache.set('c', 3, { ttlMs: 1000 })
    expect([await cache.get('a'), await cache.get('b'), await cache.get('c')]).toEqual([1, undefined, 3])
    expect(cache.info.limits.maxEntries).toBe(2)
  })

  it('deletes, also what is absent', async () => {
    const { cache } = setUp()
    await cache.set('k', 1, { ttlMs: 1000 })
    await cache.delete('k')
    await cache.delete('k')
    expect(await cache.get('k')).toBeUndefined()
  })

  it('refuses bad keys, times and values', async () => {
    const { cache } = setUp()
    await expect(cache.get('')).rejects.toMatchObject({ kind: 'InvalidInput', operation: 'get' })
    await expect(cache.set('k'.repeat(1025), 1, { ttlMs: 1 })).rejects.toMatchObject({
      kind: 'LimitExceeded',
    })
    for (const ttlMs of [0, -1, Number.NaN, Infinity]) {
      await expect(cache.set('k', 1, { ttlMs })).rejects.toMatchObject({ kind: 'InvalidInput' })
    }
    await expect(cache.set('k', undefined, { ttlMs: 1 })).rejects.toMatchObject({ kind: 'InvalidInput' })
    await expect(cache.get('k', { signal: AbortSignal.abort() })).rejects.toMatchObject({ kind: 'Cancelled' })
  })

  it('tells a stored value that is no JSON', async () => {
    const { cache, driver } = setUp()
    await driver.set('k', '{broken', 1000, {})
    await expect(cache.get('k')).rejects.toMatchObject({ kind: 'Corrupt' })
  })

  it('gives readers a view without writing methods, with the scope of the run', async () => {
    const { cache } = setUp()
    expect(cache[control].view('read', undefined)).not.toHaveProperty('set')
    const view = cache[control].view('write', { signal: AbortSignal.abort() }) as typeof cache
    await expect(view.set('k', 1, { ttlMs: 1 })).rejects.toMatchObject({ kind: 'Cancelled' })
  })
})
