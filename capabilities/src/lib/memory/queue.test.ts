import { describe, expect, it } from 'vitest'
import { logging } from '../layers/logging.ts'
import { retry } from '../layers/retry.ts'
import { timeout } from '../layers/timeout.ts'
import { silentLogger } from '../logger.ts'
import { createQueue } from '../queue/queue.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import { queueConformance } from '../testing/queue-conformance.ts'
import { memoryQueueDriver } from './queue.ts'

queueConformance('memory queue', {
  clock: 'manual',
  open: ({ clock }) => ({ queue: createQueue(memoryQueueDriver({ clock })) }),
})

queueConformance('memory queue, unordered and layered', {
  clock: 'manual',
  maxAttempts: 3,
  open: ({ clock }) => ({
    queue: createQueue(memoryQueueDriver({ clock, maxAttempts: 3, ordering: 'unordered' }), {
      name: 'queue:layered',
      layers: [logging({ log: silentLogger, clock }), retry({ clock }), timeout({ timeoutMs: 1000, clock })],
    }),
  }),
})

describe('memoryQueueDriver', () => {
  it('hands out the newest first when it is to be unordered', async () => {
    const queue = createQueue(memoryQueueDriver({ ordering: 'unordered' }))
    await queue.sendBatch([1, 2, 3])
    expect((await queue.receive({ limit: 3 })).map(({ body }) => body)).toEqual([3, 2, 1])
  })

  it('still takes an ack after the lease, as long as nobody else has the message', async () => {
    const clock = new ManualClock()
    const queue = createQueue(memoryQueueDriver({ clock }))
    await queue.send('x')
    const [message] = await queue.receive({ leaseMs: 1000 })
    await clock.advance(5000)
    expect(message && (await queue.ack(message))).toBe(true)
    expect(await queue.receive()).toEqual([])
  })

  it('keeps the newest dead letters when there are too many', async () => {
    const queue = createQueue(memoryQueueDriver({ maxAttempts: 1, maxDeadLetters: 2 }))
    for (const body of [1, 2, 3]) {
      await queue.send(body)
      for (const message of await queue.receive()) await queue.retry(message)
    }
    expect((await queue.deadLetters()).map(({ body }) => body)).toEqual([2, 3])
  })

  it('keeps the order under any mix of sending, taking, giving back and time', async () => {
    const clock = new ManualClock()
    const queue = createQueue(memoryQueueDriver({ clock, maxAttempts: 1000 }))
    for (let i = 0; i < 300; i++) {
      await queue.send(i)
      const taken = await queue.receive({ limit: 2, leaseMs: 1000 })
      for (const [index, message] of taken.entries()) if (index % 2 === i % 2) await queue.retry(message)
      if (i % 7 === 0) await clock.advance(500)
    }
    await clock.advance(2000)
    const rest = await Promise.all([
      queue.receive({ limit: 100 }),
      queue.receive({ limit: 100 }),
      queue.receive({ limit: 100 }),
    ])
    expect(rest.flat().map(({ body }) => body)).toEqual(Array.from({ length: 300 }, (_, i) => i))
  })

  it('enforces the limits it states by itself', () => {
    const driver = memoryQueueDriver({ limits: { maxMessageBytes: 4, maxBatchMessages: 2 } })
    expect(() => driver.send(['"123"'], 0, {})).toThrow(/limit is 4/)
    expect(() => driver.send(['1', '2', '3'], 0, {})).toThrow(/limit is 2/)
  })
})
