import { createDedupeStore, type DedupeDriver, ResourceBag } from '@flowport/capabilities'
import { memoryDedupeDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import { createRuntime } from '../runtime/runtime.ts'
import { readiness } from './health.ts'

/** A runtime over ledgers, and what `/readyz` answers. */
function ready(drivers: Readonly<Record<string, (clock: ManualClock) => DedupeDriver>>) {
  const clock = new ManualClock()
  const stores = Object.entries(drivers).map(
    ([name, driver]) => [name, createDedupeStore(driver(clock))] as const,
  )
  const bag = stores.reduce((all, [name, store]) => all.with(name as 'dedupe', store), ResourceBag.empty())
  const runtime = createRuntime(bag, { clock })
  const ask = async () => {
    const { status, body } = await readiness(runtime, clock)
    return [status, (JSON.parse(String(body)) as { unknownKeys?: unknown }).unknownKeys]
  }
  const leave = async (from: number, to: number) => {
    const [, store] = stores[0] ?? expect.fail('no store')
    for (let i = from; i < to; i++) {
      const begun = await store.begin(`key-${i}`, { leaseMs: 1000, fingerprint: 'f', started: true })
      if (begun.state === 'fresh') await store.abandon(`key-${i}`, begun.token)
    }
  }
  return { clock, ask, leave }
}

const memory = (clock: ManualClock) => memoryDedupeDriver({ clock })

/** The memory ledger with some of its methods replaced. */
function changed(change: (honest: DedupeDriver) => Partial<DedupeDriver>) {
  return (clock: ManualClock): DedupeDriver => {
    const honest = memory(clock)
    return new Proxy(honest, {
      get(target, name) {
        const own: unknown = Reflect.get(change(honest), name) ?? Reflect.get(target, name, target)
        return typeof own === 'function' ? own.bind(target) : own
      },
    })
  }
}

describe('unknown keys in /readyz', () => {
  it('are counted for every ledger, up to 100', async () => {
    const { ask, leave, clock } = ready({ dedupe: memory, 'dedupe:other': memory })
    await leave(0, 100)
    expect(await ask()).toEqual([200, { dedupe: 100, 'dedupe:other': 0 }])
    await leave(100, 101)
    await clock.advance(60_000)
    expect(await ask()).toEqual([200, { dedupe: '100+', 'dedupe:other': 0 }])
  })

  it('are counted once a minute', async () => {
    const { ask, leave, clock } = ready({ dedupe: memory })
    expect(await ask()).toEqual([200, { dedupe: 0 }])
    await leave(0, 1)
    await clock.advance(59_999)
    expect(await ask()).toEqual([200, { dedupe: 0 }])
    await clock.advance(1001)
    expect(await ask()).toEqual([200, { dedupe: 1 }])
  })

  it('of a ledger too large to look through are counted as at least so many', async () => {
    let pages = 0
    const endless = changed(() => ({
      unknowns: () => ({ keys: [{ key: `t:${pages++}`, fence: 1, sinceMs: 0 }], cursor: 'more' }),
    }))
    const { ask } = ready({ dedupe: endless })
    expect(await ask()).toEqual([200, { dedupe: '100+' }])
    expect(pages).toBe(100)
  })

  it('are left out where a ledger cannot list them, fails, or does not answer; the server is ready', async () => {
    const none = changed((honest) => ({ info: { ...honest.info, features: {} } }))
    expect(await ready({ dedupe: none }).ask()).toEqual([200, {}])
    const failing = changed(() => ({ unknowns: () => Promise.reject(new Error('down')) }))
    expect(await ready({ dedupe: failing }).ask()).toEqual([200, {}])
    const silent = changed(() => ({ unknowns: () => new Promise(() => undefined) }))
    const { ask, clock } = ready({ dedupe: silent })
    const answer = ask()
    for (let i = 0; i < 50; i++) await Promise.resolve()
    await clock.advance(500)
    expect(await answer).toEqual([200, {}])
  })

  it('leave a server without a ledger as it was', async () => {
    expect(await ready({}).ask()).toEqual([200, {}])
  })
})
