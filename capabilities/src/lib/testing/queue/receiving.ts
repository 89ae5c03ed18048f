/** Queue cases: who gets which message, in what order, how many at once. */
import { expect } from 'vitest'
import { type ConformanceGroup, refused } from '../conformance.ts'
import { bodiesOf, needsOrder, type QueueSubject, receiveAll, receiveOne } from './subject.ts'

export const receiving: ConformanceGroup<QueueSubject> = {
  name: 'receiving',
  cases: [
    {
      name: 'an empty queue gives an empty array',
      async run({ queue }) {
        expect(await queue.receive()).toEqual([])
        expect(await queue.receive({ limit: 1 })).toEqual([])
      },
    },
    {
      name: 'one message is taken unless more are asked for, and never more than there are',
      skip: ({ info }) => (info.limits.maxBatchMessages >= 3 ? null : 'the store takes fewer than 3 at once'),
      async run(subject) {
        const { queue } = subject
        await queue.sendBatch([1, 2, 3, 4])
        expect(await queue.receive()).toHaveLength(1)
        expect(await queue.receive({ limit: 2 })).toHaveLength(2)
        expect(await queue.receive({ limit: 3 })).toHaveLength(1)
        expect(await queue.receive({ limit: 3 })).toEqual([])
      },
    },
    {
      name: 'messages come in the order they were sent',
      skip: needsOrder,
      async run({ queue, info }) {
        await queue.send(0)
        await queue.sendBatch([1, 2, 3])
        await queue.send(4)
        await queue.sendBatch([5, 6])
        const limit = Math.min(2, info.limits.maxBatchMessages)
        expect((await receiveAll(queue, { limit })).map(({ body }) => body)).toEqual([0, 1, 2, 3, 4, 5, 6])
      },
    },
    {
      name: 'a thousand messages keep their order',
      skip: needsOrder,
      async run({ queue, info }) {
        const bodies = Array.from({ length: 1000 }, (_, i) => i)
        await queue.sendBatch(bodies)
        const limit = Math.min(64, info.limits.maxBatchMessages)
        expect((await receiveAll(queue, { limit })).map(({ body }) => body)).toEqual(bodies)
      },
    },
    {
      name: 'a message that is leased is not given to another receiver',
      async run({ queue }) {
        await queue.send('mine')
        await receiveOne(queue)
        expect(await queue.receive()).toEqual([])
      },
    },
    {
      name: '32 receivers at once get each of 200 messages once',
      async run(subject) {
        const { queue, info } = subject
        const bodies = Array.from({ length: 200 }, (_, i) => i)
        await queue.sendBatch(bodies)
        const limit = Math.min(3, info.limits.maxBatchMessages)
        const taken = await Promise.all(Array.from({ length: 32 }, () => receiveAll(queue, { limit })))
        const all = taken.flat()
        expect(all.map(({ body }) => Number(body)).toSorted((a, b) => a - b)).toEqual(bodies)
        expect(all.every(({ attempt }) => attempt === 1)).toBe(true)
        expect(new Set(all.map(({ receipt }) => receipt)).size).toBe(200)
      },
    },
    {
      name: '32 receivers that race for one message: one gets it',
      async run({ queue }) {
        await queue.send('only')
        const taken = await Promise.all(Array.from({ length: 32 }, () => queue.receive()))
        expect(taken.flat()).toHaveLength(1)
      },
    },
    {
      name: 'senders and receivers at the same time lose and double nothing',
      async run(subject) {
        const { queue } = subject
        const sending = Promise.all(Array.from({ length: 100 }, (_, i) => queue.send(i)))
        const early = await Promise.all(Array.from({ length: 16 }, () => queue.receive()))
        await sending
        const late = await receiveAll(queue)
        const bodies = [...early.flat(), ...late].map(({ body }) => Number(body)).toSorted((a, b) => a - b)
        expect(bodies).toEqual(Array.from({ length: 100 }, (_, i) => i))
      },
    },
    {
      name: 'a limit that is no whole number from 1 to the maximum is InvalidInput and takes nothing',
      async run({ queue, info }) {
        await queue.send('stays')
        for (const bad of [0, -1, 1.5, Number.NaN, info.limits.maxBatchMessages + 1]) {
          if (bad === Infinity) continue
          await refused(queue.receive({ limit: bad }), 'InvalidInput')
        }
        expect(await queue.receive({ limit: Math.min(100, info.limits.maxBatchMessages) })).toHaveLength(1)
      },
    },
    {
      name: 'a lease that is not positive and finite is InvalidInput and takes nothing',
      async run({ queue }) {
        await queue.send('stays')
        for (const bad of [0, -1, Number.NaN, Infinity])
          await refused(queue.receive({ leaseMs: bad }), 'InvalidInput')
        await receiveOne(queue)
      },
    },
    {
      name: 'ack removes the message, and only that one',
      async run(subject) {
        const { queue } = subject
        await queue.sendBatch([1, 2])
        const first = await receiveOne(queue)
        expect(await queue.ack(first)).toBe(true)
        expect(await receiveAll(queue)).toHaveLength(1)
      },
    },
    {
      name: 'a second ack is false, and so is retry after ack',
      async run({ queue }) {
        await queue.send('once')
        const message = await receiveOne(queue)
        expect(await queue.ack(message)).toBe(true)
        expect(await queue.ack(message)).toBe(false)
        expect(await queue.retry(message)).toBe(false)
        expect(await queue.receive()).toEqual([])
      },
    },
    {
      name: 'a receipt that was never given acks and retries nothing',
      async run(subject) {
        const { queue } = subject
        await queue.send(1)
        const message = await receiveOne(queue)
        for (const receipt of ['', 'other']) {
          expect(await queue.ack({ ...message, receipt })).toBe(false)
          expect(await queue.retry({ ...message, receipt })).toBe(false)
        }
        expect(await queue.ack({ ...message, id: 'other' })).toBe(false)
        expect(await queue.ack(message)).toBe(true)
        expect(bodiesOf(subject, await receiveAll(queue))).toEqual([])
      },
    },
  ],
}
