/** Queue cases: messages that come back, because a lease ended or a receiver gave them back. */
import { expect } from 'vitest'
import { type ConformanceGroup, refused } from '../conformance.ts'
import {
  allOf,
  needsDelay,
  needsManualClock,
  needsOrder,
  needsRedelivery,
  needsRenew,
  needsToWait,
  type QueueSubject,
  receiveAll,
  receiveOne,
} from './subject.ts'

export const leases: ConformanceGroup<QueueSubject> = {
  name: 'leases',
  cases: [
    {
      name: 'a message whose lease has ended comes again, as the next attempt, under another receipt',
      skip: allOf(needsRedelivery, needsToWait),
      async run({ queue, shortMs, pass }) {
        const { id } = await queue.send({ a: 1 })
        const first = await receiveOne(queue, { leaseMs: shortMs })
        await pass(shortMs + 1)
        const second = await receiveOne(queue, { leaseMs: shortMs * 10 })
        expect(second).toMatchObject({ id, body: { a: 1 }, attempt: 2, sentAt: first.sentAt })
        expect(second.receipt).not.toBe(first.receipt)
      },
    },
    {
      name: 'one millisecond before its end the lease holds; at its end the message is there again',
      skip: allOf(needsRedelivery, needsManualClock),
      async run({ queue, shortMs, pass }) {
        await queue.send('x')
        await receiveOne(queue, { leaseMs: shortMs })
        await pass(shortMs - 1)
        expect(await queue.receive()).toEqual([])
        await pass(1)
        expect((await receiveOne(queue)).attempt).toBe(2)
      },
    },
    {
      name: 'a message that was acked does not come again',
      skip: needsToWait,
      async run({ queue, shortMs, pass }) {
        await queue.send('x')
        expect(await queue.ack(await receiveOne(queue, { leaseMs: shortMs }))).toBe(true)
        await pass(shortMs + 1)
        expect(await queue.receive()).toEqual([])
      },
    },
    {
      name: 'ack and retry are false once the lease has passed to another, and change nothing for it',
      skip: allOf(needsRedelivery, needsToWait),
      async run({ queue, shortMs, pass }) {
        await queue.send('x')
        const late = await receiveOne(queue, { leaseMs: shortMs })
        await pass(shortMs + 1)
        const holder = await receiveOne(queue, { leaseMs: shortMs * 100 })
        expect(await queue.ack(late)).toBe(false)
        expect(await queue.retry(late)).toBe(false)
        expect(await queue.receive()).toEqual([])
        expect(await queue.ack(holder)).toBe(true)
      },
    },
    {
      name: 'renew extends the lease from now, under the same receipt and attempt',
      skip: allOf(needsRenew, needsRedelivery, needsManualClock),
      async run({ queue, shortMs, pass }) {
        await queue.send('x')
        const held = await receiveOne(queue, { leaseMs: shortMs })
        for (let round = 0; round < 3; round++) {
          await pass(shortMs - 1)
          expect(await queue.renew(held, shortMs)).toBe(true)
        }
        await pass(shortMs - 1)
        expect(await queue.receive()).toEqual([])
        await pass(1)
        expect(await receiveOne(queue, { leaseMs: shortMs })).toMatchObject({ id: held.id, attempt: 2 })
      },
    },
    {
      name: 'renew can shorten a lease',
      skip: allOf(needsRenew, needsRedelivery, needsManualClock),
      async run({ queue, shortMs, pass }) {
        await queue.send('x')
        const held = await receiveOne(queue, { leaseMs: shortMs * 100 })
        expect(await queue.renew(held, shortMs)).toBe(true)
        await pass(shortMs)
        await receiveOne(queue)
      },
    },
    {
      name: 'a lease that ended can be renewed until another receiver takes the message',
      skip: allOf(needsRenew, needsRedelivery, needsToWait),
      async run({ queue, shortMs, pass }) {
        await queue.send('x')
        const late = await receiveOne(queue, { leaseMs: shortMs })
        await pass(shortMs + 1)
        expect(await queue.renew(late, shortMs * 100)).toBe(true)
        expect(await queue.receive()).toEqual([])
        expect(await queue.ack(late)).toBe(true)
      },
    },
    {
      name: 'renew is false for a message that was settled or went to another, and changes nothing for it',
      skip: allOf(needsRenew, needsRedelivery, needsToWait),
      async run({ queue, shortMs, pass }) {
        await queue.send('x')
        const late = await receiveOne(queue, { leaseMs: shortMs })
        await pass(shortMs + 1)
        const holder = await receiveOne(queue, { leaseMs: shortMs })
        expect(await queue.renew(late, shortMs * 100)).toBe(false)
        await pass(shortMs + 1)
        const last = await receiveOne(queue)
        expect(last.id).toBe(holder.id)
        expect(await queue.ack(last)).toBe(true)
        expect(await queue.renew(last, shortMs)).toBe(false)
      },
    },
    {
      name: 'renew is Unsupported where the queue cannot, and then changes nothing',
      skip: ({ info }) => (info.features.renew ? 'the queue states features.renew: true' : null),
      async run({ queue }) {
        await queue.send('x')
        const held = await receiveOne(queue)
        await refused(queue.renew(held, 1_000), 'Unsupported')
        expect(await queue.ack(held)).toBe(true)
      },
    },
    {
      name: 'each message has a lease of its own',
      skip: allOf(needsRedelivery, needsManualClock),
      async run({ queue, shortMs, pass }) {
        await queue.sendBatch(['short', 'long'])
        const [a] = await queue.receive({ leaseMs: shortMs })
        const [b] = await queue.receive({ leaseMs: shortMs * 3 })
        await pass(shortMs)
        expect((await receiveAll(queue, { leaseMs: shortMs * 10 })).map(({ id }) => id)).toEqual([a?.id])
        await pass(shortMs * 2)
        expect((await receiveAll(queue)).map(({ id }) => id)).toEqual([b?.id])
      },
    },
    {
      name: 'a message that comes again comes in its old place',
      skip: allOf(needsRedelivery, needsOrder, needsToWait),
      async run({ queue, shortMs, pass }) {
        await queue.sendBatch([1, 2, 3])
        await receiveOne(queue, { leaseMs: shortMs })
        await pass(shortMs + 1)
        expect((await receiveAll(queue)).map(({ body }) => body)).toEqual([1, 2, 3])
      },
    },
    {
      name: 'retry gives the message back at once, as the next attempt',
      skip: needsRedelivery,
      async run({ queue }) {
        await queue.send('x')
        const first = await receiveOne(queue)
        expect(await queue.retry(first)).toBe(true)
        expect(await queue.retry(first)).toBe(false)
        expect(await queue.ack(first)).toBe(false)
        expect((await receiveOne(queue)).attempt).toBe(2)
      },
    },
    {
      name: 'retry with a delay gives it back after that',
      skip: allOf(needsRedelivery, needsDelay, needsToWait),
      async run({ queue, shortMs, pass }) {
        await queue.send('x')
        expect(await queue.retry(await receiveOne(queue), { delayMs: shortMs })).toBe(true)
        expect(await queue.receive()).toEqual([])
        await pass(shortMs + 1)
        expect((await receiveOne(queue)).attempt).toBe(2)
      },
    },
    {
      name: 'a retry’s delay counts from now, not from the lease it ends',
      skip: allOf(needsRedelivery, needsDelay, needsManualClock),
      async run({ queue, shortMs, pass }) {
        await queue.send('x')
        const message = await receiveOne(queue, { leaseMs: shortMs })
        await pass(shortMs - 1)
        await queue.retry(message, { delayMs: shortMs })
        await pass(shortMs - 1)
        expect(await queue.receive()).toEqual([])
        await pass(1)
        await receiveOne(queue)
      },
    },
    {
      name: 'every lease that ends is a chance for one receiver only',
      skip: allOf(needsRedelivery, needsToWait),
      async run({ queue, shortMs, pass }) {
        await queue.sendBatch([1, 2, 3, 4])
        expect(await receiveAll(queue, { leaseMs: shortMs })).toHaveLength(4)
        await pass(shortMs + 1)
        const taken = await Promise.all(
          Array.from({ length: 32 }, () => queue.receive({ leaseMs: shortMs * 100 })),
        )
        expect(taken.flat().map(({ attempt }) => attempt)).toEqual([2, 2, 2, 2])
        expect(new Set(taken.flat().map(({ id }) => id)).size).toBe(4)
      },
    },
  ],
}
