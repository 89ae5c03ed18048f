import {
  CapabilityError,
  createDedupeStore,
  createKeyValue,
  createQueue,
  type KeyValue,
  keyPartitions,
  type QueuePublisher,
  ResourceBag,
} from '@flowport/capabilities'
import { memoryDedupeDriver, memoryKvDriver, memoryQueueDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { problem } from '../http/http-problem.ts'
import type { Idempotency } from '../idempotency.ts'
import { node } from '../node.ts'
import { manual } from '../trigger.ts'
import { createRuntime } from './runtime.ts'

const Order = z.object({ id: z.string() })
type Order = z.output<typeof Order>

const uses = { kv: 'write', queue: 'publish' } as const
type Kept = Idempotency<Order, unknown, typeof uses>

interface Stores {
  readonly kv: KeyValue
  readonly queue: QueuePublisher
  readonly effect: <T>(make: () => T) => Promise<T>
}

/** The driver as one that commits together only what is in a partition. */
function parted<D extends { readonly info: object }>(driver: D, isPartitioned: boolean): D {
  if (!isPartitioned) return driver
  return Object.assign(driver, { info: { ...driver.info, partitioned: true }, partitions: keyPartitions })
}

/** An app whose node `place` does `run`, and its stores. `isTogether`: all of them are in one database. */
function app(
  run: (order: Order, stores: Stores) => unknown,
  {
    isTogether = true,
    isPartitioned = false,
    idempotency,
  }: { isTogether?: boolean; isPartitioned?: boolean; idempotency?: Kept } = {},
) {
  const clock = new ManualClock()
  const one = { clock, transaction: 'memory:one' }
  const kv = createKeyValue(parted(memoryKvDriver(isTogether ? one : { clock }), isPartitioned), { clock })
  const queue = createQueue(memoryQueueDriver(one))
  const driver = parted(memoryDedupeDriver(one), isPartitioned)
  const dedupe = createDedupeStore(driver)
  const bag = ResourceBag.empty().with('dedupe', dedupe).with('kv', kv).with('queue', queue)
  const place = node('place', {
    input: Order,
    uses,
    idempotency: idempotency ?? { key: '/id', atomic: true },
    run,
  })
  const placing = flow('placing', {
    trigger: manual({ input: Order }),
    graph: (order, step) => step(place, order),
  })
  const invoke = (id: string) => createRuntime(bag, { clock }).invoke(placing, { input: { id } })
  /** What the promise resolves, while time passes for those that wait. */
  const settled = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false
    const end = promise.finally(() => {
      isSettled = true
    })
    end.catch(() => undefined)
    for (let step = 0; step < 2_000 && !isSettled; step++) await clock.advance(5)
    return end
  }
  const bodies = async () => (await queue.receive({ limit: 100 })).map(({ body }) => body)
  return { kv, bodies, driver, dedupe, settled, invoke }
}

it('the writes of an atomic node and its result are there at once, once per key', async () => {
  const { kv, bodies, settled, invoke } = app(async ({ id }, { kv: own, queue }) => {
    await own.put(`order/${id}`, 'placed')
    await queue.send({ ship: id })
    return { id, seen: await own.get(`order/${id}`), outside: await kv.get(`order/${id}`) }
  })
  const answers = await settled(Promise.all(Array.from({ length: 8 }, () => invoke('a'))))
  expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(
    new Set([JSON.stringify({ id: 'a', seen: 'placed', outside: null })]),
  )
  expect(await kv.get('order/a')).toBe('placed')
  expect(await bodies()).toEqual([{ ship: 'a' }])
})

it('an atomic node that throws an error leaves nothing, and its key free', async () => {
  let runs = 0
  const { kv, bodies, invoke } = app(async ({ id }, { kv: own, queue }) => {
    await own.put(`order/${id}`, 'placed')
    await queue.send(id)
    runs += 1
    if (runs === 1) throw new Error('the handler broke')
    if (runs === 2) throw problem({ status: 503, code: 'BUSY', title: 'Ask again' })
    return runs
  })
  await expect(invoke('a')).rejects.toMatchObject({ cause: { message: 'the handler broke' } })
  await expect(invoke('a')).rejects.toMatchObject({ cause: { code: 'BUSY' } })
  expect(await kv.get('order/a')).toBeNull()
  expect(await bodies()).toEqual([])
  expect(await invoke('a')).toBe(3)
  expect(await bodies()).toEqual(['a'])
})

