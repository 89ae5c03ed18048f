import { createKeyValue, definePreset } from '@flowport/capabilities'
import { defineApp, DiagnosticsError, flow, http, multipartBody, node, opaque } from '@flowport/flow'
import type { AnswerHeaders } from '@flowport/flow/http'
import { createServer, flowport } from '@flowport/host-node'
import { memory } from '@flowport/presets/memory'
import { Validator } from '@seriousme/openapi-schema-validator'
import Fastify from 'fastify'
import { Type } from 'typebox'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { serveFlows, type TestServer } from './support/app.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const Input = z.object({ id: z.string(), size: z.coerce.number().int().optional() })
const hello = flow('hello', {
  summary: 'Says <hello>',
  tags: ['greeting'],
  trigger: http.get('/hello/:id', { input: Input }),
  graph: (it, step) =>
    step(
      node('say', {
        input: Input,
        output: z.object({ hello: z.string() }),
        run: ({ id }) => ({ hello: id }),
      }),
      it,
    ),
})

describe('the plugin', () => {
  it('stays under its prefix and does not affect the rest of the server', async () => {
    server = await serveFlows([hello], {
      prefix: '/api',
      before: (fastify) => {
        fastify.get('/own', () => ({ own: true }))
        fastify.post('/own', (request) => ({ body: request.body }))
        fastify.setNotFoundHandler((_request, reply) => reply.code(404).send({ mine: true }))
      },
    })
    const json = async (path: string, init?: RequestInit) => (await fetch(server?.url + path, init)).json()
    expect(await json('/own')).toEqual({ own: true })
    expect(
      await json('/own', {
        method: 'POST',
        body: '{"a":1}',
        headers: { 'content-type': 'application/json' },
      }),
    ).toEqual({ body: { a: 1 } })
    expect(await json('/api/hello/ada')).toEqual({ hello: 'ada' })
    expect(await json('/nowhere')).toEqual({ mine: true })
    expect(await json('/api/nowhere')).toMatchObject({ code: 'NO_SUCH_ROUTE' })
    expect(await json('/api/hello/ada', { method: 'DELETE' })).toMatchObject({ code: 'METHOD_NOT_ALLOWED' })
    expect(await json('/api/openapi.json')).toMatchObject({ servers: [{ url: '/api' }] })
  })

  it('shows its routes to Fastify’s own tooling and decorates the server', async () => {
    const routes: string[] = []
    server = await serveFlows([hello], {
      before: (fastify) =>
        fastify.addHook('onRoute', ({ method, url }) => void routes.push(`${String(method)} ${url}`)),
    })
    expect(server.fastify.printRoutes({ commonPrefix: false })).toContain('hello/:id (GET, HEAD)')
    expect(routes).toContain('GET,HEAD /hello/:id')
    expect(server.fastify.hasRoute({ method: 'GET', url: '/hello/:id' })).toBe(true)
    expect(server.fastify.flowport.profile).toBe('local')
    expect(server.fastify.flowport.bag.names()).toContain('kv')
    const injected = await server.fastify.inject('/hello/bob')
    expect([injected.statusCode, injected.json()]).toEqual([200, { hello: 'bob' }])
  })

  it('adds only the configured headers', async () => {
    const headersFor = async (answerHeaders: AnswerHeaders) => {
      server = await serveFlows([hello], { answerHeaders })
      const [found, refused] = [
        await fetch(`${server.url}/hello/a`),
        await fetch(`${server.url}/hello/a?size=x`),
      ]
      await server.close()
      return [found, refused].map(({ headers }) =>
        ['x-request-id', 'cache-control', 'server-timing'].filter((name) => headers.has(name)),
      )
    }
    expect(await headersFor({})).toEqual([
      ['x-request-id', 'cache-control'],
      ['x-request-id', 'cache-control'],
    ])
    expect(await headersFor({ requestId: false, cacheControl: false })).toEqual([[], []])
    expect((await headersFor({ serverTiming: true }))[0]).toContain('server-timing')
  })

  it('keeps headers added by hooks of the server', async () => {
    server = await serveFlows([hello], {
      before: (fastify) =>
        fastify.addHook(
          'onRequest',
          async (_request, reply) => void reply.header('access-control-allow-origin', '*'),
        ),
    })
    expect((await fetch(`${server.url}/hello/a`)).headers.get('access-control-allow-origin')).toBe('*')
  })

  it.each([{}, { attachFieldsToBody: true as const }])(
    'works together with the server’s own multipart plugin: %j',
    async (options) => {
      const upload = flow('upload', {
        trigger: http.post('/upload', {
          input: z.object({ title: z.string() }),
          body: multipartBody('files', { key: ({ filename }) => filename }),
        }),
        graph: (it, step) =>
          step(
            node('count', {
              input: opaque<{ title: string; files: readonly unknown[] }>(),
              run: ({ title, files }) => ({ title, files: files.length }),
            }),
            it,
          ),
      })
      const { default: multipart } = await import('@fastify/multipart')
      server = await serveFlows([upload], { before: (fastify) => fastify.register(multipart, options) })
      const form = new FormData()
      form.append('f', new Blob(['x']), 'a.txt')
      form.append('title', 'late')
      expect(await (await fetch(`${server.url}/upload`, { method: 'POST', body: form })).json()).toEqual({
        title: 'late',
        files: 1,
      })
      const untitled = new FormData()
      untitled.append('f', new Blob(['x']), 'b.txt')
      const refused = await fetch(`${server.url}/upload`, { method: 'POST', body: untitled })
      expect([refused.status, await refused.json()]).toMatchObject([
        422,
        { details: { issues: [{ pointer: '/title' }] } },
      ])
      const { blobs } = { blobs: server.fastify.flowport.bag.require('blob') }
      expect((await blobs.list()).objects.map(({ key }) => key)).toEqual(['a.txt'])
    },
  )
})

