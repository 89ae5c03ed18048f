/** An app with a flow for each trigger, for the tests of `testApp`. */
import { CapabilityError, type KvCapabilityInfo, type Provider } from '@flowport/capabilities'
import { memoryKvLimits } from '@flowport/capabilities/memory'
import * as z from 'zod'
import { defineApp } from '../../../app.ts'
import { flow } from '../../../flow.ts'
import { event, node } from '../../../node.ts'
import { streamOf } from '../../../schema.ts'
import { cron, http, manual, queue } from '../../../trigger.ts'

export const Note = z.object({ id: z.string(), text: z.string() })

export const write = node('write', {
  input: Note,
  output: Note,
  uses: { kv: { access: 'write', consistency: 'strong', durability: 'durable' } },
  idempotency: 'natural',
  async run(note, { kv }) {
    await kv.put(`notes/${note.id}`, note.text)
    return note
  },
})

const read = node('read', {
  input: z.object({ id: z.string() }),
  output: z.object({ text: z.string().nullable() }),
  uses: { kv: 'read' },
  run: async ({ id }, { kv }) => ({ text: await kv.get(`notes/${id}`) }),
})

export const putNote = flow('put-note', {
  trigger: http.put('/notes/:id', { input: Note }),
  graph: (note, step) => step(write, note),
})
const getNote = flow('get-note', {
  trigger: http.get('/notes/:id', { input: z.object({ id: z.string() }) }),
  graph: (it, step) => step(read, it),
})
const newest = flow('newest', {
  trigger: http.get('/notes/newest', { input: z.object({ id: z.string().default('newest') }) }),
  graph: (it, step) => step(read, it),
})

const count = node('count', {
  input: z.object({ to: z.number() }),
  output: streamOf(z.number()),
  uses: { clock: 'read' },
  async *run({ to }, { clock, signal }) {
    for (let at = 1; at <= to; at++) {
      await clock.sleep(1_000, { signal })
      yield event('number', at)
    }
  },
})
export const counting = flow('counting', {
  trigger: http.post('/counts', { input: z.object({ to: z.number() }) }),
  graph: (it, step) => step(count, it),
})

const Job = z.object({ id: z.string(), failures: z.number().default(0) })
const work = node('work', {
  input: Job,
  uses: { kv: 'write' },
  idempotency: 'natural',
  async run({ id, failures }, { kv, metadata }) {
    if (Number(metadata['queue.attempt']) <= failures) throw new CapabilityError('Unavailable', 'busy')
    await kv.put(`jobs/${id}`, 'done')
  },
})
export const worker = flow('worker', {
  trigger: queue('jobs', { input: Job, maxAttempts: 3, backoff: '10s' }),
  graph: (job, step) => step(work, job),
})

const beat = node('beat', {
  input: z.object({ scheduledAt: z.string(), cron: z.string() }),
  uses: { kv: 'write' },
  idempotency: 'natural',
  async run({ scheduledAt }, { kv }) {
    await kv.put('beat', scheduledAt)
  },
})
export const everyFive = flow('every-five', {
  trigger: cron('*/5 * * * *'),
  graph: (it, step) => step(beat, it),
})
export const weekly = flow('weekly', {
  trigger: cron('30 2 * * MON', { timeZone: 'Europe/Berlin' }),
  graph: (it, step) => step(beat, it),
})

const ask = node('ask', {
  input: z.object({}),
  output: z.object({ said: z.string() }),
  uses: { http: 'read', secrets: 'read' },
  async run(_input, { http: client, secrets }) {
    const token = await secrets.get('TOKEN')
    const response = await client.fetch('https://api.example/hello', {
      headers: { authorization: token.reveal() },
    })
    return { said: await response.text() }
  },
})
export const asking = flow('asking', {
  trigger: manual({ input: z.object({}) }),
  graph: (it, step) => step(ask, it),
})

export const strongInfo = {
  provider: 'sturdy',
  consistency: 'strong',
  durability: 'durable',
  ttl: 'per_write',
  limits: { ...memoryKvLimits, maxValueBytes: 30 },
  features: { list: true, metadata: false, conditional: true, bulk: true },
  extensions: {},
} as const satisfies KvCapabilityInfo

export function presetOf<const I extends KvCapabilityInfo>(
  preset: string,
  info: I,
): Provider<{ readonly kv: I }> {
  return {
    preset,
    provides: { kv: info },
    env: { type: 'object', properties: {} } as Provider['env'],
    bindings: [],
    nativeRetry: false,
    hints: [],
    check: () => 'a test checked the real store',
    open: () => Promise.reject(new Error('a test opened the real store')),
  }
}

const sturdy = presetOf('sturdy', strongInfo)

const flows = [putNote, getNote, newest, counting, worker, everyFive, weekly, asking] as const
export const app = defineApp({ flows, profiles: { local: [sturdy] }, secrets: ['TOKEN'] })