it('a problem the node decides on is recorded without its writes, and is the answer of every repeat', async () => {
  let runs = 0
  const { kv, bodies, invoke } = app(async ({ id }, { kv: own, queue }) => {
    runs += 1
    await own.put(`order/${id}`, 'placed')
    await queue.send(id)
    throw problem({ status: 409, code: 'SOLD_OUT', title: 'Sold out', details: { run: runs } })
  })
  const refusal = { cause: { status: 409, code: 'SOLD_OUT', details: { run: 1 } } }
  await expect(invoke('a')).rejects.toMatchObject(refusal)
  await expect(invoke('a')).rejects.toMatchObject(refusal)
  expect(runs).toBe(1)
  expect(await kv.get('order/a')).toBeNull()
  expect(await bodies()).toEqual([])
})

it("with begins: 'effect', a problem before the first write leaves the key free, as without the transaction", async () => {
  let runs = 0
  const idempotency: Kept = { key: '/id', atomic: 'preferred', unknown: 'never', begins: 'effect' }
  for (const isTogether of [true, false]) {
    runs = 0
    const { invoke } = app(
      async ({ id }, { kv }) => {
        runs += 1
        if (runs === 1) throw problem({ status: 422, code: 'TOO_EARLY', title: 'Not open yet' })
        await kv.put(id, 'tried')
        throw problem({ status: 409, code: 'SOLD_OUT', title: 'Sold out' })
      },
      { isTogether, idempotency },
    )
    for (const code of ['TOO_EARLY', 'SOLD_OUT', 'SOLD_OUT'])
      await expect(invoke('a')).rejects.toMatchObject({ cause: { code } })
    expect(runs).toBe(2)
  }
})