describe('the operations', () => {
  it('report liveness and readiness, and name resources that are not ready', async () => {
    server = await serveFlows([hello])
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ status: 'ok' })
    expect(await (await fetch(`${server.url}/readyz`)).json()).toMatchObject({
      status: 'ready',
      resources: { kv: 'ok', blob: 'ok' },
    })
  })

  it('answer 503 when a resource fails or hangs, or the server drains', async () => {
    const broken = definePreset({
      name: 'broken',
      env: Type.Object({}),
      provides: { kv: kvInfo },
      portable: { kv: createKeyValue },
      layers: () => [],
      open: () => ({
        kv: {
          info: kvInfo,
          get: () => null,
          put: () => undefined,
          delete: () => undefined,
          check: () => Promise.reject(new Error('hunter2 is wrong')),
        },
      }),
    })
    const app = defineApp({ flows: [hello], profiles: { local: [broken()] } })
    const fastify = Fastify()
    await fastify.register(flowport, { app, env: {} })
    const response = await fastify.inject('/readyz')
    expect(response.statusCode).toBe(503)
    expect(response.json()).toMatchObject({
      status: 'unavailable',
      resources: { kv: 'unavailable', clock: 'ok' },
    })
    expect(response.body).not.toContain('hunter2')
    void fastify.flowport.runtime.close()
    expect((await fastify.inject('/readyz')).json()).toEqual({ status: 'draining' })
    await fastify.close()
  })

  it('describe the app in OpenAPI 3.1 that a linter accepts', async () => {
    server = await serveFlows([hello])
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as object
    const { valid, errors } = await new Validator().validate(document as Record<string, unknown>)
    expect(errors ?? []).toEqual([])
    expect(valid).toBe(true)
    expect(document).toMatchObject({
      openapi: '3.1.0',
      paths: {
        '/hello/{id}': {
          get: {
            operationId: 'hello',
            parameters: [
              { name: 'id', in: 'path', required: true },
              { name: 'size', in: 'query', required: false, schema: { type: 'integer' } },
            ],
          },
        },
      },
    })
  })

  it('list flows and bindings as JSON and as HTML', async () => {
    server = await serveFlows([hello])
    const programs = await (await fetch(`${server.url}/`)).json()
    expect(programs).toMatchObject({
      profile: 'local',
      flows: [{ name: 'hello', method: 'GET', path: '/hello/:id' }],
    })
    expect(JSON.stringify(programs)).toContain('"guarantees":{"consistency":"strong"')
    const page = await fetch(`${server.url}/`, { headers: { accept: 'text/html,*/*;q=0.8' } })
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
    const html = await page.text()
    expect(html).toContain('Says &lt;hello&gt;')
    expect(html).not.toContain('<hello>')
  })
})

