import {
  createKeyValue,
  createQueue,
  CapabilityError,
  type Logger,
  ResourceBag,
} from '@flowport/capabilities'
import { memoryKvDriver, memoryQueueDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { type Metadata, node, type RunContext } from '../node.ts'
import { createRuntime } from '../runtime/runtime.ts'
import { cron, queue as queueTrigger, type QueueOptions } from '../trigger.ts'
import { deliverBatch } from './batch.ts'
import { cronJobs, jobsFor, queueConsumers } from './consumers.ts'
import { heldMessage } from './held.ts'
import { type DeliveredMessage, deliverMessage } from './message.ts'
import { deliverSchedule } from './schedule.ts'

const Order = z.object({ id: z.string(), amount: z.coerce.number() })
type Order = z.output<typeof Order>

/** A flow `orders` over a memory queue; `work` is its one node. */
function setUp(
  work: (order: Order, context: RunContext) => unknown,
  { store = 5, ...options }: Partial<QueueOptions<typeof Order>> & { store?: number } = {},
) {
  const clock = new ManualClock()
  const queue = createQueue(memoryQueueDriver({ clock, maxAttempts: store }))
  const kv = createKeyValue(memoryKvDriver({ clock }))
  const bag = ResourceBag.empty().with('queue:orders', queue).with('kv', kv)
  const runtime = createRuntime(bag, { clock })
  const handle = node('handle', { input: Order, run: (order, context) => work(order, context) })
  const orders = flow('orders', {
    trigger: queueTrigger('orders', { input: Order, backoff: '2s', ...options }),
    graph: (order, step) => step(handle, order),
  })
  const [consumer] = queueConsumers({ flows: [orders] })
  if (consumer === undefined) throw new Error('the flow is no consumer')
  const take = async (limit = 10, leaseMs = 60_000) =>
    (await queue.receive({ limit, leaseMs })).map((message) => heldMessage(queue, message))
  const round = async () => deliverBatch(runtime, consumer, await take(), { random: () => 0.5 })
  return { clock, queue, kv, runtime, consumer, take, round }
}

const none = { done: 0, retried: 0, rejected: 0, returned: 0, unsettled: 0 }

describe('deliverBatch', () => {
  it('runs the flow with every message and acks it', async () => {
    const seen: unknown[] = []
    const { queue, round } = setUp((order, { metadata }) => seen.push([order, pick(metadata)]))
    await queue.sendBatch([
      { id: 'a', amount: '3' },
      { id: 'b', amount: 4 },
    ])
    expect(await round()).toEqual({ ...none, done: 2 })
    expect(seen).toEqual([
      [
        { id: 'a', amount: 3 },
        { name: 'orders', id: '1', attempt: 1, sentAt: '2030-01-01T00:00:00.000Z' },
      ],
      [
        { id: 'b', amount: 4 },
        { name: 'orders', id: '2', attempt: 1, sentAt: '2030-01-01T00:00:00.000Z' },
      ],
    ])
    expect(await queue.receive()).toEqual([])
    expect(await queue.deadLetters()).toEqual([])
  })

  it('lets a message that fails wait, and the others pass', async () => {
    const done: string[] = []
    let isDown = true
    const { clock, queue, round } = setUp(({ id }) => {
      if (id === 'b' && isDown)
        throw new CapabilityError('Unavailable', 'the shop is closed', { retryAfterMs: 3_000 })
      done.push(id)
    })
    await queue.sendBatch(['a', 'b', 'c'].map((id) => ({ id, amount: 1 })))
    expect(await round()).toEqual({ ...none, done: 2, retried: 1 })
    expect(done).toEqual(['a', 'c'])
    isDown = false
    // 3 s as the store asked, and half of the 2 s backoff.
    await clock.advance(3_999)
    expect(await round()).toEqual(none)
    await clock.advance(1)
    expect(await round()).toEqual({ ...none, done: 1 })
    expect(done).toEqual(['a', 'c', 'b'])
  })

  it('sets aside at once what does not fit', async () => {
    const { queue, round } = setUp(() => expect.fail('the flow must not run'))
    await queue.send({ id: 7 })
    expect(await round()).toEqual({ ...none, rejected: 1 })
    expect(await queue.deadLetters()).toMatchObject([{ body: { id: 7 }, attempt: 1 }])
  })

  it('sets aside what keeps failing: after the attempts of the trigger', async () => {
    const attempts: unknown[] = []
    const { clock, queue, round } = setUp(
      (_, { metadata }) => {
        attempts.push(metadata['queue.attempt'])
        throw new Error('bug')
      },
      { maxAttempts: 3 },
    )
    await queue.send({ id: 'a', amount: 1 })
    const outcomes = []
    for (let turn = 0; turn < 6; turn++) {
      outcomes.push(await round())
      await clock.advance(60_000)
    }
    expect(attempts).toEqual([1, 2, 3])
    expect(outcomes.slice(0, 4)).toEqual([
      { ...none, retried: 1 },
      { ...none, retried: 1 },
      { ...none, rejected: 1 },
      none,
    ])
    expect(await queue.deadLetters()).toMatchObject([{ body: { id: 'a' }, attempt: 3 }])
  })

  it('sets aside what keeps failing: after those of the queue, where the trigger names none', async () => {
    const { clock, queue, round } = setUp(
      () => {
        throw new Error('bug')
      },
      { store: 2 },
    )
    await queue.send({ id: 'a', amount: 1 })
    await round()
    await clock.advance(60_000)
    await round()
    expect(await queue.deadLetters()).toMatchObject([{ attempt: 2 }])
  })

  it('works on as many at a time as the trigger says, and acks in the order they end', async () => {
    const gates = new Map<string, () => void>()
    let active = 0
    let most = 0
    const { clock, queue, runtime, consumer, take } = setUp(
      async ({ id }) => {
        active += 1
        most = Math.max(most, active)
        await new Promise<void>((open) => gates.set(id, open))
        active -= 1
      },
      { concurrency: 2 },
    )
    await queue.sendBatch(['a', 'b', 'c', 'd'].map((id) => ({ id, amount: 1 })))
    const acked: unknown[] = []
    const messages = (await take()).map((message) => ({
      ...message,
      ack: () => {
        acked.push((message.body as Order).id)
        return message.ack()
      },
    }))
    const batch = deliverBatch(runtime, consumer, messages)
    for (const id of ['b', 'c', 'd', 'a']) {
      await clock.advance(0)
      expect(gates.has(id)).toBe(true)
      gates.get(id)?.()
    }
    expect(await batch).toEqual({ ...none, done: 4 })
    expect(acked).toEqual(['b', 'c', 'd', 'a'])
    expect(most).toBe(2)
  })

  it('gives back what a closing runtime stops, and what it no longer takes', async () => {
    const { clock, queue, runtime, consumer, take } = setUp(({ id }, { signal }) => {
      if (id === 'quick') return
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error)),
      )
    })
    await queue.sendBatch(['long', 'quick', 'late'].map((id) => ({ id, amount: 1 })))
    const [long, quick, late] = await take()
    const deliver = (message: DeliveredMessage | undefined) =>
      deliverMessage(runtime, consumer, message as DeliveredMessage)
    const working = deliver(long)
    expect(await deliver(quick)).toEqual({ outcome: 'done' })
    const closing = runtime.close()
    expect(await deliver(late)).toMatchObject({ outcome: 'returned', error: { failure: 'Draining' } })
    await clock.advance(10_000)
    await closing
    expect(await working).toMatchObject({ outcome: 'returned', error: { failure: 'Cancelled' } })
    expect((await queue.receive({ limit: 10 })).map(({ body }) => (body as Order).id)).toEqual([
      'long',
      'late',
    ])
  })

  it('fails a delivery that passes the deadline of its trigger, and signals its nodes', async () => {
    let isTold = false
    const { clock, queue, runtime, consumer, take } = setUp(
      (_, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => (isTold = true))
        }),
      { deadline: '20ms' },
    )
    await queue.send({ id: 'a', amount: 1 })
    const [message] = await take()
    const delivery = deliverMessage(runtime, consumer, message as DeliveredMessage, { random: () => 0 })
    await clock.advance(20)
    expect(await delivery).toMatchObject({ outcome: 'retried', delayMs: 0, error: { code: 'TIME015' } })
    expect(isTold).toBe(true)
  })
})

