import {
  CapabilityError,
  createDedupeStore,
  createKeyValue,
  type DedupeDriver,
  ResourceBag,
} from '@flowport/capabilities'
import { memoryDedupeDriver, memoryKvDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { asBlobRef, isBlobRef } from '../blob-ref.ts'
import type { Duration } from '../duration.ts'
import { flow } from '../flow.ts'
import type { Idempotency } from '../idempotency.ts'
import { node } from '../node.ts'
import { isReply, reply } from '../reply.ts'
import { streamOf } from '../schema.ts'
import { manual } from '../trigger.ts'
import { createRuntime } from './runtime.ts'

const Order = z.object({ id: z.string(), amount: z.number(), note: z.string().optional() })
type Order = z.output<typeof Order>

let clock: ManualClock
let driver: DedupeDriver
beforeEach(() => {
  clock = new ManualClock()
  driver = memoryDedupeDriver({ clock })
})

/** A runtime of its own over the shared ledger, as another process has it. */
function process(
  run: (order: Order, key: string | undefined) => unknown,
  idempotency: Idempotency<Order> = { key: '/id', unknown: 'again', ttl: '1h', lease: '10s' },
  options: {
    readonly timeout?: Duration
    readonly retry?: { readonly maxAttempts: number; readonly backoff: Duration }
  } = {},
  itsClock = clock,
) {
  const charge = node('charge', {
    input: Order,
    uses: { kv: 'write' },
    idempotency,
    run: (order, { idempotencyKey }) => run(order, idempotencyKey),
  })
  const charging = flow('charging', {
    trigger: manual({ input: Order }),
    graph: (order, step) => step(charge, order, options),
  })
  const bag = ResourceBag.empty()
    .with('dedupe', createDedupeStore(driver))
    .with('kv', createKeyValue(memoryKvDriver({ clock }), { clock }))
  const runtime = createRuntime(bag, { clock: itsClock })
  return (order: Order) => runtime.invoke(charging, { input: order })
}

describe('a node with an idempotency key', () => {
  it('happens once per key, and whoever asks again gets its result', async () => {
    const effect = vi.fn((order: Order) => ({ charged: order.amount, at: { deep: [1, null, 'ü'] } }))
    const invoke = process(effect)
    const first = await invoke({ id: 'a', amount: 1 })
    expect(await invoke({ id: 'a', amount: 1 })).toEqual(first)
    expect(await process(effect)({ id: 'a', amount: 1 })).toEqual(first)
    await invoke({ id: 'b', amount: 1 })
    expect(effect).toHaveBeenCalledTimes(2)
  })

  it('happens again when its result is no longer kept', async () => {
    const effect = vi.fn(() => 1)
    const invoke = process(effect)
    await invoke({ id: 'a', amount: 1 })
    await clock.advance(3_599_999)
    await invoke({ id: 'a', amount: 1 })
    expect(effect).toHaveBeenCalledTimes(1)
    await clock.advance(1)
    await invoke({ id: 'a', amount: 1 })
    expect(effect).toHaveBeenCalledTimes(2)
  })

  it('happens once for 64 callers at the same time: the others wait for its result', async () => {
    const effect = vi.fn(async () => {
      await clock.sleep(100)
      return 'done'
    })
    const [one, other] = [process(effect), process(effect)]
    const all = Promise.all(
      Array.from({ length: 64 }, (_, i) => (i % 2 === 0 ? one : other)({ id: 'a', amount: 1 })),
    )
    for (let i = 0; i < 100; i++) await clock.advance(10)
    expect(new Set(await all)).toEqual(new Set(['done']))
    expect(effect).toHaveBeenCalledTimes(1)
  })

  it('tells a caller that cannot wait any longer to come back', async () => {
    const work = Promise.withResolvers<number>()
    const invoke = process(() => work.promise)
    const first = invoke({ id: 'a', amount: 1 })
    const second = invoke({ id: 'a', amount: 1 }).catch((error: unknown) => error)
    for (let i = 0; i < 100; i++) await clock.advance(50)
    expect(await second).toMatchObject({
      failure: 'NodeFailed',
      cause: { code: 'IDEM_IN_FLIGHT', kind: 'Unavailable' },
    })
    work.resolve(1)
    await first
  })

  it('refuses the same key with another input, whatever the order of its fields', async () => {
    const invoke = process(() => 1)
    await invoke({ id: 'a', amount: 1, note: 'x' })
    await expect(invoke({ note: 'x', amount: 1, id: 'a' })).resolves.toBe(1)
    await expect(invoke({ id: 'a', amount: 2, note: 'x' })).rejects.toMatchObject({
      cause: { code: 'IDEM099' },
    })
    await expect(invoke({ id: 'a', amount: 1, note: 'x'.repeat(5_000) })).rejects.toMatchObject({
      cause: { code: 'IDEM099' },
    })
  })

  it('gives its key back when it fails, so that a retry need not wait', async () => {
    const effect = vi
      .fn()
      .mockRejectedValueOnce(new CapabilityError('Unavailable', 'not now'))
      .mockResolvedValueOnce('second')
    const invoke = process(effect)
    await expect(invoke({ id: 'a', amount: 1 })).rejects.toMatchObject({ cause: { kind: 'Unavailable' } })
    await expect(invoke({ id: 'a', amount: 1 })).resolves.toBe('second')
  })

  it('is done again after the lease when its process died between begin and complete, with the same key to hand on', async () => {
    const keys: (string | undefined)[] = []
    const hangs = (_order: Order, key: string | undefined) => {
      keys.push(key)
      return new Promise(() => undefined)
    }
    // A dead process neither renews nor completes: its clock stands still.
    const died = process(hangs, undefined, {}, new ManualClock())
    void died({ id: 'a', amount: 1 })
    await vi.waitFor(() => expect(keys).toHaveLength(1))
    const next = process((_order, key) => (keys.push(key), 'recovered'))
    await expect(settled(next({ id: 'a', amount: 1 }))).resolves.toMatchObject({
      cause: { code: 'IDEM_IN_FLIGHT' },
    })
    await clock.advance(10_000)
    await expect(next({ id: 'a', amount: 1 })).resolves.toBe('recovered')
    expect(keys).toEqual(['charging/charge:a', 'charging/charge:a'])
  })

  it('is told when it was fenced off, and its late result is not kept', async () => {
    const slow = Promise.withResolvers<string>()
    const started = Promise.withResolvers<void>()
    const works = () => (started.resolve(), slow.promise)
    const stopped = process(works, undefined, {}, new ManualClock())
    const late = stopped({ id: 'a', amount: 1 }).catch((error: unknown) => error)
    await started.promise
    await clock.advance(10_001)
    const other = process(() => 'the other')
    await expect(other({ id: 'a', amount: 1 })).resolves.toBe('the other')
    slow.resolve('too late')
    expect(await late).toMatchObject({ cause: { code: 'IDEM_FENCED' } })
    await expect(other({ id: 'a', amount: 1 })).resolves.toBe('the other')
  })

  it('renews its lease while it works', async () => {
    const work = Promise.withResolvers<string>()
    const started = Promise.withResolvers<void>()
    const first = process(() => (started.resolve(), work.promise))({ id: 'a', amount: 1 })
    await started.promise
    for (let i = 0; i < 8; i++) await clock.advance(4_000)
    const effect = vi.fn()
    expect(await settled(process(effect)({ id: 'a', amount: 1 }))).toMatchObject({
      cause: { code: 'IDEM_IN_FLIGHT' },
    })
    expect(effect).not.toHaveBeenCalled()
    work.resolve('in the end')
    await expect(first).resolves.toBe('in the end')
    expect(clock.sleeping).toBe(0)
  })

  it('keeps its result though the caller has gone', async () => {
    const work = Promise.withResolvers<string>()
    const started = Promise.withResolvers<void>()
    const effect = vi.fn(() => (started.resolve(), work.promise))
    const charge = node('charge', {
      input: Order,
      idempotency: { key: '/id', unknown: 'never' },
      run: effect,
    })
    const charging = flow('charging', {
      trigger: manual({ input: Order }),
      graph: (order, step) => step(charge, order),
    })
    const runtime = createRuntime(ResourceBag.empty().with('dedupe', createDedupeStore(driver)), { clock })
    const caller = new AbortController()
    const gone = runtime
      .invoke(charging, { input: { id: 'a', amount: 1 }, signal: caller.signal })
      .catch((error: unknown) => error)
    await started.promise
    caller.abort()
    expect(await gone).toMatchObject({ failure: 'Cancelled' })
    work.resolve('made')
    await vi.waitFor(() => expect(runtime.running).toBe(0))
    await expect(runtime.invoke(charging, { input: { id: 'a', amount: 1 } })).resolves.toBe('made')
    expect(effect).toHaveBeenCalledTimes(1)
  })

  it('takes its key from a function, and refuses an empty one', async () => {
    const effect = vi.fn(() => 1)
    const invoke = process(effect, { key: ({ id }) => id.trim(), unknown: 'never' })
    await invoke({ id: 'a', amount: 1 })
    await expect(invoke({ id: '  ', amount: 1 })).rejects.toMatchObject({
      cause: { kind: 'InvalidInput', code: 'IDEM_KEY' },
    })
    expect(effect).toHaveBeenCalledTimes(1)
  })
})

/** What a promise rejects with, while the clock runs. */
async function settled(promise: Promise<unknown>): Promise<unknown> {
  const outcome = promise.catch((error: unknown) => error)
  for (let i = 0; i < 60; i++) await clock.advance(50)
  return outcome
}

describe('a step with a key, a timeout and retries', () => {
  const keyed = { key: '/id', unknown: 'again', ttl: '1h', lease: '10s' } as const

  it('tries again under the one key', async () => {
    let attempts = 0
    const invoke = process(
      () => {
        attempts += 1
        if (attempts < 3) throw new CapabilityError('Unavailable', 'not yet')
        return attempts
      },
      keyed,
      { retry: { maxAttempts: 3, backoff: '0ms' } },
    )
    const answer = invoke({ id: 'a', amount: 1 })
    for (let i = 0; i < 5; i++) await clock.advance(1)
    expect(await answer).toBe(3)
    expect(await invoke({ id: 'a', amount: 1 })).toBe(3)
  })

  it('tells of the timeout at once, and keeps what the handler did after all', async () => {
    const work = Promise.withResolvers<string>()
    const effect = vi.fn(() => work.promise)
    const options = { timeout: '20ms', retry: { maxAttempts: 3, backoff: '1ms' } } as const
    const invoke = process(effect, keyed, options)
    expect(await settled(invoke({ id: 'a', amount: 1 }))).toMatchObject({ cause: { code: 'TIME015' } })
    work.resolve('late')
    expect(await settled(invoke({ id: 'a', amount: 1 }))).toBe('late')
    expect(effect).toHaveBeenCalledTimes(1)
  })

  it('gives the key back when the handler that was late has failed', async () => {
    const work = Promise.withResolvers<string>()
    const effect = vi.fn<() => Promise<string>>(() => work.promise)
    const invoke = process(effect, keyed, { timeout: '20ms' })
    expect(await settled(invoke({ id: 'a', amount: 1 }))).toMatchObject({ cause: { code: 'TIME015' } })
    work.reject(new Error('it was not done'))
    effect.mockResolvedValue('done')
    expect(await settled(invoke({ id: 'a', amount: 1 }))).toBe('done')
    expect(effect).toHaveBeenCalledTimes(2)
  })
})

describe('a kept result', () => {
  const object = { $blob: 'blob', key: 'k', size: 1, etag: 'e', contentType: null } as const

  it('is what the first caller got: nothing, a reply, a reference, and data that looks like what we keep', async () => {
    for (const result of [undefined, null, { '$flowport.kept': 'nothing' }, [1]]) {
      const invoke = process(() => result)
      const id = JSON.stringify(result) ?? 'undefined'
      expect(await invoke({ id, amount: 1 })).toEqual(result)
      expect(await invoke({ id, amount: 1 })).toEqual(result)
    }
    const replying = process(() =>
      reply({ status: 201, headers: { location: '/x' }, body: asBlobRef(object) }),
    )
    for (let time = 0; time < 2; time++) {
      const answer = await replying({ id: 'reply', amount: 1 })
      expect(answer).toMatchObject({ status: 201, headers: { location: '/x' }, body: object })
      expect(isReply(answer) && isBlobRef(answer.body)).toBe(true)
    }
  })

  it.each([
    ['too large', 'x'.repeat(2_000_000)],
    ['no JSON', { id: 10n }],
    ['nested too deeply', nested(100_000)],
  ])('that is %s is the first caller’s alone; the effect is not made again', async (what, result) => {
    const effect = vi.fn(() => result)
    const invoke = process(effect)
    expect((await invoke({ id: what, amount: 1 })) === result).toBe(true)
    await expect(invoke({ id: what, amount: 1 })).rejects.toMatchObject({
      cause: { code: 'IDEM_RESULT_LOST' },
    })
    expect(effect).toHaveBeenCalledTimes(1)
  })

  it('cannot be a stream', () => {
    const input = Order
    expect(() =>
      node('ticks', {
        input,
        output: streamOf(z.number()),
        idempotency: { key: '/id', unknown: 'never' },
        async *run() {
          yield 1
        },
      }),
    ).toThrow('it can have no idempotency key')
  })
})

it('takes an upload that is sent again for the same request', async () => {
  const upload = z.custom<{ id: string; file: unknown }>()
  const effect = vi.fn(() => 'kept')
  const keep = node('keep', {
    input: upload,
    uses: { kv: 'write' },
    idempotency: { key: '/id', unknown: 'never' },
    run: effect,
  })
  const keeping = flow('keeping', { trigger: manual({ input: upload }), graph: (it, step) => step(keep, it) })
  const runtime = createRuntime(
    ResourceBag.empty()
      .with('dedupe', createDedupeStore(driver))
      .with('kv', createKeyValue(memoryKvDriver({ clock }), { clock })),
    { clock },
  )
  const sent = (etag: string, size = 5) =>
    runtime.invoke(keeping, {
      input: { id: 'a', file: asBlobRef({ $blob: 'blob', key: 'k', size, etag, contentType: null }) },
    })
  expect([await sent('1'), await sent('2')]).toEqual(['kept', 'kept'])
  await expect(sent('3', 6)).rejects.toMatchObject({ cause: { code: 'IDEM099' } })
  expect(effect).toHaveBeenCalledTimes(1)
})

function nested(levels: number): unknown {
  let value: unknown = []
  for (let level = 0; level < levels; level++) value = [value]
  return value
}
