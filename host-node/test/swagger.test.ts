/** @fastify/swagger shows the schemas of flows, and does not change what flows accept. */
import swagger from '@fastify/swagger'
import { flow, http, multipartBody, node } from '@flowport/flow'
import { Validator } from '@seriousme/openapi-schema-validator'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { serveFlows, type TestServer } from './support/app.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const Note = z.object({ id: z.string(), text: z.string().min(1) })
const keep = node('keep', { input: Note, output: Note, run: (note) => note })
const Query = z.object({ limit: z.coerce.number().optional() })
const list = node('list', {
  input: Query,
  output: z.array(Note),
  run: ({ limit = 1 }) => Array.from({ length: limit }, () => ({ id: 'a', text: 'b' })),
})
const flows = [
  flow('put-note', { trigger: http.put('/notes/:id', { input: Note }), graph: (it, step) => step(keep, it) }),
  flow('list-notes', { trigger: http.get('/notes', { input: Query }), graph: (it, step) => step(list, it) }),
  flow('upload', {
    trigger: http.post('/files', {
      input: z.object({ title: z.string() }),
      body: multipartBody('files', { key: ({ filename }) => filename }),
    }),
    graph: (it) => it,
  }),
]

describe('@fastify/swagger', () => {
  it('shows parameters, bodies and answers', async () => {
    server = await serveFlows(flows, {
      before: (fastify) => fastify.register(swagger, { openapi: { openapi: '3.1.0' } }),
    })
    const document = server.fastify.swagger()
    expect((await new Validator().validate({ ...document })).errors ?? []).toEqual([])
    const text = { type: 'string' }
    expect(document).toMatchObject({
      paths: {
        '/notes/{id}': {
          put: {
            operationId: 'put-note',
            parameters: [{ in: 'path', name: 'id', required: true, schema: text }],
            requestBody: {
              content: {
                'application/json': {
                  schema: { properties: { text: { minLength: 1 } }, required: ['text'] },
                },
              },
            },
            responses: {
              200: { content: { 'application/json': { schema: { properties: { id: text, text } } } } },
              422: {
                content: {
                  'application/problem+json': { schema: { required: expect.arrayContaining(['code']) } },
                },
              },
            },
          },
        },
        '/notes': { get: { parameters: [{ in: 'query', name: 'limit', required: false }] } },
        '/files': {
          post: { requestBody: { content: { 'multipart/form-data': { schema: { required: ['title'] } } } } },
        },
      },
    })
  })

  it('does not change requests and answers', async () => {
    server = await serveFlows(flows, { before: (fastify) => fastify.register(swagger) })
    const put = (payload: object) => server?.fastify.inject({ method: 'PUT', url: '/notes/a', payload })
    const [good, bad] = [await put({ text: 'hello' }), await put({ text: '' })]
    expect([good?.statusCode, good?.json()]).toEqual([200, { id: 'a', text: 'hello' }])
    expect([bad?.statusCode, bad?.json()]).toMatchObject([422, { code: 'INVALID_INPUT' }])
    expect((await server.fastify.inject('/notes?limit=2')).json()).toHaveLength(2)
  })
})
