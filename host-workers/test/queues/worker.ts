/** A Worker whose flows consume two queues and a schedule. `GET /seen` returns what they received. */
import { CapabilityError } from '@flowport/capabilities'
import { cron, defineApp, flow, http, node, opaque, queue } from '@flowport/flow'
import { createWorker } from '@flowport/host-workers'
import { cloudflareQueues } from '@flowport/presets/cloudflare-queues'
import * as z from 'zod'

const Job = z.object({ id: z.string(), failures: z.number().default(0) })
const seen: string[] = []
const failed = new Map<string, number>()

const work = node('work', {
  input: Job,
  run: ({ id, failures }, { metadata }) => {
    seen.push(`work ${id} ${String(metadata['queue.attempt'])}`)
    const before = failed.get(id) ?? 0
    if (before >= failures) return
    failed.set(id, before + 1)
    throw new CapabilityError('Unavailable', 'not yet', { retryAfterMs: 1 })
  },
})

const bury = node('bury', {
  input: opaque<{ id: string }>(),
  run: ({ id }) => void seen.push(`dead ${id}`),
})

const tick = node('tick', {
  input: opaque<{ scheduledAt: string; cron: string }>(),
  run: ({ scheduledAt, cron }) => void seen.push(`tick ${cron} ${scheduledAt}`),
})

const publish = node('publish', {
  input: z.object({ jobs: z.array(z.unknown()) }),
  uses: { 'queue:jobs': 'publish' },
  idempotency: 'natural',
  run: async ({ jobs }, { 'queue:jobs': queue }) => void (await queue.sendBatch(jobs)),
})

const app = defineApp({
  flows: [
    flow('work', {
      trigger: queue('jobs', { input: Job, backoff: '1ms' }),
      graph: (job, step) => step(work, job),
    }),
    flow('bury', {
      trigger: queue('jobs-dead', { input: opaque<{ id: string }>() }),
      graph: (job, step) => step(bury, job),
    }),
    flow('tick', { trigger: cron('*/5 * * * *'), graph: (due, step) => step(tick, due) }),
    flow('publish', {
      trigger: http.post('/jobs', { input: z.object({ jobs: z.array(z.unknown()) }), status: 202 }),
      graph: (jobs, step) => step(publish, jobs),
    }),
    flow('seen', {
      trigger: http.get('/seen', { input: z.object({}) }),
      graph: (it, step) => step(node('seen', { input: z.object({}), run: () => seen }), it),
    }),
  ],
  profiles: { workers: [cloudflareQueues({ as: 'jobs', binding: 'JOBS' })] },
})

export default createWorker(app, { queues: { 'test-jobs': 'jobs', 'test-jobs-dead': 'jobs-dead' } })
