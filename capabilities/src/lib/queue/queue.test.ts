import { describe, expect, expectTypeOf, it } from 'vitest'
import { memoryQueueDriver } from '../memory/queue.ts'
import { control } from '../resource/resource.ts'
import type { QueueConsumer, QueuePublisher } from './contract.ts'
import type { QueueDriver } from './driver.ts'
import { createQueue } from './queue.ts'

describe('createQueue', () => {
  it('checks every body before it sends any, and splits large batches', async () => {
    const batches: (readonly string[])[] = []
    const honest = memoryQueueDriver({ limits: { maxBatchMessages: 2 } })
    const driver: QueueDriver = {
      info: honest.info,
      send: (bodies, delayMs, call) => {
        batches.push(bodies)
        return honest.send(bodies, delayMs, call)
      },
      receive: honest.receive.bind(honest),
      ack: honest.ack.bind(honest),
      retry: honest.retry.bind(honest),
    }
    const queue = createQueue(driver)
    await expect(queue.sendBatch([1, 2, 3, undefined])).rejects.toMatchObject({ kind: 'InvalidInput' })
    expect(batches).toEqual([])
    expect(await queue.sendBatch([1, 2, 3])).toEqual([{ id: '1' }, { id: '2' }, { id: '3' }])
    expect(batches).toEqual([['1', '2'], ['3']])
  })

  it('tells a stored message that is no JSON', async () => {
    const driver = memoryQueueDriver()
    driver.send(['{broken'], 0, {})
    await expect(createQueue(driver).receive()).rejects.toMatchObject({ kind: 'Corrupt', key: '1' })
  })

  it('says Unsupported where the driver keeps no dead letters', async () => {
    const { info, ...rest } = memoryQueueDriver()
    const queue = createQueue({
      ...rest,
      info: { ...info, features: { deadLetter: false, renew: false } },
    } as QueueDriver)
    await expect(queue.deadLetters()).rejects.toMatchObject({ kind: 'Unsupported' })
  })

  it('says Unsupported where the driver cannot renew, and LimitExceeded for a lease that is too long', async () => {
    const { info, ...rest } = bound(memoryQueueDriver({ limits: { maxLeaseMs: 1_000 } }))
    const queue = createQueue({ ...rest, info: { ...info, features: { deadLetter: true, renew: false } } })
    await queue.send('x')
    const tooLong = { kind: 'LimitExceeded', details: { limit: 'maxLeaseMs', max: 1_000 } }
    await expect(queue.receive({ leaseMs: 1_001 })).rejects.toMatchObject(tooLong)
    const [message] = await queue.receive({ leaseMs: 1_000 })
    if (message === undefined) return expect.fail('the message was not received')
    await expect(queue.renew(message, 1_001)).rejects.toMatchObject(tooLong)
    await expect(queue.renew(message, 1_000)).rejects.toMatchObject({ kind: 'Unsupported' })
  })

  it('gives publishers and consumers what they declared', () => {
    const queue = createQueue(memoryQueueDriver())
    expect(queue[control].view('publish', undefined)).not.toHaveProperty('receive')
    expect(queue[control].view('consume', undefined)).not.toHaveProperty('send')
    expectTypeOf<QueuePublisher>().not.toHaveProperty('receive')
    expectTypeOf<QueueConsumer>().not.toHaveProperty('send')
  })
})

/** The driver as an object of its own, whose methods can be left out. */
function bound(driver: QueueDriver): QueueDriver {
  return {
    info: driver.info,
    send: driver.send.bind(driver),
    receive: driver.receive.bind(driver),
    ack: driver.ack.bind(driver),
    retry: driver.retry.bind(driver),
  }
}
