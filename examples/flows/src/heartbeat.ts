/** A heartbeat: a schedule records the time of each run, and a route returns the last one. */
import { cron, flow, http, node } from '@flowport/flow'
import * as z from 'zod'

const key = 'heartbeat'
const Beat = z.object({ scheduledAt: z.string(), cron: z.string() })
const Shown = z.object({ last: Beat.nullable() })

const beat = node('beat', {
  input: Beat,
  uses: { kv: { access: 'write', consistency: 'strong' } },
  idempotency: 'natural',
  async run(beat, { kv }) {
    await kv.put(key, { json: beat })
  },
})

const show = node('show', {
  input: z.object({}),
  output: Shown,
  uses: { kv: { access: 'read', consistency: 'strong' } },
  run: async (_input, { kv }) => ({ last: await kv.get(key, { schema: Beat }) }),
})

const tags = ['operations']

export const heartbeat = flow('heartbeat', {
  summary: 'Records a heartbeat every five minutes',
  tags,
  trigger: cron('*/5 * * * *'),
  graph: (due, step) => step(beat, due),
})

export const getHeartbeat = flow('get-heartbeat', {
  summary: 'Shows the last heartbeat',
  tags,
  trigger: http.get('/heartbeat', { input: z.object({}) }),
  graph: (it, step) => step(show, it),
})
