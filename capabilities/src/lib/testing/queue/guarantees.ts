/** Queue cases: what `info` states is so. */
import { expect } from 'vitest'
import { controlOf } from '../../resource/resource.ts'
import type { ConformanceGroup } from '../conformance.ts'
import { needsManualClock, type QueueSubject, receiveAll, receiveOne } from './subject.ts'

export const guarantees: ConformanceGroup<QueueSubject> = {
  name: 'guarantees',
  cases: [
    {
      name: 'info states a level for each guarantee, sound limits, and namespaced extensions',
      async run({ info, queue }) {
        expect(info.provider).not.toBe('')
        expect(['at_most_once', 'at_least_once', 'exactly_once', 'unknown']).toContain(info.delivery)
        expect(['unordered', 'ordered', 'unknown']).toContain(info.ordering)
        expect(['ephemeral', 'durable', 'unknown']).toContain(info.durability)
        expect(info.limits.maxMessageBytes).toBeGreaterThanOrEqual(1024)
        expect(info.limits.maxBatchMessages).toBeGreaterThanOrEqual(1)
        expect(info.limits.maxDelayMs).toBeGreaterThanOrEqual(0)
        for (const name of Object.keys(info.extensions)) expect(name).toMatch(/^[\w-]+(\.[\w-]+)+$/)
        expect(controlOf('queue', queue).info).toEqual(info)
      },
    },
    {
      name: 'a queue that delivers at most once never hands out a message twice',
      skip: (subject) =>
        needsManualClock(subject) ??
        (subject.info.delivery === 'at_most_once' ? null : `delivery is ${subject.info.delivery}`),
      async run({ queue, shortMs, pass }) {
        await queue.send('x')
        await receiveOne(queue, { leaseMs: shortMs })
        await pass(shortMs * 100)
        expect(await queue.receive()).toEqual([])
      },
    },
    {
      name: 'a durable queue keeps messages, attempts and leases when it is opened again',
      skip: ({ info, reopen }) => {
        if (info.durability !== 'durable') return `${info.provider} states durability: ${info.durability}`
        return reopen === null ? 'the harness cannot open the queue again' : null
      },
      async run({ queue, shortMs, reopen }) {
        if (reopen === null) return
        await queue.sendBatch(['retried', 'leased', 'waiting'])
        const byBody = new Map(
          (await receiveAll(queue, { leaseMs: shortMs * 100 })).map((one) => [one.body, one]),
        )
        const [retried, leased, waiting] = [
          byBody.get('retried'),
          byBody.get('leased'),
          byBody.get('waiting'),
        ]
        if (!retried || !leased || !waiting) return expect.fail('not every message was received')
        await queue.retry(retried)
        await queue.retry(waiting)
        const again = await reopen()
        const found = await receiveAll(again)
        expect(found.map(({ body }) => String(body)).toSorted()).toEqual(['retried', 'waiting'])
        expect(found.every(({ attempt }) => attempt === 2)).toBe(true)
        expect(await again.ack(leased)).toBe(true)
      },
    },
  ],
}
