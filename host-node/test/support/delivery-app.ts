/** An app over one SQLite file: an HTTP flow publishes orders, a queue flow handles them, and a schedule records its runs. */
import { cron, defineApp, flow, http, node, queue } from '@flowport/flow'
import { sqlite } from '@flowport/presets/sqlite'
import * as z from 'zod'

const Order = z.object({ id: z.string(), waitMs: z.number().default(0) })
const Done = z.object({ by: z.string(), attempt: z.number(), at: z.number(), startedAt: z.number() })

export interface DeliveryAppOptions {
  /** Path of the SQLite file. */
  readonly path: string
  /** Name of the process, stored with its results. */
  readonly name: string
  /** Deadline of an order in milliseconds. Default 60 000. */
  readonly deadlineMs?: number
  /** Called with the order's id and attempt when its handler starts. */
  readonly onStart?: (id: string, attempt: number) => void
}

export function deliveryApp({ path, name, deadlineMs = 60_000, onStart }: DeliveryAppOptions) {
  const publish = node('publish', {
    input: Order,
    output: z.object({ id: z.string() }),
    uses: { 'queue:orders': 'publish' },
    idempotency: { key: '/id', unknown: 'never' },
    async run(order, { 'queue:orders': orders }) {
      await orders.send(order)
      return { id: order.id }
    },
  })
  const work = node('work', {
    input: Order,
    uses: { kv: 'write' },
    idempotency: 'natural',
    async run({ id, waitMs }, { kv, metadata, signal }) {
      const attempt = Number(metadata['queue.attempt'])
      const startedAt = Number((await kv.get(`start/${id}`)) ?? Date.now())
      await kv.put(`start/${id}`, String(startedAt))
      onStart?.(id, attempt)
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(resolve, waitMs)
        signal.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason as Error)
        })
      })
      await kv.put(`order/${id}`, JSON.stringify({ by: name, attempt, at: Date.now(), startedAt }))
    },
  })
  const read = node('read', {
    input: z.object({ id: z.string() }),
    output: Done.nullable(),
    uses: { kv: 'read' },
    run: async ({ id }, { kv }) =>
      (await kv.get(`order/${id}`, { as: 'json' })) as z.infer<typeof Done> | null,
  })
  const mark = node('mark', {
    input: z.object({ scheduledAt: z.string(), cron: z.string() }),
    uses: { kv: 'write' },
    idempotency: 'natural',
    run: ({ scheduledAt }, { kv }) => kv.put(`tick/${scheduledAt}/${name}`, 'x').then(() => undefined),
  })
  const ticks = node('list', {
    input: z.object({}),
    output: z.array(z.string()),
    uses: { kv: { access: 'read', features: ['list'] } },
    run: async (_, { kv }) => (await kv.list({ prefix: 'tick/' })).keys.map(({ key }) => key),
  })
  return defineApp({
    name: 'delivery',
    flows: [
      flow('submit', {
        trigger: http.post('/orders', { input: Order, status: 202 }),
        graph: (it, step) => step(publish, it),
      }),
      flow('look', {
        trigger: http.get('/orders/:id', { input: z.object({ id: z.string() }) }),
        graph: (it, step) => step(read, it),
      }),
      flow('fulfil', {
        trigger: queue('orders', { input: Order, deadline: deadlineMs, maxAttempts: 3, backoff: '10ms' }),
        graph: (it, step) => step(work, it),
      }),
      flow('minutely', { trigger: cron('* * * * *'), graph: (it, step) => step(mark, it) }),
      flow('ticks', {
        trigger: http.get('/ticks', { input: z.object({}) }),
        graph: (it, step) => step(ticks, it),
      }),
    ],
    profiles: { local: [sqlite({ path }), sqlite({ path, as: 'orders', only: ['queue'] })] },
  })
}
