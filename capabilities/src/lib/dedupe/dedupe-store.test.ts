import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CapabilityError } from '../error.ts'
import { retry } from '../layers/retry.ts'
import { memoryDedupeDriver } from '../memory/dedupe.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { createDedupeStore } from './dedupe-store.ts'
import type { DedupeDriver } from './driver.ts'
import { encodeKey } from './key.ts'

const begin = { leaseMs: 1000, fingerprint: 'f' }

/** A store whose answers get lost on the way back, the first `times` times. */
function losingAnswers(clock: ManualClock, times: number): DedupeDriver {
  const driver = memoryDedupeDriver({ clock })
  let left = times
  const lose = <T>(answer: T): T => {
    if (left-- > 0) throw new CapabilityError('Unavailable', 'the answer was lost')
    return answer
  }
  return {
    info: driver.info,
    reserve: async (...args) => lose(await driver.reserve(...args)),
    begin: async (...args) => lose(await driver.begin(...args)),
    complete: async (...args) => lose(await driver.complete(...args)),
    release: async (...args) => lose(await driver.release(...args)),
    renew: async (...args) => lose(await driver.renew(...args)),
    forget: (...args) => driver.forget(...args),
  }
}

describe('createDedupeStore', () => {
  it('finds its own mark when a step is retried after its answer was lost', async () => {
    const clock = new ManualClock()
    const layers = [retry({ clock, rng: { float: () => 0 } })]
    const store = (times: number) => createDedupeStore(losingAnswers(clock, times), { layers })
    const settle = async <T>(call: Promise<T>) => {
      await clock.advance(1)
      return call
    }
    expect(await settle(store(1).putIfAbsent('k', 1000))).toBe(true)
    expect(await settle(store(2).begin('k', begin))).toMatchObject({ state: 'fresh' })

    const driver = losingAnswers(clock, 0)
    const begun = await createDedupeStore(driver).begin('k', begin)
    if (begun.state !== 'fresh') return expect.fail('it must be fresh')
    expect(await createDedupeStore(driver).complete('k', begun.token, 1, 1000)).toBe(true)
    expect(await createDedupeStore(driver).complete('k', begun.token, 1, 1000)).toBe(true)
  })

  it('does not retry a release, whose answer would be another', async () => {
    const clock = new ManualClock()
    const store = createDedupeStore(losingAnswers(clock, 1), { layers: [retry({ clock })] })
    await expect(store.release('k', 'token')).rejects.toMatchObject({
      kind: 'Unavailable',
      retryable: 'temporary',
    })
  })

  it('suggests to ask again after a second at most, however long the lease', async () => {
    const clock = new ManualClock()
    const store = createDedupeStore(memoryDedupeDriver({ clock }))
    await store.begin('long', { ...begin, leaseMs: 600_000 })
    await store.begin('short', { ...begin, leaseMs: 300 })
    expect(await store.begin('long', begin)).toEqual({ state: 'in_flight', retryAfterMs: 1000 })
    expect(await store.begin('short', begin)).toEqual({ state: 'in_flight', retryAfterMs: 300 })
  })

  it('tells a stored result that is no JSON', async () => {
    const driver = memoryDedupeDriver()
    driver.begin('t:k', 'a', 1000, 'f', {})
    driver.complete('t:k', 'a', '{broken', 1000, {})
    await expect(createDedupeStore(driver).begin('k', begin)).rejects.toMatchObject({
      kind: 'Corrupt',
      key: 'k',
    })
  })

  it('says its name, provider and layers, and closes its driver', async () => {
    let closed = 0
    const driver = Object.assign(memoryDedupeDriver(), { close: () => void (closed += 1) })
    const store = createDedupeStore(driver, { name: 'dedupe:orders', layers: [retry()] })
    const { domain, provider, layers, close, check } = store[
      Symbol.for('flowport.resource') as never
    ] as never as {
      domain: string
      provider: string
      layers: readonly string[]
      close(): Promise<void>
      check(): Promise<void>
    }
    expect({ domain, provider, layers }).toEqual({ domain: 'dedupe', provider: 'memory', layers: ['retry'] })
    await check()
    await close()
    expect(closed).toBe(1)
    await expect(store.putIfAbsent('', 1)).rejects.toMatchObject({ capability: 'dedupe:orders' })
  })
})

describe('encodeKey', () => {
  const encode = (key: string | Uint8Array) => encodeKey(key, 1e9, 'dedupe', 'begin')
  const texts = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter((text) => text !== '.' && text !== '..' && !text.includes('\0') && text.isWellFormed())
  const bytes = fc.uint8Array({ minLength: 1 })

  it('gives different keys different texts', () => {
    fc.assert(
      fc.property(fc.oneof(texts, bytes), fc.oneof(texts, bytes), (a, b) => {
        const same = typeof a === typeof b && String(a) === String(b)
        expect(encode(a) === encode(b)).toBe(same)
      }),
    )
  })

  it('keeps bytes so that they can be read back', () => {
    fc.assert(
      fc.property(bytes, (key) => {
        expect(encode(key)).toBe(`b:${Buffer.from(key).toString('base64url')}`)
      }),
    )
  })
})
