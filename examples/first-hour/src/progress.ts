/** An order's progress: a stream of server-sent events that ends when the order has its label. */
import { event, flow, http, node, streamOf } from '@flowport/flow'
import * as z from 'zod'
import { keyOf, Placed } from './orders.ts'

const Watched = z.object({
  id: z.string(),
  intervalMs: z.coerce.number().int().min(10).max(10_000).default(500),
})
const State = z.enum(['unknown', 'placed', 'labelled'])
const Progress = z.object({ id: z.string(), state: State })

const watch = node('watch', {
  input: Watched,
  output: streamOf(Progress),
  uses: { kv: { access: 'read', consistency: 'strong' }, clock: 'read' },
  async *run({ id, intervalMs }, { kv, clock, signal }) {
    for (let look = 0; ; look++) {
      const order = await kv.get(keyOf(id), { schema: Placed })
      const state: z.output<typeof State> =
        order === null ? 'unknown' : order.label === undefined ? 'placed' : 'labelled'
      yield event('progress', { id, state }, { id: String(look) })
      if (state !== 'placed') return
      await clock.sleep(intervalMs, { signal })
    }
  },
})

export const orderProgress = flow('order-progress', {
  summary: 'Streams the progress of an order',
  trigger: http.get('/orders/:id/progress', { input: Watched }),
  graph: (order, step) => step(watch, order),
})
