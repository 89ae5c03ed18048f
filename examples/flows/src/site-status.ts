/** Site status: a streaming node that sends one snapshot and five updates, as server-sent events or NDJSON. */
import { event, flow, http, node, streamOf } from '@flowport/flow'
import * as z from 'zod'

const Query = z.object({
  site: z.string().min(1).max(100),
  intervalMs: z.coerce.number().int().min(0).max(60_000).default(1_000),
})

const Status = z.object({
  site: z.string(),
  sequence: z.number().int(),
  status: z.enum(['up', 'degraded']),
  at: z.string(),
})

const updates = 5

const watch = node('watch', {
  summary: 'Checks a site at an interval',
  input: Query,
  output: streamOf(Status),
  uses: { clock: 'read' },
  async *run({ site, intervalMs }, { clock, signal }) {
    const look = (sequence: number) => ({
      site,
      sequence,
      status: sequence % 4 === 3 ? ('degraded' as const) : ('up' as const),
      at: new Date(clock.now()).toISOString(),
    })
    yield event('snapshot', look(0), { id: '0' })
    for (let sequence = 1; sequence <= updates; sequence++) {
      await clock.sleep(intervalMs, { signal })
      yield event(`update_${sequence}`, look(sequence), { id: String(sequence) })
    }
  },
})

export const siteStatus = flow('site-status', {
  summary: 'Streams the status of a site: a snapshot and five updates',
  tags: ['basics'],
  trigger: http.get('/sites/:site/status', { input: Query }),
  graph: (query, step) => step(watch, query),
})
