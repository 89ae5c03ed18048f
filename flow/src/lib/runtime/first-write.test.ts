import {
  CapabilityError,
  createDedupeStore,
  createKeyValue,
  createQueue,
  type DedupeDriver,
  type Layer,
  prefix,
  ResourceBag,
} from '@flowport/capabilities'
import { memoryDedupeDriver, memoryKvDriver, memoryQueueDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { node, type NodeContext } from '../node.ts'
import { problem } from '../http/problem.ts'
import { manual } from '../trigger.ts'
import { createRuntime } from './runtime.ts'

const Order = z.object({ id: z.string() })
type Context = NodeContext<{ readonly kv: 'write'; readonly queue: 'publish' }>

let clock: ManualClock
let ledger: DedupeDriver
let entries: ReturnType<typeof memoryKvDriver>
let messages: ReturnType<typeof memoryQueueDriver>
/** What the drivers were asked to write, in order. */
let writes: string[]

/** One database, unless `elsewhere` names another one for the entries and messages. */
function openStores({ elsewhere, maxBytes }: { elsewhere?: string; maxBytes?: number } = {}) {
  const beside = { clock, transaction: elsewhere ?? 'memory:one' }
  ledger = memoryDedupeDriver({ clock, transaction: 'memory:one' })
  entries = memoryKvDriver({ ...beside, ...(maxBytes === undefined ? {} : { maxBytes }) })
  messages = memoryQueueDriver(beside)
  writes = []
  const note = <D extends object>(driver: D, names: readonly (keyof D & string)[]) => {
    for (const name of names) {
      const original = driver[name] as (...given: unknown[]) => unknown
      const noted = (...given: unknown[]) => {
        writes.push(name)
        return original.apply(driver, given)
      }
      Object.defineProperty(driver, name, { value: noted })
    }
  }
  note(ledger, ['begin', 'renew', 'start', 'complete', 'release'])
  note(entries, ['put'])
}

beforeEach(() => {
  clock = new ManualClock()
  openStores()
})

/** A process over the stores. Without `itsClock` its time is the time of the stores. */
function process(
  run: (context: Context) => unknown,
  { layers = [], itsClock = clock }: { layers?: readonly Layer[]; itsClock?: ManualClock } = {},
) {
  const place = node('place', {
    input: Order,
    uses: { kv: 'write', queue: 'publish' },
    idempotency: { key: '/id', unknown: 'never', begins: 'effect', lease: '10s' },
    run: (_, context) => run(context),
  })
  const placing = flow('placing', {
    trigger: manual({ input: Order }),
    graph: (order, step) => step(place, order),
  })
  const bag = ResourceBag.empty()
    .with('dedupe', createDedupeStore(ledger))
    .with('kv', createKeyValue(entries, { clock, layers }))
    .with('queue', createQueue(messages))
  const runtime = createRuntime(bag, { clock: itsClock })
  return () => runtime.invoke(placing, { input: { id: 'a' } })
}

/** A process that makes `write` and then never ends. */
async function crashAfter(write: (context: Context) => Promise<unknown>): Promise<void> {
  const written = Promise.withResolvers<void>()
  const dying = async (context: Context) => {
    await write(context)
    written.resolve()
    return new Promise<never>(() => undefined)
  }
  void process(dying, { itsClock: new ManualClock() })()
  await written.promise
  await clock.advance(10_000)
}

const valueOf = async (key: string) => (await entries.get(key, {}))?.value

describe("the first write of a node with begins: 'effect', in the database of the ledger", () => {
  it('is one step of the ledger with the begin; writes after it go to their store', async () => {
    const once = process(async ({ kv }) => {
      await kv.get('price')
      const { version } = await kv.put('one', '1')
      await kv.put('one', '2', { ifVersion: version ?? '' })
    })
    await once()
    // `start` renews by itself.
    expect(writes).toEqual(['begin', 'start', 'renew', 'put', 'complete'])
    expect(await valueOf('one')).toBe('2')
  })

  it('leaves the key unknown when its process dies after it, and free when it dies before it', async () => {
    await crashAfter(({ kv }) => kv.get('a'))
    await crashAfter(({ kv }) => kv.put('a', '1'))
    const again = vi.fn()
    await expect(process(again)()).rejects.toMatchObject({ cause: { code: 'IDEM_UNKNOWN' } })
    expect(again).not.toHaveBeenCalled()
  })

  it.each([
    ['a put', ({ kv }: Context) => kv.put('old', 'late')],
    ['a put if absent', ({ kv }: Context) => kv.put('new', 'late', { ifAbsent: true })],
    ['a delete', ({ kv }: Context) => kv.delete('old')],
    ['a delete of many', ({ kv }: Context) => kv.deleteMany(['old', 'older'])],
    ['a message', ({ queue }: Context) => queue.send('late')],
  ])('is not made by a holder whose key was taken over while it slept: %s', async (_, write) => {
    await entries.put('old', 'kept', {})
    const entered = Promise.withResolvers<void>()
    const wake = Promise.withResolvers<void>()
    let isAborted = false
    const slow = async (context: Context) => {
      entered.resolve()
      await wake.promise
      await write(context).finally(() => {
        isAborted = context.signal.aborted
      })
    }
    const late = process(slow, { itsClock: new ManualClock() })()
    await entered.promise
    await clock.advance(10_000)
    await process(({ kv }) => kv.put('row', 'first'))()
    wake.resolve()
    await expect(late).rejects.toMatchObject({ cause: { code: 'IDEM_LEASE_LOST' } })
    expect(isAborted).toBe(true)
    expect(await valueOf('old')).toBe('kept')
    expect(await valueOf('new')).toBeUndefined()
    expect(await messages.receive(10, 1000, {})).toEqual([])
  })

  it.each([
    ['AlreadyExists', { ifAbsent: true }],
    ['ConditionNotMatch', { ifVersion: 'another' }],
  ] as const)(
    'whose condition does not hold says %s as ever, and begins nothing',
    async (kind, condition) => {
      await entries.put('taken', 'first', {})
      const place = vi.fn(({ kv }: Context) => kv.put('taken', 'second', condition))
      const refused = process(place)
      const error = { kind, capability: 'kv', operation: 'putConditional', key: 'taken', applied: 'no' }
      await expect(refused()).rejects.toMatchObject({ cause: error })
      expect(writes.slice(1)).toEqual(['begin', 'start', 'release'])
      await expect(refused()).rejects.toMatchObject({ cause: error })
      expect(place).toHaveBeenCalledTimes(2)
      expect(await valueOf('taken')).toBe('first')
      // A process that dies after the refusal leaves the key free, as no effect began.
      await crashAfter(({ kv }) => kv.put('taken', 'second', condition).catch(() => undefined))
      expect(await process(() => 'free')()).toBe('free')
    },
  )

  it('follows a refused one: it begins the effect then', async () => {
    await entries.put('taken', 'first', {})
    await crashAfter(async ({ kv }) => {
      await kv.put('taken', 'second', { ifAbsent: true }).catch(() => undefined)
      await kv.put('other', '1', { ifAbsent: true })
    })
    await expect(process(() => 'again')()).rejects.toMatchObject({ cause: { code: 'IDEM_UNKNOWN' } })
    expect(await valueOf('other')).toBe('1')
  })

  it('that its store refuses for another reason is not made, and the key is free', async () => {
    openStores({ maxBytes: 10 })
    const full = process(({ kv }) => kv.put('large', '0123456789'))
    await expect(full()).rejects.toMatchObject({ cause: { kind: 'LimitExceeded', applied: 'no' } })
    expect(await process(() => 'free')()).toBe('free')
  })

  it('decides with a problem that follows it: the problem is stored', async () => {
    const run = vi.fn(async ({ kv }: Context) => {
      await kv.put('row', '1')
      throw problem({ status: 409, code: 'SOLD_OUT', title: 'sold out' })
    })
    const deciding = process(run)
    for (let calls = 0; calls < 2; calls++)
      await expect(deciding()).rejects.toMatchObject({ cause: { code: 'SOLD_OUT' } })
    expect(run).toHaveBeenCalledTimes(1)
  })

  it('may be one of two at once: both are made', async () => {
    await process(({ kv }) => Promise.all([kv.put('one', '1'), kv.put('two', '2')]))()
    expect(await valueOf('one')).toBe('1')
    expect(await valueOf('two')).toBe('2')
  })

  it('may be a message, which has the id it is delivered with', async () => {
    const sent = await process(({ queue }) => queue.sendBatch(['one', 'two']))()
    const received = await messages.receive(10, 1000, {})
    expect(received.map(({ body }) => body)).toEqual(['"one"', '"two"'])
    expect(sent).toEqual(received.map(({ id }) => ({ id })))
    expect(writes).toEqual(['begin', 'start', 'renew', 'complete'])
  })

  it('is preceded by the begin where it takes a message: that is no part of a transaction', async () => {
    messages.send(['"one"'], 0, {})
    const take = node('take', {
      input: Order,
      uses: { queue: 'consume' },
      idempotency: { key: '/id', unknown: 'never', begins: 'effect' },
      async run(_, { queue }) {
        const [message] = await queue.receive()
        return message !== undefined && queue.ack(message)
      },
    })
    const taking = flow('taking', {
      trigger: manual({ input: Order }),
      graph: (order, step) => step(take, order),
    })
    const bag = ResourceBag.empty()
      .with('dedupe', createDedupeStore(ledger))
      .with('queue', createQueue(messages))
    expect(await createRuntime(bag, { clock }).invoke(taking, { input: { id: 'a' } })).toBe(true)
    expect(writes).toEqual(['begin', 'renew', 'complete'])
  })

  it('goes through the layers of its store', async () => {
    await process(({ kv }) => kv.put('row', '1', { ttlSeconds: 60, metadata: { n: 1 } }), {
      layers: [prefix('tenant/')],
    })()
    expect(await entries.get('tenant/row', {})).toMatchObject({ value: '1', metadata: { n: 1 } })
  })

  it('follows effect() as a write like any other', async () => {
    await process(async ({ effect, kv }) => {
      await effect(() => undefined)
      await kv.put('row', '1')
    })()
    expect(writes).toEqual(['begin', 'renew', 'put', 'complete'])
  })

  it('is not made after the attempt has ended', async () => {
    let late: Promise<unknown> = Promise.resolve()
    const leaving = process(({ kv }) => {
      late = Promise.resolve().then(() => clock.sleep(1).then(() => kv.put('late', '1')))
      late.catch(() => undefined)
      throw new CapabilityError('Unavailable', 'not now', { applied: 'no' })
    })
    await expect(leaving()).rejects.toMatchObject({ cause: { kind: 'Unavailable' } })
    await clock.advance(1)
    await expect(late).rejects.toMatchObject({ code: 'IDEM_LEASE_LOST' })
    expect(await valueOf('late')).toBeUndefined()
  })
})

describe("the first write of a node with begins: 'effect' comes after a step of the ledger that records the begin", () => {
  it('in another database', async () => {
    openStores({ elsewhere: 'memory:two' })
    await process(({ kv }) => kv.put('row', '1'))()
    expect(writes).toEqual(['begin', 'renew', 'put', 'complete'])
  })

  it('where only what is in one partition is written together', async () => {
    Object.defineProperty(ledger, 'info', { value: { ...ledger.info, partitioned: true } })
    await process(({ kv }) => kv.put('row', '1'))()
    expect(writes).toEqual(['begin', 'renew', 'put', 'complete'])
  })

  it('where the ledger does not state features.startsWithWrites', async () => {
    Object.defineProperty(ledger, 'info', { value: { ...ledger.info, features: { unknowns: true } } })
    await process(({ kv }) => kv.put('row', '1'))()
    expect(writes).toEqual(['begin', 'renew', 'put', 'complete'])
  })
})
