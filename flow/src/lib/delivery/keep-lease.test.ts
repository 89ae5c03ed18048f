/** Deliveries that outlive their lease keep it, and what comes again runs its keyed nodes under the same keys. */
import {
  CapabilityError,
  createDedupeStore,
  createQueue,
  type Logger,
  type QueueMessage,
  ResourceBag,
} from '@flowport/capabilities'
import { memoryDedupeDriver, memoryQueueDriver } from '@flowport/capabilities/memory'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { flow } from '../flow.ts'
import { type Metadata, node } from '../node.ts'
import { createRuntime } from '../runtime/runtime.ts'
import { cron, queue as queueTrigger } from '../trigger.ts'
import { cronJobs, queueConsumers } from './consumers.ts'
import { heldMessage } from './held.ts'
import { type DeliveredMessage, deliverMessage } from './message.ts'
import { deliverSchedule } from './schedule.ts'

const Order = z.object({ id: z.string() })

/** A flow over a memory queue and ledger; its one node charges under `key`, and then does `work`. */
function setUp(work: () => unknown, key: (order: unknown, metadata: Metadata) => string = () => 'key') {
  const clock = new ManualClock()
  const queue = createQueue(memoryQueueDriver({ clock }))
  const dedupe = createDedupeStore(memoryDedupeDriver({ clock }))
  const runtime = createRuntime(ResourceBag.empty().with('dedupe', dedupe), { clock })
  const charges: string[] = []
  const charge = node('charge', {
    input: Order,
    idempotency: { key, unknown: 'never' },
    run: async ({ id }) => {
      charges.push(id)
      await work()
      return id
    },
  })
  const orders = flow('orders', {
    trigger: queueTrigger('orders', { input: Order, deadline: '10m' }),
    graph: (order, step) => step(charge, order),
  })
  const [consumer] = queueConsumers({ flows: [orders] })
  if (consumer === undefined) throw new Error('the flow is no consumer')
  const logged: unknown[] = []
  const at = (level: string) => (_: unknown, text?: string) => void logged.push(`${level}: ${text}`)
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } as Logger
  const leaseMs = 9_000
  const take = async () => {
    const [message] = await queue.receive({ leaseMs })
    return message ?? expect.fail('no message is ready')
  }
  const deliver = (message: QueueMessage, changed: Partial<DeliveredMessage> = {}) =>
    deliverMessage(
      runtime,
      consumer,
      { ...heldMessage(queue, message), ...changed },
      { log, clock, leaseMs, random: () => 0 },
    )
  return { clock, queue, runtime, charges, logged, take, deliver }
}

const later = (clock: () => ManualClock, ms: number) => () => clock().sleep(ms)

describe('a delivery that outlives its lease', () => {
  it('renews the lease until it has ended, and then no more', async () => {
    const { clock, queue, take, deliver } = setUp(later(() => clock, 60_000))
    await queue.send({ id: 'a' })
    const delivery = deliver(await take())
    for (let waited = 0; waited < 59_000; waited += 1_000) {
      await clock.advance(1_000)
      expect(await queue.receive()).toEqual([])
    }
    await clock.advance(1_000)
    expect(await delivery).toEqual({ outcome: 'done' })
    expect(clock.sleeping).toBe(0)
    await clock.advance(60_000)
    expect(await queue.receive()).toEqual([])
  })

  it('says so once when the message went to another receiver, and is unsettled', async () => {
    const { clock, queue, logged, take, deliver } = setUp(later(() => clock, 30_000))
    await queue.send({ id: 'a' })
    let asked = 0
    const renew = () => {
      asked += 1
      return false
    }
    const delivery = deliver(await take(), { renew })
    await clock.advance(9_000)
    expect(await queue.receive({ leaseMs: 600_000 })).toHaveLength(1)
    await clock.advance(21_000)
    expect(await delivery).toMatchObject({ outcome: 'unsettled' })
    expect(asked).toBe(1)
    expect(logged).toEqual([
      'warn: the lease of a message was lost while it was worked on: another receiver may have it',
      'warn: a message of orders took longer than its lease and is delivered again',
    ])
  })

  it('tries again after a renewal that failed', async () => {
    const { clock, queue, logged, take, deliver } = setUp(later(() => clock, 30_000))
    await queue.send({ id: 'a' })
    const message = await take()
    let asked = 0
    const delivery = deliver(message, {
      renew: (leaseMs) => {
        asked += 1
        if (asked === 1) throw new CapabilityError('Unavailable', 'the queue is away')
        return queue.renew(message, leaseMs)
      },
    })
    await clock.advance(30_000)
    expect(await delivery).toEqual({ outcome: 'done' })
    expect(logged).toEqual([expect.stringMatching(/^warn: the lease of a message was not renewed: .*away/)])
  })
})

describe('keys out of the message', () => {
  const byMessage = (_: unknown, metadata: Metadata) =>
    `${String(metadata['queue.name'])}/${String(metadata['queue.message_id'])}`

  it('are the same when a message comes again, so that its effect is made once', async () => {
    const { clock, queue, charges, take, deliver } = setUp(() => undefined, byMessage)
    await queue.send({ id: 'a' })
    // The ack is lost: the message comes again when its lease ends.
    const lost = await deliver(await take(), {
      ack: () => Promise.reject(new CapabilityError('Unavailable', 'the connection was reset')),
    })
    expect(lost).toMatchObject({ outcome: 'unsettled' })
    await clock.advance(9_000)
    const again = await take()
    expect(again.attempt).toBe(2)
    expect(await deliver(again)).toEqual({ outcome: 'done' })
    expect(charges).toEqual(['a'])
  })

  it('differ for two messages of the same content', async () => {
    const { queue, charges, take, deliver } = setUp(() => undefined, byMessage)
    await queue.sendBatch([{ id: 'a' }, { id: 'a' }])
    await deliver(await take())
    await deliver(await take())
    expect(charges).toEqual(['a', 'a'])
  })

  it('of a schedule are those of its moment, however often it is delivered', async () => {
    const { runtime } = setUp(() => undefined)
    const reports: unknown[] = []
    const report = node('report', {
      input: z.object({ cron: z.string() }),
      idempotency: {
        key: (_, metadata) => `report/${String(metadata['cron.scheduled_at'])}`,
        unknown: 'never',
      },
      run: (_, { metadata }) => void reports.push(metadata['cron.scheduled_at']),
    })
    const nightly = flow('nightly', { trigger: cron('0 3 * * *'), graph: (tick, step) => step(report, tick) })
    const [job] = cronJobs({ flows: [nightly] })
    if (job === undefined) throw new Error('the flow has no schedule')
    for (const day of [1, 1, 2])
      expect(
        await deliverSchedule(runtime, job, { scheduledAt: new Date(Date.UTC(2030, 0, day, 3)) }),
      ).toEqual({ ok: true })
    expect(reports).toEqual(['2030-01-01T03:00:00.000Z', '2030-01-02T03:00:00.000Z'])
  })
})
