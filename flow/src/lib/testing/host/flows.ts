/** The flows a host is tried with: each does one thing that a host must get across. They use `kv` and `blob`. */
import { CapabilityError, type ErrorKind, type Provider } from '@flowport/capabilities'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type App, defineApp } from '../../app.ts'
import { type BlobRef, blobRef } from '../../blob-ref.ts'
import { blobBody, multipartBody, streamBody } from '../../body.ts'
import type { ByteSource } from '../../body.ts'
import { flow } from '../../flow.ts'
import { problem } from '../../http/problem.ts'
import { reply } from '../../http/reply.ts'
import { event, node } from '../../node.ts'
import { deny } from '../../runtime/errors.ts'
import { opaque, streamOf } from '../../schema.ts'
import { http } from '../../trigger.ts'

const anything = opaque<Record<string, unknown>>()

/** `{ name, size }`, with the names of what is wrong. Query text is read as a number. */
const Item: StandardSchemaV1<unknown, { readonly name: string; readonly size: number }> = {
  '~standard': {
    version: 1,
    vendor: 'flowport-host-conformance',
    validate(value) {
      const { name, size } = (typeof value === 'object' && value !== null ? value : {}) as Record<
        string,
        unknown
      >
      const issues = []
      if (typeof name !== 'string') issues.push({ message: 'must be text', path: ['name'] })
      if (!Number.isInteger(Number(size ?? Number.NaN)) || typeof size === 'boolean')
        issues.push({ message: 'must be a whole number', path: ['size'] })
      return issues.length > 0 ? { issues } : { value: { name: String(name), size: Number(size) } }
    },
  },
}

const Key = opaque<{ readonly key: string }>()

/** A GET flow of one node. */
const get = (
  name: string,
  run: (input: Record<string, unknown>) => unknown,
  options: { readonly status?: number; readonly path?: string } = {},
) => {
  const { path = `/${name}`, ...rest } = options
  return flow(name, {
    trigger: http.get(path, { input: anything, ...rest }),
    graph: (it, step) => step(node(name, { input: anything, run }), it),
  })
}

const answers = [
  get('nothing', () => undefined),
  get('null', () => null),
  get('zero', () => 0),
  get('text', () => 'ä'),
  get('created', () => ({ a: 1 }), { status: 201 }),
  get('reply', () =>
    reply({ status: 202, headers: { location: '/x', 'cache-control': 'max-age=1' }, body: { b: 2 } }),
  ),
  get('plain', () => reply({ headers: { 'content-type': 'text/plain' }, body: 'hello' })),
  get('empty', () => reply({ status: 303, headers: { location: '/y' } })),
  get('params', (input) => input, { path: '/params/:a/of/:b' }),
]

const errors = [
  get('fail', ({ kind, retryAfterMs }) => {
    const retry = retryAfterMs === undefined ? {} : { retryAfterMs: Number(retryAfterMs) }
    throw new CapabilityError(kind as ErrorKind, 'as it was asked to', retry)
  }),
  get('boom', () => {
    throw new Error('password=hunter2 at /srv/secret.ts')
  }),
  get('throws-text', () => {
    // oxlint-disable-next-line typescript/only-throw-error -- nodes may throw anything
    throw 'just text'
  }),
  get('teapot', () => {
    throw problem({
      status: 418,
      code: 'TEAPOT',
      title: 'Short and stout',
      details: { spout: true },
      headers: { 'x-tea': 'yes' },
    })
  }),
  get('denied', () => {
    throw deny({
      status: 401,
      code: 'NO_TOKEN',
      message: 'Sign in first',
      headers: { 'www-authenticate': 'Bearer' },
    })
  }),
  flow('broken-output', {
    trigger: http.get('/broken-output', { input: anything }),
    graph: (it, step) =>
      step(node('broken', { input: anything, output: Item, run: () => ({ name: 1 }) as never }), it),
  }),
]

const inputs = [
  flow('items', {
    trigger: http.post('/items', { input: Item }),
    graph: (it, step) => step(node('item', { input: Item, run: (item) => item }), it),
  }),
  flow('items-at', {
    trigger: http.put('/items/:name', { input: Item }),
    graph: (it, step) => step(node('item-at', { input: Item, run: (item) => item }), it),
  }),
  flow('items-query', {
    trigger: http.get('/items/:name', { input: Item }),
    graph: (it, step) => step(node('item-query', { input: Item, run: (item) => item }), it),
  }),
  flow('keyed', {
    trigger: http.post('/keyed', { input: anything, idempotencyKey: 'required' }),
    graph: (it, step) =>
      step(
        node('key', { input: anything, run: (_input, { metadata }) => metadata['http.idempotency_key'] }),
        it,
      ),
  }),
  flow('metadata', {
    trigger: http.get('/metadata/:id', { input: anything }),
    graph: (it, step) => step(node('tell', { input: anything, run: (_input, { metadata }) => metadata }), it),
  }),
]

