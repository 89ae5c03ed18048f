/** Queue cases: signals, error shape, and the views nodes get. */
import { expect } from 'vitest'
import type { QueueConsumer, QueuePublisher } from '../../queue/contract.ts'
import { type ConformanceGroup, refused, viewOf } from '../conformance.ts'
import { type QueueSubject, receiveOne } from './subject.ts'

export const calls: ConformanceGroup<QueueSubject> = {
  name: 'calls',
  cases: [
    {
      name: 'a call whose signal has fired is Cancelled and does nothing',
      async run({ queue, info }) {
        const signal = AbortSignal.abort(new Error('gone'))
        await queue.send('held')
        const held = await receiveOne(queue)
        await refused(queue.send('x', { signal }), 'Cancelled')
        await refused(queue.sendBatch(['x'], { signal }), 'Cancelled')
        await refused(queue.receive({ signal }), 'Cancelled')
        await refused(queue.ack(held, { signal }), 'Cancelled')
        await refused(queue.retry(held, { signal }), 'Cancelled')
        if (info.features.renew) await refused(queue.renew(held, 1_000, { signal }), 'Cancelled')
        if (info.features.deadLetter) {
          await refused(queue.reject(held, { signal }), 'Cancelled')
          await refused(queue.deadLetters({ signal }), 'Cancelled')
        }
        expect(await queue.receive()).toEqual([])
        expect(await queue.ack(held)).toBe(true)
      },
    },
    {
      name: 'an error tells capability and operation, and its JSON holds no cause',
      async run({ queue }) {
        const error = await refused(queue.send(undefined), 'InvalidInput')
        expect(error.capability).toMatch(/^queue(:|$)/)
        expect(error.operation).toBe('send')
        expect(Object.keys(error.toJSON())).not.toContain('cause')
      },
    },
    {
      name: 'the publishing side cannot consume, the consuming side cannot publish',
      skip: notPortable,
      async run({ queue }) {
        const publisher = viewOf<QueuePublisher>(queue, 'publish')
        const consumer = viewOf<QueueConsumer>(queue, 'consume')
        await publisher?.send('x')
        expect(await consumer?.receive()).toMatchObject([{ body: 'x' }])
        for (const method of [
          'receive',
          'ack',
          'retry',
          'renew',
          'reject',
          'deadLetters',
          'listDeadLetters',
          'redrive',
        ])
          expect(publisher).not.toHaveProperty(method)
        for (const method of ['send', 'sendBatch']) expect(consumer).not.toHaveProperty(method)
      },
    },
    {
      name: 'calls of a run end with the signal of the run',
      skip: notPortable,
      async run({ queue }) {
        const publisher = viewOf<QueuePublisher>(queue, 'publish', AbortSignal.abort())
        const consumer = viewOf<QueueConsumer>(queue, 'consume', AbortSignal.abort())
        if (publisher === null || consumer === null) return expect.fail('a view is missing')
        await refused(publisher.send('x'), 'Cancelled')
        await refused(consumer.receive(), 'Cancelled')
        expect(await queue.receive()).toEqual([])
      },
    },
  ],
}

function notPortable({ queue }: QueueSubject): string | null {
  return viewOf(queue, 'publish') === null ? 'the queue is not made by createQueue' : null
}