it('callers that count up one entry under keys of their own lose no count', async () => {
  const { kv, bodies, settled, invoke } = app(async ({ id }, { kv: own, queue }) => {
    const count = Number((await own.get('count')) ?? 0) + 1
    await Promise.resolve()
    await own.put('count', String(count))
    await queue.send(id)
    return count
  })
  const all = await settled(Promise.all(Array.from({ length: 8 }, (_, index) => invoke(String(index)))))
  expect(all.map(Number).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(await kv.get('count')).toBe('8')
  expect(await bodies()).toHaveLength(8)
})

it('an error that comes from what has changed since is not thrown: the node runs again', async () => {
  let runs = 0
  const { kv, settled, invoke } = app(async (_order, { kv: own }) => {
    const stock = Number(await own.get('stock'))
    runs += 1
    if (runs === 1) await kv.put('stock', '5')
    if (stock === 0) throw problem({ status: 409, code: 'SOLD_OUT', title: 'Sold out' })
    await own.put('stock', String(stock - 1))
    return stock - 1
  })
  await kv.put('stock', '0')
  expect(await settled(invoke('a'))).toBe(4)
  expect(await kv.get('stock')).toBe('4')
})

it('a node whose reads are changed each time ends with IDEM_STALE, and its key is free', async () => {
  let runs = 0
  let isDisturbed = true
  const { kv, settled, invoke } = app(async (_order, { kv: own }) => {
    await own.get('entry')
    runs += 1
    if (isDisturbed) await kv.put('entry', String(runs))
    await own.put('row', 'mine')
    return runs
  })
  await expect(settled(invoke('a'))).rejects.toMatchObject({ cause: { code: 'IDEM_STALE', applied: 'no' } })
  expect(runs).toBe(16)
  expect(await kv.get('row')).toBeNull()
  isDisturbed = false
  expect(await invoke('a')).toBe(17)
})

it('a holder that lost its key commits nothing, and answers with what its successor committed', async () => {
  let runs = 0
  const { kv, bodies, dedupe, invoke } = app(async ({ id }, { kv: own, queue }) => {
    runs += 1
    const mine = runs
    await own.put(`order/${id}`, String(mine))
    await queue.send(mine)
    if (mine === 1) {
      await dedupe.forget('placing/place:a')
      expect(await invoke('a')).toBe(2)
    }
    return mine
  })
  expect(await invoke('a')).toBe(2)
  expect(await kv.get('order/a')).toBe('2')
  expect(await bodies()).toEqual([2])
})

it('a commit whose answer is lost is found by the next caller, and the handler is not run again', async () => {
  let runs = 0
  const { kv, driver, invoke } = app(async (_order, { kv: own }) => {
    runs += 1
    const count = Number((await own.get('count')) ?? 0) + 1
    await own.put('count', String(count))
    return count
  })
  const commit = driver.commit?.bind(driver)
  Object.assign(driver, {
    commit: (...call: Parameters<NonNullable<typeof commit>>) => {
      void commit?.(...call)
      throw new CapabilityError('Unavailable', 'the answer was lost', { applied: 'unknown' })
    },
  })
  await expect(invoke('a')).rejects.toMatchObject({ cause: { kind: 'Unavailable' } })
  expect(await invoke('a')).toBe(1)
  expect(await kv.get('count')).toBe('1')
  expect(runs).toBe(1)
})

it('effect() is refused in an atomic node, and its key is free afterwards', async () => {
  let isTried = false
  const { invoke } = app(async (_order, { effect }) => {
    if (isTried) return 'nothing was done'
    isTried = true
    return effect(() => 'charged')
  })
  await expect(invoke('a')).rejects.toMatchObject({ cause: { code: 'EXACT004' } })
  expect(await invoke('a')).toBe('nothing was done')
})

it("stores in two databases are refused, and 'preferred' then does what unknown says", async () => {
  const write = async ({ id }: Order, { kv }: Stores) => {
    await kv.put(id, 'written')
    throw new Error('the handler broke')
  }
  expect(() => app(write, { isTogether: false }).invoke('a')).toThrow(/atomic/)
  const idempotency: Kept = { key: '/id', atomic: 'preferred', unknown: 'never' }
  const apart = app(write, { isTogether: false, idempotency })
  await expect(apart.invoke('a')).rejects.toThrow()
  expect(await apart.kv.get('a')).toBe('written')
  await expect(apart.invoke('a')).rejects.toMatchObject({ cause: { code: 'IDEM_UNKNOWN' } })
  const together = app(write, { idempotency })
  await expect(together.invoke('a')).rejects.toThrow()
  expect(await together.kv.get('a')).toBeNull()
  await expect(together.invoke('a')).rejects.toMatchObject({ cause: { message: 'the handler broke' } })
})

describe('partition', () => {
  const partition = ({ id }: Order) => id.split(':', 1)[0] ?? ''
  const named: Kept = { key: '/id', atomic: true, partition }

  it('has no effect on stores that are committed as a whole', async () => {
    const { kv, dedupe, invoke } = app(({ id }, { kv: own }) => own.put('anywhere', id), {
      idempotency: named,
    })
    await invoke('acme:1')
    expect(await kv.get('anywhere')).toBe('acme:1')
    expect(await dedupe.look('placing/place:acme:1')).toMatchObject({ state: 'done' })
  })

  it('where only a partition is committed, the record is in it, and keys of another one are refused', async () => {
    let key = 'acme/stock'
    const run = (_order: Order, { kv: own }: Stores) => own.put(key, 'written')
    const { kv, dedupe, invoke } = app(run, { idempotency: named, isPartitioned: true })
    await invoke('acme:1')
    expect(await kv.get(key)).toBe('written')
    expect(await dedupe.look('@acme/placing/place:acme:1')).toMatchObject({ state: 'done' })
    key = 'other/stock'
    await expect(invoke('acme:2')).rejects.toMatchObject({
      cause: {
        code: 'EXACT004',
        message: expect.stringMatching(/"other".*begin the keys it uses with "acme\/"/),
      },
    })
    expect(await kv.get(key)).toBeNull()
    expect(await dedupe.look('@acme/placing/place:acme:2')).toEqual({ state: 'free' })
  })

  it.each(['', 'a/b', 'x'.repeat(513), '\ud800'])('%j names none', async (name) => {
    const idempotency: Kept = { key: '/id', atomic: true, partition: () => name }
    const { invoke } = app(() => null, { idempotency, isPartitioned: true })
    await expect(invoke('1')).rejects.toMatchObject({ cause: { code: 'IDEM_KEY', kind: 'InvalidInput' } })
  })

  it('a node that names none does not start there', () => {
    expect(() => app(() => null, { isPartitioned: true }).invoke('1')).toThrow(/add idempotency\.partition/)
  })
})
