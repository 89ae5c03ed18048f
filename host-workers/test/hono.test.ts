import { blobBody, defineApp, flow, http, node, opaque, streamOf } from '@flowport/flow'
import { createWorker, flowportHono } from '@flowport/host-workers'
import { memory } from '@flowport/presets/memory'
import { cloudflareKv } from '@flowport/presets/cloudflare-kv'
import { Hono } from 'hono'
import { hc } from 'hono/client'
import { describe, expect, expectTypeOf, it } from 'vitest'
import * as z from 'zod'

const Note = z.object({ id: z.string(), text: z.string(), stars: z.number().default(0) })
const Query = z.object({ tag: z.string(), limit: z.coerce.number().default(10) })

const put = flow('put-note', {
  trigger: http.put('/notes/:id', { input: Note }),
  graph: (note, step) => step(node('keep', { input: Note, output: Note, run: (note) => note }), note),
})
const list = flow('list-notes', {
  trigger: http.get('/notes', { input: Query }),
  graph: (query, step) =>
    step(
      node('list', {
        input: Query,
        output: z.object({ tag: z.string(), limit: z.number() }),
        run: (query) => query,
      }),
      query,
    ),
})
const upload = flow('upload', {
  trigger: http.put('/files/:name', {
    input: z.object({ name: z.string() }),
    body: blobBody('file', { key: ({ name }: { name: string }) => name }),
  }),
  graph: (it, step) =>
    step(node('size', { input: opaque<{ name: string }>(), run: ({ name }) => ({ name }) }), it),
})
const ticks = flow('ticks', {
  trigger: http.get('/ticks', { input: z.object({}) }),
  graph: (it, step) =>
    step(
      node('tick', {
        input: z.object({}),
        output: streamOf(z.number()),
        async *run() {
          yield 1
        },
      }),
      it,
    ),
})

const app = defineApp({ flows: [put, list, upload, ticks], profiles: { workers: [memory()] } })
const mounted = new Hono().get('/own', (context) => context.text('mine')).route('/api', flowportHono(app))

describe('flowportHono', () => {
  it('can be mounted next to other routes of a Hono app', async () => {
    const ask = async (path: string, init?: RequestInit) => {
      const response = await mounted.request(path, init)
      return [response.status, await response.text()] as const
    }
    expect(await ask('/own')).toEqual([200, 'mine'])
    expect(await ask('/api/notes?tag=a&limit=3')).toEqual([200, '{"tag":"a","limit":3}'])
    expect((await ask('/api/nowhere'))[1]).toContain('NO_SUCH_ROUTE')
    expect((await ask('/api/notes', { method: 'DELETE' }))[1]).toContain('METHOD_NOT_ALLOWED')
    expect((await ask('/api/openapi.json'))[1]).toContain('"servers":[{"url":"/api"}]')
    expect(await ask('/nowhere')).toEqual([404, '404 Not Found'])
  })

  it('is typed for hc: parameters, query, JSON body and answer', async () => {
    const client = hc<typeof mounted>('http://example.test', {
      fetch: (input: RequestInfo | URL, init?: RequestInit) => mounted.request(String(input), init, {}),
    })
    const kept = await client.api.notes[':id'].$put({ param: { id: 'n1' }, json: { text: 'hello' } })
    const note = await kept.json()
    expectTypeOf(note).toEqualTypeOf<{ id: string; text: string; stars: number }>()
    expect(note).toEqual({ id: 'n1', text: 'hello', stars: 0 })
    const listed = await client.api.notes.$get({ query: { tag: 'a', limit: '5' } })
    expect(await listed.json()).toEqual({ tag: 'a', limit: 5 })
    const file = client.api.files[':name'].$put
    expectTypeOf(file).parameter(0).toEqualTypeOf<{ param: { name: string } }>()
    // @ts-expect-error the body lacks its text
    void (() => client.api.notes[':id'].$put({ param: { id: 'n1' }, json: {} }))
    // @ts-expect-error the path has no such parameter
    void (() => client.api.notes[':id'].$put({ param: { name: 'n1' }, json: { text: '' } }))
    // @ts-expect-error there is no such method
    void (() => client.api.notes.$delete())
    // @ts-expect-error there is no such route
    void (() => client.api.orders.$get())
  })
})

describe('a flow that needs a strong store', () => {
  it('does not compile against Workers KV', () => {
    const strong = flow('strong', {
      trigger: http.get('/strong', { input: z.object({}) }),
      graph: (it, step) =>
        step(
          node('read', {
            input: z.object({}),
            uses: { kv: { access: 'read', consistency: 'strong' } },
            run: async (_input, { kv }) => kv.get('a'),
          }),
          it,
        ),
    })
    // @ts-expect-error CAP102: offered guarantees are weaker than the flow needs
    const weak = defineApp({ flows: [strong], profiles: { workers: [cloudflareKv()] } })
    expect(Object.keys(weak.profiles)).toEqual(['workers'])
  })

  it('does not compile without a dedupe store, which KV is not', () => {
    const once = flow('once', {
      trigger: http.post('/once', { input: z.object({ id: z.string() }) }),
      graph: (it, step) =>
        step(
          node('effect', {
            input: z.object({ id: z.string() }),
            uses: { dedupe: { access: 'write', reservation: 'atomic' } },
            idempotency: { key: '/id', unknown: 'never', ttl: '1d' },
            run: ({ id }) => id,
          }),
          it,
        ),
    })
    // @ts-expect-error dedupe: not bound
    const weak = defineApp({ flows: [once], profiles: { workers: [cloudflareKv()] } })
    expect(Object.keys(weak.profiles)).toEqual(['workers'])
  })

  it('does not start either: CAP102 names the field, the need and the offer', async () => {
    const Empty = z.object({})
    const strong = flow('strong', {
      trigger: http.get('/strong', { input: Empty }),
      graph: (it, step) =>
        step(
          node('read', {
            input: Empty,
            uses: { kv: { access: 'read', consistency: 'strong' } },
            run: async (_input, { kv }) => kv.get('a'),
          }),
          it,
        ),
    })
    const empty = defineApp({
      flows: [],
      profiles: { workers: [cloudflareKv({ accountId: 'a', namespaceId: 'n', apiToken: 't' })] },
    })
    const worker = createWorker({ ...empty, flows: [strong] })
    const context = { waitUntil: () => undefined, passThroughOnException: () => undefined }
    const response = await worker.fetch(new Request('https://example.test/strong'), {}, context)
    expect(response.status).toBe(503)
    expect(await response.json()).toMatchObject({
      code: 'CAP102',
      detail: expect.stringMatching(/consistency.*strong.*eventual/),
    })
  })
})