describe('deliverMessage', () => {
  it('tells when the lease had ended before the message was settled', async () => {
    const { clock, queue, runtime, consumer, take } = setUp(() => undefined)
    await queue.send({ id: 'a', amount: 1 })
    const [message] = await take(1, 1_000)
    await clock.advance(1_000)
    expect(await take()).toHaveLength(1)
    const logged: unknown[] = []
    const log = logTo(logged)
    const delivery = await deliverMessage(runtime, consumer, message as DeliveredMessage, { log })
    expect(delivery).toMatchObject({ outcome: 'unsettled' })
    expect(logged).toEqual([['warn', { flow: 'orders', queue: 'orders', messageId: '1', attempt: 1 }]])
  })

  it('does not reject when the queue cannot be told', async () => {
    const { runtime, consumer } = setUp(() => undefined)
    const error = new CapabilityError('Unavailable', 'the queue is away')
    const logged: unknown[] = []
    const delivery = await deliverMessage(
      runtime,
      consumer,
      {
        id: '1',
        body: { id: 'a', amount: 1 },
        attempt: 1,
        sentAt: new Date(0),
        ack: () => Promise.reject(error),
        retry: () => expect.fail('it worked'),
      },
      { log: logTo(logged) },
    )
    expect(delivery).toEqual({ outcome: 'unsettled', error })
    expect(logged).toMatchObject([['error', { err: error }]])
  })

  it('settles with hosts whose ack and retry say nothing', async () => {
    const { runtime, consumer } = setUp(({ id }) => {
      if (id === 'bad') throw new Error('bug')
    })
    const calls: unknown[] = []
    const message = (id: string): DeliveredMessage => ({
      id,
      body: { id, amount: 1 },
      attempt: 1,
      sentAt: new Date(0),
      ack: () => void calls.push(['ack', id]),
      retry: ({ delayMs }) => void calls.push(['retry', id, delayMs]),
    })
    const options = { random: () => 0.25 }
    expect(await deliverMessage(runtime, consumer, message('good'), options)).toEqual({ outcome: 'done' })
    expect(await deliverMessage(runtime, consumer, message('bad'), options)).toMatchObject({
      outcome: 'retried',
    })
    expect(calls).toEqual([
      ['ack', 'good'],
      ['retry', 'bad', 500],
    ])
  })
})

