import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Operator } from 'opendal'
import { describe, expect, it, vi } from 'vitest'
import { createKeyValue, silentLogger } from '@flowport/capabilities'
import { ManualClock, refused } from '@flowport/capabilities/testing'
import { operatorFactory } from './factory.node.ts'
import { opendalKvDriver, type OpenDalKvOptions } from './kv-driver.ts'
import { tempDirectories } from '../../test/support/opendal-temp-directory.ts'

const directory = tempDirectories()

function inMemory(options: Partial<OpenDalKvOptions> = {}, operator = new Operator('memory', {})) {
  const clock = new ManualClock()
  const driver = opendalKvDriver(operator, {
    scheme: 'memory',
    ttl: 'per_write',
    log: silentLogger,
    clock,
    ...options,
  })
  return { clock, driver, operator, kv: createKeyValue(driver, { clock }) }
}

async function paths(operator: Operator): Promise<number> {
  return (await operator.list('', { recursive: true })).length
}

describe('sweep', () => {
  it('removes what expired more than a minute ago, and nothing else', async () => {
    const { clock, driver, operator, kv } = inMemory({ sweepEverySeconds: 0 })
    await kv.put('ends', 'value', { ttlSeconds: 10 })
    await kv.put('later', 'value', { ttlSeconds: 1000 })
    await kv.put('stays', 'value')
    await clock.advance(10_000)
    expect(await kv.get('ends')).toBeNull()
    expect(await driver.sweep()).toEqual({ examined: 3, removed: 0, complete: true })
    await clock.advance(60_000)
    expect(await driver.sweep()).toEqual({ examined: 3, removed: 1, complete: true })
    expect(await paths(operator)).toBe(2)
    expect([await kv.get('later'), await kv.get('stays')]).toEqual(['value', 'value'])
  })

  it('looks at no more than it may, and goes on where it ended', async () => {
    const { clock, driver, operator, kv } = inMemory({ sweepEverySeconds: 0 })
    for (let i = 0; i < 10; i++) await kv.put(`k${i}`, 'value', { ttlSeconds: 1 })
    await clock.advance(61_000)
    expect(await driver.sweep({ maxKeys: 4 })).toEqual({ examined: 4, removed: 4, complete: false })
    expect(await paths(operator)).toBe(6)
    expect(await driver.sweep({ maxKeys: 4 })).toEqual({ examined: 4, removed: 4, complete: false })
    expect(await driver.sweep({ maxKeys: 4 })).toEqual({ examined: 2, removed: 2, complete: true })
    for (const maxKeys of [0, 1.5, 1e9])
      await expect(driver.sweep({ maxKeys })).rejects.toMatchObject({ kind: 'Misconfigured' })
  })

  it('begins by itself with a put, every five minutes, and is waited for by close', async () => {
    const { clock, driver, operator, kv } = inMemory()
    await kv.put('ends', 'value', { ttlSeconds: 1 })
    await clock.advance(299_000)
    await kv.put('other', 'value')
    await driver.close?.()
    expect(await paths(operator)).toBe(2)
    await clock.advance(1000)
    await kv.put('other', 'value')
    await driver.close?.()
    expect(await paths(operator)).toBe(1)
  })

  it('never takes an entry that is being written again', async () => {
    const { clock, driver, kv } = inMemory({ sweepEverySeconds: 0 })
    for (let round = 0; round < 30; round++) {
      await kv.put('key', 'old', { ttlSeconds: 1 })
      await clock.advance(61_000)
      await Promise.all([driver.sweep(), kv.put('key', `new ${round}`), driver.sweep()])
      expect(await kv.get('key')).toBe(`new ${round}`)
    }
  })

  it('tells the log when it fails beside a put', async () => {
    const warn = vi.fn()
    const { clock, driver, operator, kv } = inMemory({ log: { warn } })
    operator.list = () => Promise.reject(new Error('PermissionDenied (permanent) at list => no'))
    await clock.advance(300_000)
    await kv.put('key', 'value')
    await driver.close?.()
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      { scheme: 'memory', error: expect.stringMatching(/kv\.list|kv\.sweep/) },
      'expired entries could not be removed',
    )
  })
})

describe('time to live', () => {
  it('of the namespace ends every entry after as long, and one per write is refused', async () => {
    const { clock, driver, kv } = inMemory({ ttl: { namespaceDefault: 60 } })
    expect(kv.info).toMatchObject({
      ttl: 'namespace_default',
      extensions: { 'org.apache.opendal.namespaceTtlSeconds': 60 },
    })
    await kv.put('key', 'value')
    await clock.advance(59_999)
    expect(await kv.get('key')).toBe('value')
    await clock.advance(1)
    expect(await kv.get('key')).toBeNull()
    expect((await kv.list()).keys).toEqual([])
    const late = driver.put('key', 'x', { expiresAt: clock.now() + 1000 }) as Promise<unknown>
    await refused(late, 'Unsupported')
  })

  it('is refused by a store without listings, also by the bare driver', async () => {
    const { clock, driver } = inMemory({ ttl: 'none' })
    await refused(
      driver.put('key', 'x', { expiresAt: clock.now() + 1000 }) as Promise<unknown>,
      'Unsupported',
    )
    expect(await driver.get('key', {})).toBeNull()
  })

  it('must be a positive number of seconds', () => {
    for (const namespaceDefault of [0, -1, Number.NaN, Infinity]) {
      expect(() => inMemory({ ttl: { namespaceDefault } })).toThrow(
        expect.objectContaining({ kind: 'Misconfigured' }),
      )
    }
  })
})

describe('the driver, bare', () => {
  it('refuses conditions, and a store or a folder it cannot use', async () => {
    const { driver } = inMemory()
    await refused(driver.put('key', 'x', { ifAbsent: true }) as Promise<unknown>, 'Unsupported')
    await refused(driver.put('key', 'x', { ifVersion: '1' }) as Promise<unknown>, 'Unsupported')
    for (const folder of ['kv', '/kv/', '../kv/', 'a//b/', '/']) {
      expect(() => inMemory({ folder }), folder).toThrow(expect.objectContaining({ kind: 'Misconfigured' }))
    }
    const readOnly = new Operator('http', { endpoint: 'http://127.0.0.1:1' })
    expect(() => inMemory({ scheme: 'http' }, readOnly)).toThrow(/"http" cannot be written to/)
  })

  it('takes what others wrote for Corrupt', async () => {
    const root = directory()
    const operator = await operatorFactory({ scheme: 'fs', config: { root } }).build()
    const { kv } = inMemory({ scheme: 'fs', folder: 'kv/' }, operator)
    mkdirSync(join(root, 'kv'))
    for (const [name, text] of [
      ['foreign', 'text'],
      ['other', 'FPO1\0\0\0\u000f{"kind":"blob"}'],
    ] as const) {
      writeFileSync(join(root, 'kv', name), text)
      expect((await refused(kv.get(name), 'Corrupt')).key).toBe(name)
    }
  })

  it("gives bytes that are the reader's own", async () => {
    const { kv } = inMemory()
    await kv.put('key', Uint8Array.of(1, 2, 3))
    ;(await kv.get('key', { as: 'bytes' }))?.fill(9)
    expect(await kv.get('key', { as: 'bytes' })).toEqual(Uint8Array.of(1, 2, 3))
  })
})
