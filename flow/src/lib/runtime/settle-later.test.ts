import { CapabilityError, createDedupeStore, ResourceBag, silentLogger } from '@flowport/capabilities'
import { memoryDedupeDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { node } from '../node.ts'
import { manual } from '../trigger.ts'
import { createRuntime } from './runtime.ts'

const Order = z.object({ id: z.string() })

/** A node whose ledger is out of reach for the given milliseconds from the end of the handler. */
function app(outageMs: number, run: () => unknown, kind: 'Unavailable' | 'Unexpected' = 'Unavailable') {
  const clock = new ManualClock()
  const driver = memoryDedupeDriver({ clock })
  let outageUntil = 0
  const orFail = <A>(call: () => A): A => {
    if (clock.monotonic() >= outageUntil) return call()
    throw new CapabilityError(kind, 'out of reach', { retryable: 'never', applied: 'no' })
  }
  const ledger = {
    info: driver.info,
    reserve: driver.reserve.bind(driver),
    begin: driver.begin.bind(driver),
    forget: driver.forget.bind(driver),
    renew: driver.renew.bind(driver),
    complete: (...given: Parameters<typeof driver.complete>) => orFail(() => driver.complete(...given)),
    release: (...given: Parameters<typeof driver.release>) => orFail(() => driver.release(...given)),
  }
  const handler = vi.fn(() => {
    outageUntil = handler.mock.calls.length === 1 ? clock.monotonic() + outageMs : 0
    return run()
  })
  const charge = node('charge', {
    input: Order,
    idempotency: { key: '/id', unknown: 'never', begins: 'effect', lease: '3s' },
    run: handler,
  })
  const charging = flow('charging', {
    trigger: manual({ input: Order }),
    graph: (order, step) => step(charge, order),
  })
  const bag = ResourceBag.empty().with('dedupe', createDedupeStore(ledger))
  const runtime = createRuntime(bag, { clock, log: silentLogger })
  return { clock, runtime, handler, call: () => runtime.invoke(charging, { input: { id: 'a' } }) }
}

/** In steps, so that each timer of the runtime sees its own moment. */
async function pass(clock: ManualClock, ms: number) {
  for (let passed = 0; passed < ms; passed += 500) await clock.advance(500)
}

describe('a ledger that is out of reach when a node ends', () => {
  it('gets the result later: the caller has an error, and callers after it get the result', async () => {
    const { clock, call, handler, runtime } = app(10_000, () => 'made')
    await expect(call()).rejects.toThrow('out of reach')
    expect(runtime.running).toBe(1)
    await pass(clock, 15_000)
    expect(await call()).toBe('made')
    expect(handler).toHaveBeenCalledTimes(1)
    expect(runtime.running).toBe(0)
  })

  it('gets a key back later whose node made no effect, and the next caller runs it', async () => {
    let calls = 0
    const { clock, call } = app(800, () => {
      calls += 1
      if (calls === 1) throw new TypeError('before any effect')
      return 'made'
    })
    await expect(call()).rejects.toThrow('charge')
    await pass(clock, 1_000)
    // The lease of the first holder, three seconds, has not ended.
    expect(await call()).toBe('made')
  })

  it('is left alone after five leases, and at once for an error that does not pass', async () => {
    const long = app(60_000, () => 'made')
    await expect(long.call()).rejects.toThrow('out of reach')
    await pass(long.clock, 16_000)
    expect(long.runtime.running).toBe(0)
    const broken = app(1_000, () => 'made', 'Unexpected')
    await expect(broken.call()).rejects.toThrow('out of reach')
    expect(broken.runtime.running).toBe(0)
  })
})
