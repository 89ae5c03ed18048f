/** Queue cases: what can be sent, how much, and when it arrives. */
import { expect } from 'vitest'
import { type ConformanceGroup, refused } from '../conformance.ts'
import {
  allOf,
  bodiesOf,
  needsDelay,
  needsManualClock,
  needsOrder,
  needsToWait,
  type QueueSubject,
  receiveAll,
  receiveOne,
} from './subject.ts'

const values: readonly unknown[] = [
  null,
  false,
  0,
  -1.5,
  '',
  '日本語 😀 \u0000 \u2028 "quoted" \\ \n',
  [],
  {},
  { nested: { deep: [{ a: 1 }, { b: 'ß' }] }, 'key with space': null },
]

const tooLarge = ({ info }: QueueSubject): string | null =>
  info.limits.maxMessageBytes <= 8 * 1024 * 1024 ? null : 'a message that large is too much for a test'

export const sending: ConformanceGroup<QueueSubject> = {
  name: 'sending',
  cases: [
    {
      name: 'any JSON value arrives as it was sent',
      async run({ queue }) {
        for (const value of values) {
          const { id } = await queue.send(value)
          const message = await receiveOne(queue)
          expect(message.id).toBe(id)
          expect(message.body).toEqual(value)
          expect(message.attempt).toBe(1)
          expect(await queue.ack(message)).toBe(true)
        }
      },
    },
    {
      name: 'a message tells when it was sent, also when it is received later',
      async run({ queue, clock, shortMs, pass }) {
        const before = clock?.now() ?? Date.now()
        await queue.send('first')
        if (clock !== null) await pass(shortMs)
        const { sentAt } = await receiveOne(queue)
        expect(sentAt).toBeInstanceOf(Date)
        // Stores with a clock of their own may be somewhat apart.
        expect(Math.abs(sentAt.getTime() - before)).toBeLessThanOrEqual(clock === null ? 5000 : 1000)
      },
    },
    {
      name: 'every message has an id of its own',
      async run({ queue, info }) {
        const single = [await queue.send('same'), await queue.send('same')]
        const batch = await queue.sendBatch(['same', 'same', 'same'])
        expect(new Set([...single, ...batch].map(({ id }) => id)).size).toBe(5)
        const received = await receiveAll(queue, { limit: Math.min(5, info.limits.maxBatchMessages) })
        expect(new Set(received.map(({ id }) => id))).toEqual(
          new Set([...single, ...batch].map(({ id }) => id)),
        )
      },
    },
    {
      name: 'the body is a copy: later changes by the sender are not seen, nor are those of a receiver',
      async run({ queue, shortMs }) {
        const body = { list: [1] }
        const sending = queue.send(body)
        body.list.push(2)
        await sending
        const first = await receiveOne(queue, { leaseMs: shortMs })
        expect(first.body).toEqual({ list: [1] })
        ;(first.body as typeof body).list.push(3)
        await queue.retry(first)
        expect((await receiveOne(queue)).body).toEqual({ list: [1] })
      },
    },
    {
      name: 'what JSON cannot say is InvalidInput and sends nothing',
      async run({ queue }) {
        const loop: { self?: unknown } = {}
        loop.self = loop
        for (const bad of [undefined, loop, 1n, () => 1, Symbol('s')]) {
          await refused(queue.send(bad), 'InvalidInput')
          await refused(queue.sendBatch(['good', bad]), 'InvalidInput')
        }
        expect(await queue.receive()).toEqual([])
      },
    },
    {
      name: 'a message as large as the limit arrives whole; one byte more is LimitExceeded and sends nothing',
      skip: tooLarge,
      async run({ queue, info }) {
        // A JSON text has two quotes; the é counts two bytes.
        const text = `é${'x'.repeat(info.limits.maxMessageBytes - 4)}`
        const error = await refused(queue.send(`${text}x`), 'LimitExceeded')
        expect(error.message).not.toContain('xxxx')
        await refused(queue.sendBatch(['small', `${text}x`]), 'LimitExceeded')
        expect(await queue.receive()).toEqual([])
        await queue.send(text)
        expect((await receiveOne(queue)).body === text).toBe(true)
      },
    },
    {
      name: 'a batch gives an id for each body, in order',
      async run({ queue, info }) {
        const sent = await queue.sendBatch([10, 11, 12, 13])
        expect(sent).toHaveLength(4)
        const byId = new Map<string, unknown>()
        for (const { id, body } of await receiveAll(queue, {
          limit: Math.min(4, info.limits.maxBatchMessages),
        })) {
          byId.set(id, body)
        }
        expect(sent.map(({ id }) => byId.get(id))).toEqual([10, 11, 12, 13])
      },
    },
    {
      name: 'an empty batch sends nothing',
      async run({ queue }) {
        expect(await queue.sendBatch([])).toEqual([])
        expect(await queue.receive()).toEqual([])
      },
    },
    {
      name: 'a batch larger than the store takes at once arrives all the same',
      skip: ({ info }) =>
        info.limits.maxBatchMessages <= 1000 ? null : `maxBatchMessages is ${info.limits.maxBatchMessages}`,
      async run(subject) {
        const { queue, info } = subject
        const bodies = Array.from({ length: info.limits.maxBatchMessages * 2 + 1 }, (_, i) => i)
        const sent = await queue.sendBatch(bodies)
        expect(new Set(sent.map(({ id }) => id)).size).toBe(bodies.length)
        const received = await receiveAll(queue, { limit: info.limits.maxBatchMessages })
        expect(bodiesOf(subject, received)).toEqual(bodies)
      },
    },
    {
      name: 'a delayed message is not received before its time',
      skip: allOf(needsDelay, needsToWait),
      async run({ queue, shortMs, pass }) {
        await queue.send('later', { delayMs: shortMs })
        expect(await queue.receive()).toEqual([])
        await pass(shortMs + 1)
        const message = await receiveOne(queue)
        expect(message.body).toBe('later')
        expect(message.attempt).toBe(1)
      },
    },
    {
      name: 'one millisecond before its time it is not there; at its time it is',
      skip: allOf(needsDelay, needsManualClock),
      async run({ queue, shortMs, pass }) {
        await queue.sendBatch(['a', 'b'], { delayMs: shortMs })
        await pass(shortMs - 1)
        expect(await receiveAll(queue)).toEqual([])
        await pass(1)
        expect(await receiveAll(queue)).toHaveLength(2)
      },
    },
    {
      name: 'a delayed message does not hold up those after it',
      skip: needsDelay,
      async run({ queue, shortMs }) {
        await queue.send('later', { delayMs: shortMs })
        await queue.send('now')
        expect((await receiveAll(queue)).map(({ body }) => body)).toEqual(['now'])
      },
    },
    {
      name: 'of messages that are ready the one sent first comes first, whatever their delays were',
      skip: allOf(needsDelay, needsOrder, needsManualClock),
      async run({ queue, shortMs, pass }) {
        await queue.send(1, { delayMs: shortMs })
        await queue.send(2, { delayMs: shortMs / 2 })
        await queue.send(3)
        await pass(shortMs)
        expect((await receiveAll(queue)).map(({ body }) => body)).toEqual([1, 2, 3])
      },
    },
    {
      name: 'a delay that is negative or no number is InvalidInput, one past the limit LimitExceeded',
      async run({ queue, info }) {
        for (const bad of [-1, Number.NaN, Infinity]) {
          await refused(queue.send('x', { delayMs: bad }), 'InvalidInput')
          await refused(queue.sendBatch(['x'], { delayMs: bad }), 'InvalidInput')
        }
        if (Number.isFinite(info.limits.maxDelayMs)) {
          await refused(queue.send('x', { delayMs: info.limits.maxDelayMs + 1 }), 'LimitExceeded')
        }
        expect(await queue.receive()).toEqual([])
      },
    },
  ],
}
