/**
 * Sending to Cloudflare Queues in workerd, over the real binding. Of the conformance suite only the sending cases could
 * run, and they receive to look: a binding has no receiving side. What the binding is handed is looked at instead.
 */
import { env } from 'cloudflare:workers'
import {
  CapabilityError,
  createQueue,
  openProviders,
  type Queue as PortableQueue,
  silentLogger,
} from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { cloudflareQueues } from '@flowport/presets/cloudflare-queues'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { isQueueBinding, type QueueBinding } from '../../src/cloudflare-queues/binding.ts'
import { cloudflareQueuesLayers } from '../../src/cloudflare-queues/declaration.ts'
import { CloudflareQueuesDriver } from '../../src/cloudflare-queues/driver.ts'

/** The real queue, with every call noted. */
function noting(queue: QueueBinding = env.QUEUE) {
  const calls: { readonly bodies: unknown[]; readonly options: unknown }[] = []
  const noted: QueueBinding = {
    send(body, options) {
      calls.push({ bodies: [body], options })
      return queue.send(body, options)
    },
    sendBatch(messages, options) {
      const all = [...messages]
      calls.push({ bodies: all.map(({ body }) => body), options })
      expect(all.every(({ contentType }) => contentType === 'json')).toBe(true)
      return queue.sendBatch(all, options)
    },
  }
  return { calls, noted }
}

const layered = cloudflareQueuesLayers({ log: silentLogger, clock: systemClock })
const uuid = expect.stringMatching(/^[\da-f-]{36}$/) as string

describe.each([
  ['bare', []],
  ['layered', layered],
] as const)('cloudflare-queues, %s', (_, layers) => {
  const opened = (binding?: QueueBinding) => {
    const { calls, noted } = noting(binding)
    return { calls, queue: createQueue(new CloudflareQueuesDriver(noted), { layers }) as PortableQueue }
  }

  it('sends any JSON value, as JSON', async () => {
    const { calls, queue } = opened()
    const bodies = [{ a: [1, 'ä', null] }, 'text', 0, false, null, []]
    for (const body of bodies) expect(await queue.send(body)).toEqual({ id: uuid })
    expect(calls).toEqual(bodies.map((body) => ({ bodies: [body], options: { contentType: 'json' } })))
  })

  it('sends batches in order, 100 messages at a time', async () => {
    const { calls, queue } = opened()
    const bodies = Array.from({ length: 250 }, (_, n) => ({ n }))
    const sent = await queue.sendBatch(bodies)
    expect(new Set(sent.map(({ id }) => id)).size).toBe(250)
    expect(calls.map((call) => call.bodies.length)).toEqual([100, 100, 50])
    expect(calls.flatMap((call) => call.bodies)).toEqual(bodies)
  })

  it('sends batches in parts of 256 KB, the platform’s own bytes included', async () => {
    const { calls, queue } = opened()
    // 127 900 bytes of JSON and 100 of the platform: two fill a batch exactly.
    const largest = 'x'.repeat(127_898)
    await queue.sendBatch([largest, largest, largest])
    expect(calls.map((call) => call.bodies.length)).toEqual([2, 1])
  })

  it('takes messages up to the limit, and refuses larger ones before the platform sees them', async () => {
    const { calls, queue } = opened()
    await queue.send('x'.repeat(127_898))
    const refusal = { kind: 'LimitExceeded', message: expect.stringContaining('127900') as string }
    await expect(queue.send('x'.repeat(127_899))).rejects.toMatchObject(refusal)
    await expect(queue.sendBatch(['ok', 'ä'.repeat(63_950)])).rejects.toMatchObject(refusal)
    await expect(queue.send(undefined)).rejects.toMatchObject({ kind: 'InvalidInput' })
    expect(calls).toHaveLength(1)
  })

  it('delays by whole seconds, up to 12 hours', async () => {
    const { calls, queue } = opened()
    await queue.send('x', { delayMs: 0 })
    await queue.send('x', { delayMs: 1 })
    await queue.send('x', { delayMs: 43_200_000 })
    await queue.sendBatch(['x', 'y'], { delayMs: 1_500 })
    await expect(queue.send('x', { delayMs: 43_200_001 })).rejects.toMatchObject({ kind: 'LimitExceeded' })
    expect(calls.map(({ options }) => options)).toEqual([
      { contentType: 'json' },
      { contentType: 'json', delaySeconds: 1 },
      { contentType: 'json', delaySeconds: 43_200 },
      { delaySeconds: 2 },
    ])
  })

  it('says where messages come instead of handing them out', async () => {
    const { queue } = opened()
    const message = { id: '1', body: null, attempt: 1, sentAt: new Date(0), receipt: '' }
    const advice = { kind: 'Unsupported', message: expect.stringContaining('queue handler') as string }
    await expect(queue.receive()).rejects.toMatchObject(advice)
    await expect(queue.ack(message)).rejects.toMatchObject(advice)
    await expect(queue.retry(message)).rejects.toMatchObject(advice)
    await expect(queue.reject(message)).rejects.toMatchObject({ kind: 'Unsupported' })
    await expect(queue.deadLetters()).rejects.toMatchObject({ kind: 'Unsupported' })
  })

  const known: readonly [string, object][] = [
    ['Queue send failed: Too Many Requests', { kind: 'RateLimited', retryable: 'temporary' }],
    ['Queue sendBatch failed: Queue is overloaded. Please back off.', { kind: 'RateLimited' }],
    ['Queue send failed: Storage Limit Exceeded', { kind: 'RateLimited' }],
    [
      'batch size of 291898 bytes exceeds limit of 256000 bytes (10205)',
      { kind: 'LimitExceeded', details: { code: 10_205 } },
    ],
    ['the queue does not exist (10104)', { kind: 'Misconfigured', retryable: 'never' }],
    ['queue disabled (10252)', { kind: 'Unavailable' }],
    ['unknown error (15000)', { kind: 'Unavailable', retryable: 'temporary' }],
    ['Network connection lost.', { kind: 'Unavailable' }],
    ['something else', { kind: 'Unexpected' }],
  ]
  it.each(known)('"%s" is told by kind', async (message, expected) => {
    const cause = new Error(message)
    const fail = () => Promise.reject(cause)
    const { queue } = opened({ send: fail, sendBatch: fail })
    const where = { capability: 'queue', operation: 'send', cause }
    await expect(queue.send('x')).rejects.toMatchObject({ ...where, ...expected })
  })

  it('stops between the parts of a batch when its signal fires', async () => {
    const controller = new AbortController()
    const { calls, queue } = opened({
      send: () => Promise.resolve(),
      sendBatch: () => {
        controller.abort()
        return Promise.resolve()
      },
    })
    const large = 'x'.repeat(120_000)
    const sending = queue.sendBatch([large, large, large], { signal: controller.signal })
    await expect(sending).rejects.toMatchObject({ kind: 'Cancelled' })
    expect(calls).toHaveLength(1)
  })
})

