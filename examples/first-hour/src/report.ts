/** A report: a nightly schedule counts the orders, and a route returns the last count. */
import { cron, flow, http, node } from '@flowport/flow'
import * as z from 'zod'

const Tick = z.object({ scheduledAt: z.string(), cron: z.string() })
const Report = z.object({ at: z.string(), orders: z.number().int() })

const count = node('count', {
  input: Tick,
  uses: { kv: { access: 'write', consistency: 'strong' } },
  idempotency: 'natural',
  async run({ scheduledAt }, { kv }) {
    let orders = 0
    for await (const { key } of kv.keys({ prefix: 'orders/' })) if (key !== '') orders += 1
    await kv.put('report', { json: { at: scheduledAt, orders } })
  },
})

const show = node('show', {
  input: z.object({}),
  output: z.object({ last: Report.nullable() }),
  uses: { kv: { access: 'read', consistency: 'strong' } },
  run: async (_input, { kv }) => ({ last: await kv.get('report', { schema: Report }) }),
})

export const nightlyReport = flow('nightly-report', {
  summary: 'Counts the orders at three in the morning',
  trigger: cron('0 3 * * *'),
  graph: (tick, step) => step(count, tick),
})

export const getReport = flow('get-report', {
  summary: 'Shows the last count',
  trigger: http.get('/report', { input: z.object({}) }),
  graph: (it, step) => step(show, it),
})
