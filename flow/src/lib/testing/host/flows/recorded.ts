/** Flows whose answers are recorded under an `Idempotency-Key`. Each run counts: what runs twice answers with a 2. */
import { type BlobRef, blobRef } from '../../../blob-ref.ts'
import { blobBody, type ByteSource, multipartBody, streamBody } from '../../../body.ts'
import { flow } from '../../../flow.ts'
import { problem } from '../../../http/problem.ts'
import { event, node } from '../../../node.ts'
import { reply } from '../../../reply.ts'
import { opaque, streamOf } from '../../../schema.ts'
import { http } from '../../../trigger.ts'
import { Item } from './shared.ts'

/** How often each request ran, by the id it gave. */
const runs = new Map<string, number>()

/** Counts a run. */
export function countRun(id: string): number {
  const count = (runs.get(id) ?? 0) + 1
  runs.set(id, count)
  return count
}

export interface Wanted {
  readonly id: string
  readonly what: string
  readonly waitMs?: number
  readonly size?: number
}

/** What a recorded flow answers, by what it is asked for. */
async function answerOf({ what, size = 0 }: Wanted, count: number): Promise<unknown> {
  const status = /^status-(\d+)$/.exec(what)?.[1]
  if (status !== undefined) return reply({ status: Number(status), body: { count } })
  const failing = /^problem-(\d+)$/.exec(what)?.[1]
  if (failing !== undefined)
    throw problem({ status: Number(failing), code: 'AS_ASKED', title: 'As asked', details: { count } })
  switch (what) {
    case 'reply':
      return reply({
        status: 201,
        headers: { location: `/orders/${count}`, 'x-own': 'own', 'set-cookie': 'a=b' },
        body: { count },
      })
    case 'nothing':
      return undefined
    case 'boom':
      throw new Error('unforeseen')
    case 'text':
      return reply({ headers: { 'content-type': 'text/plain' }, body: `${count}:${'ü'.repeat(size)}` })
    default:
      return { count }
  }
}

const wanted = opaque<Wanted>()

const answering = node('answering', {
  input: wanted,
  uses: { clock: 'read' },
  async run(input, { clock }) {
    const count = countRun(input.id)
    if (input.waitMs !== undefined) await clock.sleep(input.waitMs)
    return answerOf(input, count)
  },
})

export const recorded = [
  flow('recorded', {
    trigger: http.post('/recorded', { input: wanted, idempotency: 'optional' }),
    graph: (it, step) => step(answering, it),
  }),
  flow('recorded-at', {
    trigger: http.delete('/recorded/:id', { input: wanted, idempotency: 'required' }),
    graph: (it, step) => step(answering, it),
  }),
  flow('recorded-item', {
    trigger: http.put('/recorded/:name', { input: Item, idempotency: 'optional' }),
    graph: (it, step) =>
      step(
        node('recorded-item', { input: Item, run: (item) => ({ ...item, count: countRun(item.name) }) }),
        it,
      ),
  }),
  flow('recorded-blob', {
    trigger: http.post('/recorded-blobs', {
      input: wanted,
      idempotency: { header: 'optional', maxRecordedBytes: 4_000_000 },
    }),
    graph: (it, step) =>
      step(
        node('recorded-blob', {
          input: wanted,
          uses: { blob: 'write' },
          idempotency: 'natural',
          async run({ id, size = 0 }, { blob }) {
            const bytes = new Uint8Array(size)
            for (let at = 0; at < size; at++) bytes[at] = (at * 31 + (at >> 8)) & 255
            if (size > 0) bytes[0] = countRun(id)
            const object = await blob.put(`recorded/${id}`, bytes, { contentType: 'application/x-own' })
            return blobRef(object)
          },
        }),
        it,
      ),
  }),
  flow('recorded-events', {
    trigger: http.post('/recorded-events', {
      input: wanted,
      idempotency: { header: 'optional', maxRecordedBytes: 200_000 },
    }),
    graph: (it, step) =>
      step(
        node('recorded-events', {
          input: wanted,
          output: streamOf(opaque<unknown>()),
          uses: { clock: 'read' },
          async *run({ id, what, size = 0, waitMs = 0 }, { clock, signal, lastEventId = '0' }) {
            const count = countRun(id)
            for (let n = Number(lastEventId) + 1; n <= size; n++) {
              yield event('tick', { n, count, text: 'ä'.repeat(40) }, { id: String(n) })
              if (waitMs > 0) await clock.sleep(waitMs, { signal })
            }
            if (what === 'fails') throw new Error('unforeseen')
            if (what === 'stops') throw problem({ status: 409, code: 'STOPPED', title: 'It stopped' })
          },
        }),
        it,
      ),
  }),
  flow('recorded-form', {
    trigger: http.post('/recorded-forms/:form', {
      input: opaque<{ form: string }>(),
      body: multipartBody('files', { key: ({ filename }, { form }) => `${form}/${filename}` }),
      idempotency: 'optional',
    }),
    graph: (it, step) =>
      step(
        node('recorded-form', {
          input: opaque<{ form: string; files: readonly BlobRef[] }>(),
          run: ({ form, files }) => ({ count: countRun(form), sizes: files.map(({ size }) => size) }),
        }),
        it,
      ),
  }),
  flow('recorded-upload', {
    trigger: http.put('/recorded-uploads/:id', {
      input: opaque<{ id: string; waitMs?: string }>(),
      body: blobBody('file', { key: ({ id }: { id: string }) => `uploads/${id}`, maxBytes: 4_000_000 }),
      idempotency: 'optional',
    }),
    graph: (it, step) =>
      step(
        node('recorded-upload', {
          input: opaque<{ id: string; waitMs?: string; file: BlobRef }>(),
          uses: { clock: 'read' },
          async run({ id, waitMs, file }, { clock }) {
            const count = countRun(id)
            if (waitMs !== undefined) await clock.sleep(Number(waitMs))
            return { count, size: file.size }
          },
        }),
        it,
      ),
  }),
  flow('recorded-count', {
    trigger: http.post('/recorded-count', {
      input: opaque<{ id: string; most?: string }>(),
      body: streamBody('body'),
      idempotency: 'optional',
    }),
    graph: (it, step) =>
      step(
        node('recorded-count', {
          input: opaque<{ id: string; most?: string; body: ByteSource }>(),
          async run({ id, most, body }) {
            let bytes = 0
            const reader = body.stream.getReader()
            for (let read = await reader.read(); !read.done; read = await reader.read()) {
              bytes += read.value.byteLength
              if (bytes >= Number(most ?? Infinity)) break
            }
            return { count: countRun(id), bytes: Math.min(bytes, Number(most ?? bytes)) }
          },
        }),
        it,
      ),
  }),
  flow('runs', {
    trigger: http.get('/runs/:id', { input: opaque<{ readonly id: string }>() }),
    graph: (it, step) =>
      step(
        node('runs', { input: opaque<{ readonly id: string }>(), run: ({ id }) => runs.get(id) ?? 0 }),
        it,
      ),
  }),
]