const kvInfo = {
  provider: 'broken',
  consistency: 'strong',
  durability: 'ephemeral',
  ttl: 'none',
  limits: {
    maxKeyBytes: 512,
    maxValueBytes: 1e6,
    maxMetadataBytes: 0,
    minTtlSeconds: 0,
    maxListKeys: 1,
    maxBulkKeys: 1,
  },
  features: { list: false, metadata: false, conditional: false, bulk: false },
  extensions: {},
} as const

describe('a profile', () => {
  const needsVariables = definePreset({
    name: 'needy',
    env: Type.Object({
      NEEDY_URL: Type.String(),
      NEEDY_PORT: Type.Integer(),
      NEEDY_MODE: Type.Enum(['a', 'b']),
    }),
    provides: {},
    layers: () => [],
    open: () => ({}),
  })

  it('reports all missing and malformed variables together, and no values', async () => {
    const app = defineApp({ flows: [hello], profiles: { local: [needsVariables()] }, secrets: ['API_TOKEN'] })
    const failure = await createServer(app, {
      env: { NEEDY_PORT: 'hunter2', NEEDY_MODE: 'hunter3' },
      logLevel: 'silent',
    }).then(
      () => null,
      (error: unknown) => error,
    )
    expect(failure).toBeInstanceOf(DiagnosticsError)
    const { diagnostics, message } = failure as DiagnosticsError
    expect(diagnostics.map(({ code, details }) => [code, details?.['variable']])).toEqual([
      ['CAP103', 'API_TOKEN'],
      ['CAP103', 'NEEDY_MODE'],
      ['CAP103', 'NEEDY_PORT'],
      ['CAP103', 'NEEDY_URL'],
    ])
    expect(message).not.toMatch(/hunter/)
  })

  it('of another platform names the platform that can serve it', async () => {
    const { durableDedupe } = await import('@flowport/presets/durable-dedupe')
    const app = defineApp({ flows: [hello], profiles: { workers: [durableDedupe()] } })
    await expect(Fastify().register(flowport, { app, profile: 'workers', env: {} })).rejects.toThrow(
      /KV_OBJECT is not bound[^]*serve the profile on Cloudflare Workers, or use another preset/,
    )
  })

  it.each([
    ['a module', { app: { default: {} } }, /this is no app: hand over what defineApp returned/],
    ['nothing', {}, /this is no app/],
    ['hooks that are not a list', { hooks: {} }, /hooks must be a list/],
    [
      'a deadline that has passed',
      { deadlineMs: -3 },
      /deadlineMs must be above 0 and at most 2147483647000 milliseconds, not -3/,
    ],
  ])('is not opened with %s', async (_what, wrong, message) => {
    const app = defineApp({ flows: [hello], profiles: { local: [memory()] } })
    const given = 'hooks' in wrong || 'deadlineMs' in wrong ? { app, env: {}, ...wrong } : wrong
    await expect(Fastify().register(flowport, given as never)).rejects.toThrow(message)
  })

  it('that cannot run a flow fails to start, with every finding', async () => {
    const strict = flow('strict', {
      trigger: http.get('/strict', { input: z.object({}) }),
      graph: (it, step) =>
        step(
          node('read', {
            input: z.object({}),
            uses: { kv: { access: 'read', durability: 'durable' }, 'blob:photos': 'read' },
            run: () => 1,
          }),
          it,
        ),
    })
    const app = { ...defineApp({ flows: [], profiles: { local: [memory()] } }), flows: [strict] }
    const failure = await createServer(app, { env: {}, logLevel: 'silent' }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(DiagnosticsError)
    expect((failure as DiagnosticsError).diagnostics.map(({ code }) => code).sort()).toEqual([
      'CAP101',
      'CAP102',
    ])
    expect((failure as DiagnosticsError).message).toMatch(/durab/)
  })
})
