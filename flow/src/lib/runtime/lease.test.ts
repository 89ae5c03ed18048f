import {
  type Clock,
  createDedupeStore,
  createKeyValue,
  type DedupeDriver,
  type Logger,
  ResourceBag,
  silentLogger,
} from '@flowport/capabilities'
import { memoryDedupeDriver, memoryKvDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { node } from '../node.ts'
import { manual } from '../trigger.ts'
import { createRuntime } from './runtime.ts'

/** The clock of a process that can be stopped, as by SIGSTOP: time goes on, and its timers fire when it goes on too. */
class ProcessClock implements Clock {
  readonly #shared: ManualClock
  #going = Promise.resolve()
  #go: () => void = () => undefined

  constructor(shared: ManualClock) {
    this.#shared = shared
  }

  now = () => this.#shared.now()
  monotonic = () => this.#shared.monotonic()

  async sleep(ms: number, options?: { readonly signal?: AbortSignal }): Promise<void> {
    await this.#shared.sleep(ms, options)
    await this.#going
    options?.signal?.throwIfAborted()
  }

  stop(): void {
    this.#going = new Promise((resolve) => {
      this.#go = resolve
    })
  }

  /** Lets the timers that are due fire after what is called next. */
  goOn(): void {
    this.#go()
  }
}

interface Held {
  readonly signal: AbortSignal
  readonly fencingToken: number | undefined
  write(text: string): Promise<void>
}

let shared: ManualClock
let driver: DedupeDriver
let entries: ReturnType<typeof memoryKvDriver>
beforeEach(() => {
  shared = new ManualClock()
  driver = memoryDedupeDriver({ clock: shared })
  entries = memoryKvDriver({ clock: shared })
})

/** A process that charges the order `a` under a lease of 10 s. */
function process(work: (held: Held) => unknown, clock: Clock = shared, log: Logger = silentLogger) {
  const charge = node('charge', {
    input: z.string(),
    uses: { kv: 'write' },
    idempotency: { key: (id) => id, unknown: 'again', lease: '10s' },
    run: (id, { kv, signal, fencingToken }) =>
      work({ signal, fencingToken, write: (text) => kv.put(id, text).then(() => undefined) }),
  })
  const charging = flow('charging', {
    trigger: manual({ input: z.string() }),
    graph: (id, step) => step(charge, id),
  })
  const bag = ResourceBag.empty()
    .with('dedupe', createDedupeStore(driver))
    .with('kv', createKeyValue(entries, { clock: shared }))
  const runtime = createRuntime(bag, { clock, log })
  return () => runtime.invoke(charging, { input: 'a' })
}

const charged = async () => createKeyValue(entries, { clock: shared }).get('a')

