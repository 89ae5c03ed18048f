import { describe, expect, expectTypeOf, it } from 'vitest'
import { createKeyValue } from '../kv/key-value.ts'
import type { KeyValue } from '../kv/contract.ts'
import { readOnly } from '../layers/effect-guard.ts'
import { memoryKvDriver } from '../memory/kv.ts'
import { createBlobStore } from '../blob/blob-store.ts'
import { memoryBlobDriver } from '../memory/blob.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { Clock } from '../clock/contract.ts'
import { ResourceBag } from './bag.ts'

const kv = createKeyValue(memoryKvDriver())
const sessions = createKeyValue(memoryKvDriver(), { name: 'kv:sessions' })

/** A store that writes down that it was closed. */
function closing(name: string, trail: string[], fails = false) {
  const close = () => {
    trail.push(name)
    if (fails) throw new Error(`${name} did not close`)
  }
  return createKeyValue(Object.assign(memoryKvDriver(), { close }))
}

describe('ResourceBag', () => {
  it('gives what it was given, by name', () => {
    const bag = ResourceBag.empty().with('kv', kv).with('kv:sessions', sessions)
    expect(bag.get('kv')).toBe(kv)
    expect(bag.require('kv:sessions')).toBe(sessions)
    expect(bag.names()).toEqual(['kv', 'kv:sessions'])
    expect([bag.has('kv'), bag.has('blob')]).toEqual([true, false])
  })

  it('never takes one name for another', () => {
    const bag = ResourceBag.empty().with('kv', kv)
    expect(bag.get('kv:sessions')).toBeUndefined()
    expect(() => bag.require('kv:sessions')).toThrow(
      expect.objectContaining({
        kind: 'Misconfigured',
        code: 'CAP101',
        message: '"kv:sessions" is not bound (bound: kv)',
      }),
    )
    expect(() => ResourceBag.empty().with('kv:a', kv).require('kv')).toThrow('(bound: kv:a)')
    expect(() => ResourceBag.empty().require('kv')).toThrow('(bound: nothing)')
  })

  it('does not change: with gives another bag', () => {
    const one = ResourceBag.empty().with('kv', kv)
    const two = one.with('kv:sessions', sessions)
    expect(one.has('kv:sessions')).toBe(false)
    expect(two.has('kv')).toBe(true)
  })

  it('refuses a name twice, and names of no domain', () => {
    expect(() => ResourceBag.empty().with('kv', kv).with('kv', sessions)).toThrow(
      expect.objectContaining({ kind: 'Misconfigured' }),
    )
    for (const name of ['sql', 'kv:', '', '__proto__']) {
      expect(() => ResourceBag.empty().with(name as 'kv', kv)).toThrow(/is not a resource name/)
    }
  })

  it('knows the types of its contents', () => {
    const bag = ResourceBag.empty().with('kv', kv).with('clock', new ManualClock())
    expectTypeOf(bag.require('clock')).toExtend<Clock>()
    expectTypeOf(bag.require('kv')).toExtend<KeyValue>()
    expectTypeOf(bag.get('kv:other')).toEqualTypeOf<KeyValue | undefined>()
    const unknown: ResourceBag = ResourceBag.empty()
    expectTypeOf(unknown.get('clock')).toEqualTypeOf<Clock | undefined>()
    // @ts-expect-error a blob store is no key-value store
    expect(() => ResourceBag.empty().with('kv', createBlobStore(memoryBlobDriver()))).not.toThrow()
    // @ts-expect-error sql is no domain
    expect(() => ResourceBag.empty().get('sql')).not.toThrow()
  })

  it('describes what it holds', () => {
    const guarded = createKeyValue(memoryKvDriver(), { name: 'kv:guarded', layers: [readOnly()] })
    const described = ResourceBag.empty()
      .with('kv:guarded', guarded)
      .with('clock', new ManualClock())
      .describe()
    expect(described).toMatchObject([
      {
        name: 'kv:guarded',
        domain: 'kv',
        provider: 'memory',
        layers: ['readOnly'],
        info: { consistency: 'strong' },
      },
      { name: 'clock', domain: 'clock', provider: 'custom', layers: [], info: null },
    ])
  })

  it('takes an object of one’s own, and shows the provider it states', () => {
    const own = { info: { provider: 'mine', extensions: {} }, get: () => Promise.reject(new Error('no')) }
    const bag = ResourceBag.empty().with('secrets', own)
    expect(bag.require('secrets')).toBe(own)
    expect(bag.describe()[0]?.provider).toBe('mine')
    expect(bag.control('secrets').view('read', undefined)).toBe(own)
  })

  it('asks everyone whether they can serve, and tells who cannot', async () => {
    const down = new Error('down')
    const broken = createKeyValue(Object.assign(memoryKvDriver(), { check: () => Promise.reject(down) }))
    const bag = ResourceBag.empty().with('kv', kv).with('kv:broken', broken).with('clock', new ManualClock())
    expect(await bag.check()).toEqual([{ name: 'kv' }, { name: 'kv:broken', error: down }, { name: 'clock' }])
  })

  it('closes in reverse order, once', async () => {
    const trail: string[] = []
    const bag = ResourceBag.empty()
      .with('kv:a', closing('a', trail))
      .closing(() => trail.push('shared'))
      .with('kv:b', closing('b', trail))
    await Promise.all([bag.close(), bag.close()])
    await bag.close()
    expect(trail).toEqual(['b', 'shared', 'a'])
  })

  it('closes everything though some fail, and tells all failures', async () => {
    const trail: string[] = []
    const one = ResourceBag.empty()
      .with('kv:a', closing('a', trail, true))
      .with('kv:b', closing('b', trail))
    await expect(one.close()).rejects.toThrow('a did not close')
    expect(trail).toEqual(['b', 'a'])
    const two = ResourceBag.empty()
      .with('kv:a', closing('a', trail, true))
      .with('kv:b', closing('b', trail, true))
    const error = await two.close().catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors).toHaveLength(2)
  })

  it('closes at the end of its scope', async () => {
    const trail: string[] = []
    {
      await using bag = ResourceBag.empty().with('kv', closing('a', trail))
      expect(bag.has('kv')).toBe(true)
    }
    expect(trail).toEqual(['a'])
  })
})