describe('deliverSchedule', () => {
  const seen: unknown[] = []
  const note = node('note', {
    input: z.object({ at: z.date() }),
    run: (tick, { metadata }) => {
      seen.push([tick, metadata['cron.expression'], metadata['cron.scheduled_at']])
    },
  })
  const Tick = z
    .object({ scheduledAt: z.string() })
    .transform(({ scheduledAt }) => ({ at: new Date(scheduledAt) }))
  const nightly = flow('nightly', {
    trigger: cron('0 3 * * *', { input: Tick }),
    graph: (tick, step) => step(note, tick),
  })
  const failing = flow('failing', {
    trigger: cron('0  3 * * *'),
    graph: (tick, step) =>
      step(
        node('fail', {
          input: z.object({ scheduledAt: z.string(), cron: z.string() }),
          run: ({ cron }) => {
            throw new Error(`no ${cron}`)
          },
        }),
        tick,
      ),
  })
  const scheduledAt = new Date('2030-01-02T03:00:00Z')

  it('hands the moment to every job of the expression', async () => {
    const jobs = cronJobs({ flows: [nightly, failing] })
    expect(jobsFor(jobs, '0 3 * * *').map(({ flow: { name } }) => name)).toEqual(['nightly', 'failing'])
    expect(jobsFor(jobs, '1 3 * * *')).toEqual([])
    const runtime = createRuntime(ResourceBag.empty())
    const logged: unknown[] = []
    const outcomes = []
    for (const job of jobs)
      outcomes.push(await deliverSchedule(runtime, job, { scheduledAt, log: logTo(logged) }))
    expect(outcomes).toMatchObject([{ ok: true }, { ok: false, error: { failure: 'NodeFailed' } }])
    expect(seen).toEqual([[{ at: scheduledAt }, '0 3 * * *', '2030-01-02T03:00:00.000Z']])
    expect(logged).toMatchObject([
      ['error', { flow: 'failing', scheduledAt: '2030-01-02T03:00:00.000Z', cron: '0 3 * * *' }],
    ])
  })
})

function pick(metadata: Metadata) {
  const of = (key: string) => metadata[`queue.${key}`]
  return { name: of('name'), id: of('message_id'), attempt: of('attempt'), sentAt: of('sent_at') }
}

function logTo(entries: unknown[]): Logger {
  const at = (level: string) => (facts: unknown) => void entries.push([level, facts])
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as Logger
}