describe('a holder that loses its lease', () => {
  it('is stopped when its process stood still: its signal fires and its writes are refused', async () => {
    const clock = new ProcessClock(shared)
    const gate = Promise.withResolvers<void>()
    let seen: Held | undefined
    const late = process(async (held) => {
      seen = held
      await gate.promise
      await held.write('late')
    }, clock)()
    await shared.advance(1)
    clock.stop()
    await shared.advance(11_000)
    await process((held) => held.write('second'))()
    // The node goes on before any timer of its process has fired.
    gate.resolve()
    await expect(late).rejects.toMatchObject({ cause: { code: 'IDEM_LEASE_LOST' } })
    expect(seen?.signal.aborted).toBe(true)
    expect(await charged()).toBe('second')
    clock.goOn()
    await shared.advance(1)
  })

  it('is stopped by its timers when it does nothing', async () => {
    const clock = new ProcessClock(shared)
    let seen: Held | undefined
    const late = process((held) => {
      seen = held
      return new Promise((_resolve, reject) => {
        held.signal.addEventListener('abort', () => reject(held.signal.reason as Error))
      })
    }, clock)()
    await shared.advance(1)
    clock.stop()
    await shared.advance(11_000)
    expect(seen?.signal.aborted).toBe(false)
    clock.goOn()
    await expect(late).rejects.toMatchObject({ cause: { code: 'IDEM_LEASE_LOST' } })
  })

  it('is stopped when the wall clock is set past its lease', async () => {
    const gate = Promise.withResolvers<void>()
    const late = process(async (held) => {
      await gate.promise
      await held.write('late')
    })()
    await shared.advance(1)
    shared.jump(3_600_000)
    gate.resolve()
    await expect(late).rejects.toMatchObject({ cause: { code: 'IDEM_LEASE_LOST' } })
    expect(await charged()).toBeNull()
  })

  it('is stopped when its renewal is refused, and says so once', async () => {
    const warnings: unknown[] = []
    const log = { ...silentLogger, warn: (facts: unknown) => void warnings.push(facts) }
    const gate = Promise.withResolvers<void>()
    const late = process(
      async (held) => {
        await gate.promise
        await held.write('late')
      },
      shared,
      log,
    )()
    await shared.advance(1)
    await createDedupeStore(driver).forget('charging/charge:a')
    await shared.advance(4_000)
    gate.resolve()
    await expect(late).rejects.toMatchObject({ cause: { code: 'IDEM_LEASE_LOST' } })
    expect(warnings).toEqual([expect.objectContaining({ code: 'IDEM_LEASE_LOST' })])
  })

  it('is refused what it writes after it has ended', async () => {
    let seen: Held | undefined
    await process((held) => {
      seen = held
    })()
    await expect(seen?.write('late')).rejects.toMatchObject({ code: 'IDEM_LEASE_LOST' })
    expect(await charged()).toBeNull()
  })

  it('gives no key back that another holder has', async () => {
    const clock = new ProcessClock(shared)
    const gate = Promise.withResolvers<void>()
    const late = process(async (held) => {
      await gate.promise
      await held.write('late')
    }, clock)()
    await shared.advance(1)
    clock.stop()
    await shared.advance(11_000)
    const going = Promise.withResolvers<void>()
    const second = process(() => going.promise)()
    await shared.advance(1)
    gate.resolve()
    await expect(late).rejects.toMatchObject({ cause: { code: 'IDEM_LEASE_LOST' } })
    const third = process(() => 'third')()
    await shared.advance(1)
    going.resolve()
    await second
    await shared.advance(300)
    expect(await third).toBeUndefined()
    clock.goOn()
    await shared.advance(1)
  })
})

describe('a lease', () => {
  it('that is renewed in time lets its holder work for longer than it lasts', async () => {
    const working = process(async (held) => {
      for (let minute = 0; minute < 5; minute++) await shared.sleep(60_000)
      await held.write('in time')
      return held.signal.aborted
    })()
    for (let second = 0; second < 301; second++) await shared.advance(1_000)
    expect(await working).toBe(false)
    expect(await charged()).toBe('in time')
  })

  it('gives each holder a larger fencing token', async () => {
    const fences: (number | undefined)[] = []
    const failing = process((held) => {
      fences.push(held.fencingToken)
      throw new Error('not yet')
    })
    for (let attempt = 0; attempt < 3; attempt++) await expect(failing()).rejects.toThrow('not yet')
    const [first = 0, second = 0, third = 0] = fences
    expect(first).toBeGreaterThan(0)
    expect(second).toBeGreaterThan(first)
    expect(third).toBeGreaterThan(second)
  })
})

it('a run of many keyed nodes does not keep the signals of those that have ended', async () => {
  const seen: AbortSignal[] = []
  const entered = Promise.withResolvers<void>()
  const hold = node('hold', {
    input: z.string(),
    output: z.string(),
    uses: { kv: 'write' },
    idempotency: { key: (id) => id, unknown: 'again' },
    run: (id, { signal }) => {
      seen.push(signal)
      if (seen.length === 1) return id
      entered.resolve()
      return new Promise<string>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    },
  })
  const two = flow('two', {
    trigger: manual({ input: z.string() }),
    graph: (id, step) => step(hold, step(hold, id, { alias: 'first' }), { alias: 'second' }),
  })
  const bag = ResourceBag.empty()
    .with('dedupe', createDedupeStore(driver))
    .with('kv', createKeyValue(entries, { clock: shared }))
  const caller = new AbortController()
  const runtime = createRuntime(bag, { clock: shared })
  const run = runtime.invoke(two, { input: 'a', signal: caller.signal })
  await entered.promise
  caller.abort()
  await expect(run).rejects.toThrow()
  expect(seen.map(({ aborted }) => aborted)).toEqual([false, true])
})
