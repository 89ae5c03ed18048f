/** Queue cases: messages that failed too often are set aside. */
import { expect } from 'vitest'
import { type ConformanceGroup, refused } from '../conformance.ts'
import {
  allOf,
  needsDeadLetters,
  needsManualClock,
  type QueueSubject,
  receiveAll,
  receiveOne,
} from './subject.ts'

export const deadLetters: ConformanceGroup<QueueSubject> = {
  name: 'dead letters',
  cases: [
    {
      name: 'a message retried past the attempts is set aside, as it was sent',
      skip: needsDeadLetters,
      async run({ queue, maxAttempts }) {
        const { id } = await queue.send({ poison: true })
        for (let attempt = 1; attempt <= maxAttempts; attempt++) {
          expect(await queue.deadLetters()).toEqual([])
          const message = await receiveOne(queue)
          expect(message.attempt).toBe(attempt)
          expect(await queue.retry(message)).toBe(true)
        }
        expect(await queue.receive()).toEqual([])
        const dead = await queue.deadLetters()
        expect(dead).toMatchObject([{ id, body: { poison: true }, attempt: maxAttempts }])
        expect(dead[0]?.sentAt).toBeInstanceOf(Date)
      },
    },
    {
      name: 'a message whose last lease ends is set aside',
      skip: allOf(needsDeadLetters, needsManualClock),
      async run({ queue, maxAttempts, shortMs, pass }) {
        await queue.send('x')
        for (let attempt = 1; attempt <= maxAttempts; attempt++) {
          await receiveOne(queue, { leaseMs: shortMs })
          expect(await queue.deadLetters()).toEqual([])
          await pass(shortMs)
        }
        expect(await queue.receive()).toEqual([])
        expect(await queue.deadLetters()).toHaveLength(1)
      },
    },
    {
      name: 'a rejected message is set aside at once, as it was sent, and does not come back',
      skip: needsDeadLetters,
      async run({ queue }) {
        const { id } = await queue.send({ poison: true })
        const message = await receiveOne(queue)
        expect(await queue.reject(message)).toBe(true)
        expect(await queue.receive()).toEqual([])
        expect(await queue.deadLetters()).toMatchObject([{ id, body: { poison: true }, attempt: 1 }])
        expect(await queue.reject(message)).toBe(false)
        expect(await queue.ack(message)).toBe(false)
        expect(await queue.deadLetters()).toHaveLength(1)
      },
    },
    {
      name: 'who lost the lease cannot reject what another receiver holds',
      skip: allOf(needsDeadLetters, needsManualClock),
      async run({ queue, shortMs, pass }) {
        await queue.send('x')
        const late = await receiveOne(queue, { leaseMs: shortMs })
        await pass(shortMs)
        const held = await receiveOne(queue)
        expect(await queue.reject(late)).toBe(false)
        expect(await queue.deadLetters()).toEqual([])
        expect(await queue.ack(held)).toBe(true)
      },
    },
    {
      name: 'the last attempt can still be acked',
      skip: needsDeadLetters,
      async run({ queue, maxAttempts }) {
        await queue.send('x')
        for (let attempt = 1; attempt < maxAttempts; attempt++) await queue.retry(await receiveOne(queue))
        expect(await queue.ack(await receiveOne(queue))).toBe(true)
        expect(await queue.deadLetters()).toEqual([])
        expect(await queue.receive()).toEqual([])
      },
    },
    {
      name: 'dead letters come oldest first, as many as asked for, and stay',
      skip: needsDeadLetters,
      async run({ queue, info, maxAttempts }) {
        for (const body of [1, 2, 3]) {
          await queue.send(body)
          for (let attempt = 1; attempt <= maxAttempts; attempt++) await queue.retry(await receiveOne(queue))
        }
        expect((await queue.deadLetters({ limit: 1 })).map(({ body }) => body)).toEqual([1])
        if (info.limits.maxBatchMessages >= 3) {
          expect((await queue.deadLetters({ limit: 3 })).map(({ body }) => body)).toEqual([1, 2, 3])
        }
        expect((await queue.deadLetters({ limit: 1 })).map(({ body }) => body)).toEqual([1])
      },
    },
    {
      name: 'a poisoned message does not hold up the others',
      skip: needsDeadLetters,
      async run({ queue, maxAttempts }) {
        await queue.sendBatch(['poison', 'good'])
        const done: unknown[] = []
        for (let round = 0; round < maxAttempts + 2; round++) {
          for (const message of await receiveAll(queue)) {
            if (message.body === 'poison') await queue.retry(message)
            else if (await queue.ack(message)) done.push(message.body)
            if (message.attempt > maxAttempts) return expect.fail('more attempts than allowed')
          }
        }
        expect(done).toEqual(['good'])
        expect(await queue.deadLetters()).toHaveLength(1)
      },
    },
    {
      name: 'a limit that is no whole number from 1 on is InvalidInput',
      skip: needsDeadLetters,
      async run({ queue }) {
        for (const bad of [0, -1, 1.5, Number.NaN])
          await refused(queue.deadLetters({ limit: bad }), 'InvalidInput')
      },
    },
    {
      name: 'rejecting, and asking for dead letters, is Unsupported where there are none',
      skip: ({ info }) => (info.features.deadLetter ? 'the queue states features.deadLetter: true' : null),
      async run({ queue }) {
        await queue.send('x')
        await refused(queue.reject(await receiveOne(queue)), 'Unsupported')
        await refused(queue.deadLetters(), 'Unsupported')
      },
    },
  ],
}
