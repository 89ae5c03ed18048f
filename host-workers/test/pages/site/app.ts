/** A small app for pages: durable notes, files, a stream and a queue. */
import {
  blobBody,
  blobRef,
  defineApp,
  event,
  flow,
  http,
  manual,
  node,
  opaque,
  problem,
  queue,
  streamOf,
} from '@flowport/flow'
import { memory } from '@flowport/presets/memory'
import { opfsBrowser } from '@flowport/presets/opfs-browser'
import * as z from 'zod'

z.config({ jitless: true })

const Note = z.object({ id: z.string(), text: z.string() })
const NoteId = z.object({ id: z.string() })
const kept = { consistency: 'strong', durability: 'durable' } as const

export const putNote = flow('put-note', {
  trigger: http.put('/notes/:id', { input: Note }),
  graph: (note, step) =>
    step(
      node('write', {
        input: Note,
        output: Note,
        uses: { kv: { access: 'write', ...kept } },
        idempotency: 'natural',
        async run(note, { kv }) {
          await kv.put(`notes/${note.id}`, note.text)
          return note
        },
      }),
      note,
    ),
})

export const getNote = flow('get-note', {
  trigger: http.get('/notes/:id', { input: NoteId }),
  graph: (id, step) =>
    step(
      node('read', {
        input: NoteId,
        output: Note,
        uses: { kv: { access: 'read', consistency: 'strong' } },
        async run({ id }, { kv }) {
          const text = await kv.get(`notes/${id}`)
          if (text === null) throw problem({ status: 404, code: 'NOTE_NOT_FOUND', title: 'No such note' })
          return { id, text }
        },
      }),
      id,
    ),
})

const deleteNote = flow('delete-note', {
  trigger: http.delete('/notes/:id', { input: NoteId }),
  graph: (id, step) =>
    step(
      node('remove', {
        input: NoteId,
        uses: { kv: { access: 'write', consistency: 'strong' } },
        idempotency: 'natural',
        async run({ id }, { kv }) {
          await kv.delete(`notes/${id}`)
        },
      }),
      id,
    ),
})

const FileName = z.object({ name: z.string() })

const putFile = flow('put-file', {
  trigger: http.put('/files/:name', {
    input: FileName,
    status: 201,
    body: blobBody('file', { key: ({ name }: { name: string }) => `files/${name}` }),
  }),
  graph: (it, step) =>
    step(
      node('stored', {
        input: opaque<{ file: { size: number } }>(),
        run: ({ file }) => ({ size: file.size }),
      }),
      it,
    ),
})

const getFile = flow('get-file', {
  trigger: http.get('/files/:name', { input: FileName }),
  graph: (it, step) =>
    step(
      node('find', {
        input: FileName,
        uses: { blob: { access: 'read', consistency: 'strong' } },
        async run({ name }, { blob }) {
          const object = await blob.head(`files/${name}`)
          if (object === null) throw problem({ status: 404, code: 'FILE_NOT_FOUND', title: 'No such file' })
          return blobRef(object)
        },
      }),
      it,
    ),
})

const Ticks = z.object({ everyMs: z.coerce.number(), count: z.coerce.number() })

let ended = 'not yet'

/** Returns how the last stream ended. */
const getEnded = flow('get-ended', {
  trigger: http.get('/ended', { input: z.object({}) }),
  graph: (it, step) => step(node('tell', { input: z.object({}), run: () => ({ ended }) }), it),
})

/** Streams ticks, and records whether the reader disconnected. */
const ticks = flow('ticks', {
  trigger: http.get('/ticks', { input: Ticks, deadline: '10m' }),
  graph: (it, step) =>
    step(
      node('tick', {
        input: Ticks,
        output: streamOf(z.number()),
        uses: { clock: 'read' },
        async *run({ everyMs, count }, { clock, signal }) {
          try {
            for (let n = 1; n <= count; n++) {
              await clock.sleep(everyMs, { signal })
              yield event('tick', n, { id: String(n) })
            }
          } finally {
            ended = signal.aborted ? 'cancelled' : 'done'
          }
        },
      }),
      it,
    ),
})

const postJob = flow('post-job', {
  trigger: http.post('/jobs', { input: Note, status: 202 }),
  graph: (job, step) =>
    step(
      node('enqueue', {
        input: Note,
        uses: { 'queue:jobs': 'publish' },
        idempotency: 'natural',
        async run(job, { 'queue:jobs': jobs }) {
          await jobs.send(job)
          return { id: job.id }
        },
      }),
      job,
    ),
})

const workJob = flow('work-job', {
  trigger: queue('jobs', { input: Note }),
  graph: (job, step) =>
    step(
      node('work', {
        input: Note,
        uses: { kv: { access: 'write', consistency: 'strong' } },
        idempotency: 'natural',
        async run({ id, text }, { kv }) {
          await kv.put(`notes/${id}`, `worked on ${text}`)
        },
      }),
      job,
    ),
})

export const shout = flow('shout', {
  trigger: manual({ input: z.object({ text: z.string() }) }),
  graph: (it, step) =>
    step(
      node('loud', {
        input: z.object({ text: z.string() }),
        output: z.object({ text: z.string() }),
        run: ({ text }) => ({ text: text.toUpperCase() }),
      }),
      it,
    ),
})

export const app = defineApp({
  name: 'pages',
  flows: [putNote, getNote, deleteNote, putFile, getFile, ticks, getEnded, postJob, workJob, shout],
  profiles: {
    browser: [opfsBrowser(), memory({ only: ['queue'], as: 'jobs' })],
  },
})
