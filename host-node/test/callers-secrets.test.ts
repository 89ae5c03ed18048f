/** A caller's credentials, query and body appear in no log line of any level, and in no answer except an intended echo. */
import { CapabilityError } from '@flowport/capabilities'
import { blobBody, defineApp, flow, http, multipartBody, node, opaque, problem } from '@flowport/flow'
import { createServer, safeLogging } from '@flowport/host-node'
import { memory } from '@flowport/presets/memory'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { openRaw } from './support/raw.ts'

const markers = {
  authorization: 'Bearer marker-authorization',
  'proxy-authorization': 'Basic marker-proxy',
  cookie: 'session=marker-cookie',
  'x-api-key': 'marker-api-key',
  'idempotency-key': '"marker-idempotency"',
  'x-request-id': `marker id ${'marker-long-id'.repeat(600)}`,
  'user-agent': 'marker-agent',
  referer: 'https://app.example/?marker-referer',
}
const marker = /marker/

const anything = opaque<Record<string, unknown>>()
const fails = (name: string, thrown: () => unknown) =>
  flow(name, {
    trigger: http.post(`/${name}`, { input: anything }),
    graph: (it, step) =>
      step(
        node(name, {
          input: anything,
          run() {
            throw thrown()
          },
        }),
        it,
      ),
  })
const flows = [
  fails('unforeseen', () => new Error('it broke')),
  fails('unavailable', () => new CapabilityError('Unavailable', 'the store is away')),
  fails('problem', () => problem({ status: 409, code: 'TAKEN', title: 'It is taken' })),
  flow('strict', {
    trigger: http.post('/strict', { input: z.object({ age: z.number() }) }),
    graph: (it, step) => step(node('strict', { input: anything, run: () => 1 }), it),
  }),
  flow('broken', {
    trigger: http.post('/broken', { input: anything }),
    graph: (it, step) =>
      step(
        node('broken', { input: anything, output: z.object({ ok: z.boolean() }), run: (it) => it as never }),
        it,
      ),
  }),
  flow('put', {
    trigger: http.put('/put', {
      input: anything,
      body: blobBody('file', { key: () => 'kept', maxBytes: 10 }),
    }),
    graph: (it, step) => step(node('put', { input: anything, run: () => 1 }), it),
  }),
  flow('form', {
    trigger: http.post('/form', {
      input: anything,
      body: multipartBody('files', { key: () => 'kept', maxFiles: 1 }),
    }),
    graph: (it, step) => step(node('form', { input: anything, run: () => 1 }), it),
  }),
]

let written = ''
let server: FastifyInstance | undefined
beforeEach(async () => {
  written = ''
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += String(text)
    return true
  })
  const app = { ...defineApp({ flows: [], profiles: { local: [memory()] } }), flows }
  server = await createServer(app, { env: {}, logLevel: 'trace' })
  await server.listen({ port: 0, host: '127.0.0.1' })
})
afterEach(async () => {
  await server?.close()
  vi.restoreAllMocks()
})

/** Sends a request that contains every marker. The log is checked after each test. */
async function ask(path: string, init: RequestInit): Promise<string> {
  const url = `${server?.listeningOrigin}${path}?token=marker-query&marker-name=1`
  const response = await fetch(url, { ...init, headers: { ...markers, ...init.headers } })
  return `${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`
}

const json = (body: string) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body })
const formOf = (files: number) => {
  const form = new FormData()
  form.append('marker-field', 'marker-value')
  for (let at = 0; at < files; at++) form.append('file', new Blob(['marker-content']), 'marker-name.txt')
  return form
}

describe('a caller’s secrets', () => {
  it.each<readonly [string, string, RequestInit, number]>([
    ['a failure', '/unforeseen', json('{"password":"marker-body"}'), 500],
    ['an unavailable store', '/unavailable', json('{"password":"marker-body"}'), 503],
    ['a problem', '/problem', json('{"password":"marker-body"}'), 409],
    ['input that violates the schema', '/strict', json('{"age":"marker-body"}'), 422],
    ['text that is not JSON', '/strict', json('marker-body'), 400],
    ['an output that violates the schema', '/broken', json('{"ok":"marker-body"}'), 500],
    ['an upload that is too large', '/put', { method: 'PUT', body: 'marker-body marker-body' }, 413],
    ['a form', '/form', { method: 'POST', body: formOf(1) }, 200],
    ['a form with too many files', '/form', { method: 'POST', body: formOf(2) }, 413],
    ['an unknown path', '/nowhere', json('marker-body'), 404],
    ['an unknown method', '/strict', { method: 'DELETE' }, 405],
    [
      'a cross-site form',
      '/strict',
      { method: 'POST', body: 'marker-body', headers: { 'sec-fetch-site': 'cross-site' } },
      403,
    ],
  ])('are in no log and no answer: %s', async (_what, path, init, status) => {
    const answer = await ask(path, init)
    expect(answer).toMatch(new RegExp(`^${status} `))
    expect(answer).not.toMatch(marker)
    await vi.waitFor(() => expect(written).toContain('request completed'))
    expect(written).not.toMatch(marker)
    expect(written).toContain(`"url":"${path}"`)
  })

  it.each([
    ['malformed HTTP', 'GET /marker HTTP/9\r\nauthorization: marker\r\n\r\n'],
    ['a bad path', 'GET /%zz?marker HTTP/1.1\r\nhost: localhost\r\nauthorization: marker\r\n\r\n'],
    [
      'a body that breaks off',
      'POST /strict?marker HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\nauthorization: marker\r\n\r\n4\r\nmarkermarker',
    ],
  ])('are in no log and no answer: %s', async (_what, text) => {
    const client = await openRaw(server?.listeningOrigin ?? '')
    client.send(text)
    expect(await client.until(/\}$/)).not.toMatch(marker)
    client.socket.destroy()
    await client.closed
    expect(written).not.toMatch(marker)
    // Bytes logged as numbers would reveal them too.
    expect(written).not.toContain([...Buffer.from('marker')].join(','))
  })
})

it('are in no log and no answer for a path outside the prefix', async () => {
  await server?.close()
  const app = { ...defineApp({ flows: [], profiles: { local: [memory()] } }), flows }
  server = await createServer(app, { env: {}, logLevel: 'trace', prefix: '/api' })
  await server.listen({ port: 0, host: '127.0.0.1' })
  expect(await ask('/beside', json('{}'))).toMatch(/^404 .*NO_SUCH_ROUTE/)
  await vi.waitFor(() => expect(written).toContain('request completed'))
  expect(written).not.toMatch(marker)
})

it('a custom Fastify server logs equally safely with safeLogging', async () => {
  let own = ''
  const stream = { write: (line: string) => void (own += line) }
  const fastify = Fastify({ logger: { level: 'trace', stream, ...safeLogging } })
  fastify.get('/own', (request) => {
    request.log.info({ headers: request.headers, upstream: { headers: request.headers } }, 'seen')
    return 1
  })
  await fastify.inject({
    url: '/own?token=marker-query',
    headers: { authorization: 'marker', cookie: 'marker' },
  })
  await fastify.close()
  expect(own).toContain('"url":"/own"')
  expect(own).not.toMatch(marker)
})