describe('the preset', () => {
  const open = (binding: unknown) =>
    openProviders(
      [cloudflareQueues({ as: 'orders' })],
      { clock: systemClock, others: new Map() },
      { env: {}, log: silentLogger, bindings: { QUEUE: binding } },
    )

  it('binds the queue under its name, and states what it guarantees', async () => {
    const bag = await open(env.QUEUE)
    await bag.require('queue:orders').send({ id: 'a' })
    expect(bag.describe().find(({ name }) => name === 'queue:orders')).toMatchObject({
      provider: 'cloudflare-queues',
      layers: ['logging', 'timeout'],
      info: { delivery: 'at_least_once', ordering: 'unordered', durability: 'durable' },
    })
    await bag.close()
  })

  it('names the binding that is missing or something else', async () => {
    for (const binding of [undefined, env.KV, 'QUEUE']) {
      await expect(open(binding)).rejects.toThrow(CapabilityError)
      await expect(open(binding)).rejects.toMatchObject({
        kind: 'Misconfigured',
        message: expect.stringContaining('"QUEUE"') as string,
      })
    }
    const { bindings } = cloudflareQueues({ binding: 'MAILS' })
    expect(bindings.map(({ name, fits }) => [name, fits(env.QUEUE), fits(env.BUCKET)])).toEqual([
      ['MAILS', true, false],
    ])
  })

  it('takes Cloudflare’s own type for its binding', () => {
    expectTypeOf<Queue>().toExtend<QueueBinding>()
    expect(isQueueBinding(env.QUEUE)).toBe(true)
  })
})