const blobs = [
  flow('put-blob', {
    trigger: http.put('/blobs/:key', {
      input: Key,
      status: 201,
      body: blobBody('blob', { key: ({ key }: { readonly key: string }) => key, maxBytes: 4 * 1024 * 1024 }),
    }),
    graph: (it, step) =>
      step(
        node('stored', {
          input: opaque<{ key: string; blob: BlobRef }>(),
          run: ({ blob }) => ({ size: blob.size, contentType: blob.contentType }),
        }),
        it,
      ),
  }),
  flow('get-blob', {
    trigger: http.get('/blobs/:key', { input: Key }),
    graph: (it, step) =>
      step(
        node('find', {
          input: Key,
          uses: { blob: 'read' },
          async run({ key }, { blob }) {
            const object = await blob.head(key)
            if (object === null)
              throw problem({ status: 404, code: 'NO_BLOB', title: 'There is no such blob' })
            return blobRef(object)
          },
        }),
        it,
      ),
  }),
  flow('post-blobs', {
    trigger: http.post('/forms/:form', {
      input: opaque<{ form: string; title?: string }>(),
      status: 201,
      body: multipartBody('files', {
        key: ({ filename }, { form }) => `${form}/${filename}`,
        maxFiles: 3,
        maxFileBytes: 1024 * 1024,
        maxFields: 2,
        maxFieldBytes: 100,
      }),
    }),
    graph: (it, step) =>
      step(
        node('form', {
          input: opaque<{ title?: string; files: readonly BlobRef[] }>(),
          run: ({ title, files }) => ({
            title: title ?? null,
            files: files.map(({ key, size, contentType }) => ({ key, size, contentType })),
          }),
        }),
        it,
      ),
  }),
  flow('list-blobs', {
    trigger: http.get('/blobs', { input: opaque<{ prefix?: string }>() }),
    graph: (it, step) =>
      step(
        node('list', {
          input: opaque<{ prefix?: string }>(),
          uses: { blob: 'read' },
          async run({ prefix = '' }, { blob }) {
            const keys: string[] = []
            for await (const { key } of blob.entries({ prefix })) keys.push(key)
            return keys
          },
        }),
        it,
      ),
  }),
  flow('count-bytes', {
    trigger: http.post('/count', {
      input: anything,
      body: streamBody('body', { accept: ['application/octet-stream', 'text/*'], maxBytes: 4 * 1024 * 1024 }),
    }),
    graph: (it, step) =>
      step(
        node('count', {
          input: opaque<{ body: ByteSource }>(),
          async run({ body }) {
            let bytes = 0
            const reader = body.stream.getReader()
            for (let read = await reader.read(); !read.done; read = await reader.read())
              bytes += read.value.byteLength
            return { bytes, size: body.size, contentType: body.contentType }
          },
        }),
        it,
      ),
  }),
]

const Count = opaque<{ readonly count?: string; readonly id?: string; readonly fail?: string }>()

const streams = [
  flow('events', {
    trigger: http.get('/events', { input: Count }),
    graph: (it, step) =>
      step(
        node('emit', {
          input: Count,
          output: streamOf(opaque<unknown>()),
          async *run({ count = '3', fail }) {
            yield event('start', { of: Number(count) }, { id: 'a' })
            for (let n = 0; n < Number(count); n++) yield { n, text: 'zeile\nü' }
            if (fail !== undefined) throw problem({ status: 409, code: 'STOPPED', title: 'It stopped' })
          },
        }),
        it,
      ),
  }),
  flow('with-result', {
    trigger: http.get('/with-result', { input: anything }),
    graph: (it, step) =>
      step(
        node('progress', {
          input: anything,
          output: streamOf(opaque<number>(), { result: opaque<{ done: boolean }>() }),
          async *run() {
            yield 1
            yield 2
            return { done: true }
          },
        }),
        it,
      ),
  }),
]

/** What flows have seen, by the id their request gave: asked for with `GET /probe/:id`. */
const probes = new Map<string, string[]>()

function note(id: unknown, what: string): void {
  probes.set(String(id), [...(probes.get(String(id)) ?? []), what])
}

const time = [
  flow('deaf', {
    trigger: http.get('/deaf', { input: anything, deadline: '40ms' }),
    graph: (it, step) =>
      step(
        node('deaf', {
          input: anything,
          uses: { clock: 'read' },
          async run({ id }, { clock, signal }) {
            signal.addEventListener('abort', () => note(id, 'aborted'))
            await clock.sleep(300)
            note(id, 'ended')
            return 'late'
          },
        }),
        it,
      ),
  }),
  flow('waits', {
    trigger: http.post('/waits', { input: anything }),
    graph: (it, step) =>
      step(
        node('waits', {
          input: anything,
          run: ({ id }, { signal }) => {
            note(id, 'started')
            return new Promise<never>((_, reject) => {
              signal.addEventListener('abort', () => {
                note(id, 'aborted')
                reject(signal.reason as Error)
              })
            })
          },
        }),
        it,
      ),
  }),
  flow('ticks', {
    trigger: http.get('/ticks', { input: anything }),
    graph: (it, step) =>
      step(
        node('ticks', {
          input: anything,
          output: streamOf(opaque<number>()),
          uses: { clock: 'read' },
          async *run({ id }, { clock, signal }) {
            try {
              for (let n = 0; ; n++) {
                yield n
                await clock.sleep(5, { signal })
              }
            } finally {
              note(id, signal.aborted ? 'aborted' : 'closed')
            }
          },
        }),
        it,
      ),
  }),
  get('slow', async () => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    return 'done'
  }),
  get('probe', ({ id }) => probes.get(String(id)) ?? [], { path: '/probe/:id' }),
]

/** All of them. */
export const hostFlows = [...answers, ...errors, ...inputs, ...blobs, ...streams, ...time] as const

/** An app of them, on providers that bind `blob`. */
export function hostApp(profile: string, providers: readonly Provider[]): App {
  return {
    ...defineApp({
      name: 'host-conformance',
      version: '1.2.3',
      flows: [],
      profiles: { [profile]: providers },
    }),
    flows: hostFlows,
  }
}
