/** Who can reach a server: host names, cross-site requests, and access to its operations. */
import { deny, flow, type Hook, http, node, opaque } from '@flowport/flow'
import { createServer } from '@flowport/host-node'
import { memory } from '@flowport/presets/memory'
import { defineApp } from '@flowport/flow'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { serveFlows, type TestServer } from './support/app.ts'
import { openRaw } from './support/raw.ts'

let server: TestServer | undefined
let own: FastifyInstance | undefined
afterEach(async () => {
  await server?.close()
  await own?.close()
  server = own = undefined
})

const anything = opaque<Record<string, unknown>>()
const run = () => ({ done: true })
const act = flow('act', {
  trigger: http.post('/act', { input: anything }),
  graph: (it, step) => step(node('act', { input: anything, run }), it),
})
const open = flow('open', {
  trigger: http.post('/open', { input: anything, crossSite: 'allow' }),
  graph: (it, step) => step(node('open', { input: anything, run }), it),
})
const auth: Hook = {
  name: 'auth',
  before({ flow: name, header }) {
    if (header('authorization') !== 'Bearer mine') throw deny({ status: 401, message: `no entry to ${name}` })
  },
}

/** Sends a GET with exactly these headers. Resolves to its status and code. */
async function get(url: string, path: string, headers: readonly string[]): Promise<string> {
  const client = await openRaw(url)
  client.send([`GET ${path} HTTP/1.1`, 'connection: close', ...headers, '', ''].join('\r\n'))
  const answer = await client.closed
  return `${/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]} ${/"code":"(\w+)"/.exec(answer)?.[1] ?? ''}`.trim()
}

describe('the host name of a request', () => {
  it('must be a name of this machine on loopback, on every path', async () => {
    server = await serveFlows([act])
    for (const path of ['/', '/healthz', '/readyz', '/openapi.json', '/act', '/nowhere']) {
      expect([path, await get(server.url, path, ['host: evil.example'])]).toEqual([
        path,
        '421 HOST_NOT_ALLOWED',
      ])
    }
    expect(await get(server.url, '/healthz', ['host: localhost:1'])).toBe('200')
    expect(await get(server.url, '/healthz', [])).toBe('400')
  })

  it('may be a listed name, or any', async () => {
    server = await serveFlows([act], { allowedHosts: ['app.example'] })
    expect(await get(server.url, '/healthz', ['host: app.example'])).toBe('200')
    await server.close()
    server = await serveFlows([act], { allowedHosts: 'any' })
    expect(await get(server.url, '/healthz', ['host: evil.example'])).toBe('200')
  })

  it('is not checked on the server’s other routes', async () => {
    server = await serveFlows([act], {
      prefix: '/api',
      before: (fastify) => fastify.get('/own', () => 'own'),
    })
    expect(await get(server.url, '/own', ['host: evil.example'])).toBe('200')
    expect(await get(server.url, '/api/healthz', ['host: evil.example'])).toBe('421 HOST_NOT_ALLOWED')
  })

  it('is refused at start if a listed name is malformed', async () => {
    await expect(serveFlows([act], { allowedHosts: ['http://app.example'] })).rejects.toThrow(/allowedHosts/)
  })
})

describe('a form posted by another site', () => {
  const posted = (path: string, headers: Record<string, string>) =>
    fetch(`${server?.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site', ...headers },
      body: '',
    }).then(({ status }) => status)

  it('is refused unless the route or the server allows it', async () => {
    server = await serveFlows([act, open], { crossSite: ['https://shop.example'] })
    expect(await posted('/act', {})).toBe(403)
    expect(await posted('/act', { origin: 'https://shop.example' })).toBe(200)
    expect(await posted('/open', {})).toBe(200)
    expect(await posted('/act', { 'sec-fetch-site': 'same-origin' })).toBe(200)
  })
})

describe('the operations of a server', () => {
  const shown = async (headers: readonly string[] = ['host: localhost']) => {
    const url = server?.url ?? own?.listeningOrigin ?? ''
    return Promise.all(['/', '/openapi.json', '/readyz', '/healthz'].map((path) => get(url, path, headers)))
  }

  it('are all visible on loopback, and fewer through a proxy', async () => {
    server = await serveFlows([act])
    expect(await shown()).toEqual(['200', '200', '200', '200'])
    const forwarded = ['host: localhost', 'x-forwarded-for: 203.0.113.7']
    expect(await shown(forwarded)).toEqual(['404 NO_SUCH_ROUTE', '404 NO_SUCH_ROUTE', '200', '200'])
  })

  it('are fewer on a public address', async () => {
    const app = { ...defineApp({ flows: [], profiles: { local: [memory()] } }), flows: [act] }
    own = await createServer(app, { env: {}, logLevel: 'silent' })
    await own.listen({ port: 0, host: '0.0.0.0' })
    expect(await shown(['host: app.example'])).toEqual([
      '404 NO_SUCH_ROUTE',
      '404 NO_SUCH_ROUTE',
      '200',
      '200',
    ])
  })

  it('are behind the app’s hooks if guarded', async () => {
    const operations = { overview: 'guarded', openapi: 'guarded', readiness: 'guarded' } as const
    const after = vi.fn()
    server = await serveFlows([act], { operations, hooks: [auth, { name: 'after', after }] })
    expect(await shown()).toEqual(['401 DENIED', '401 DENIED', '401 DENIED', '200'])
    expect(await shown(['host: localhost', 'authorization: Bearer mine'])).toEqual([
      '200',
      '200',
      '200',
      '200',
    ])
    expect(after.mock.calls.map(([{ flow: name }, { ok }]) => [name, ok])).toContainEqual([
      'flowport:overview',
      true,
    ])
  })

  it('are all or none with true and false', async () => {
    server = await serveFlows([act], { operations: false })
    expect(await shown()).toEqual(Array(4).fill('404 NO_SUCH_ROUTE'))
    await server.close()
    server = await serveFlows([act], { operations: true })
    expect(await shown(['host: localhost', 'via: 1.1 proxy'])).toEqual(['200', '200', '200', '200'])
  })

  it('are refused at start with an unknown access', async () => {
    const operations = { overview: 'public' as never }
    await expect(serveFlows([act], { operations })).rejects.toThrow(/operations\.overview is public/)
  })

  it('check the stores at most once a second for readiness', async () => {
    server = await serveFlows([act])
    const control = server.fastify.flowport.bag.control('kv')
    const check = vi.spyOn(control, 'check')
    vi.spyOn(server.fastify.flowport.bag, 'control').mockReturnValue(control)
    const answers = await Promise.all(Array.from({ length: 50 }, () => fetch(`${server?.url}/readyz`)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const asked = check.mock.calls.length
    expect(asked).toBe(server.fastify.flowport.bag.names().length)
    await expect
      .poll(async () => (await fetch(`${server?.url}/readyz`), check.mock.calls.length))
      .toBe(2 * asked)
  })
})

describe('malformed HTTP', () => {
  it.each([
    ['no protocol', 'hello\r\n\r\n', '400', 'MALFORMED_HTTP'],
    ['an unknown method', 'STEAL / HTTP/1.1\r\nhost: localhost\r\n\r\n', '400', 'MALFORMED_HTTP'],
    ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n', '400', 'MALFORMED_HTTP'],
    [
      'two lengths',
      'POST /act HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx',
      '400',
      'MALFORMED_HTTP',
    ],
    [
      'a length and chunks',
      'POST /act HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\nx',
      '400',
      'MALFORMED_HTTP',
    ],
    [
      'headers that are too large',
      `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(40_000)}\r\n\r\n`,
      '431',
      'HEADERS_TOO_LARGE',
    ],
    ['no host', 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', '400', 'HOST_MISSING'],
    [
      'an expectation',
      'GET / HTTP/1.1\r\nhost: localhost\r\nexpect: wonders\r\n\r\n',
      '417',
      'EXPECTATION_FAILED',
    ],
    ['a bad path', 'GET /%zz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n', '400', 'BAD_URL'],
  ])('is a problem: %s', async (_what, text, status, code) => {
    const app = { ...defineApp({ flows: [], profiles: { local: [memory()] } }), flows: [act] }
    own = await createServer(app, { env: {}, logLevel: 'silent' })
    await own.listen({ port: 0, host: '127.0.0.1' })
    const client = await openRaw(own.listeningOrigin)
    client.send(text)
    const answer = await client.closed
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(head.toLowerCase()).toContain('content-type: application/problem+json')
    expect(JSON.parse(body)).toMatchObject({ status: Number(status), code })
  })
})

describe('a server that closes', () => {
  it('closes even if a run lasts as long as Fastify lets a hook wait', async () => {
    const { default: Fastify } = await import('fastify')
    const { flowport } = await import('@flowport/host-node')
    let ended = false
    const slow = flow('slow', {
      trigger: http.get('/slow', { input: anything }),
      graph: (it, step) =>
        step(
          node('slow', {
            input: anything,
            async run() {
              await new Promise((resolve) => setTimeout(resolve, 1_300))
              ended = true
              return 1
            },
          }),
          it,
        ),
    })
    const app = { ...defineApp({ flows: [], profiles: { local: [memory()] } }), flows: [slow] }
    const fastify = Fastify({ pluginTimeout: 500 })
    await fastify.register(flowport, { app, env: {}, drainMs: 2_000 })
    const url = await fastify.listen({ port: 0, host: '127.0.0.1' })
    const answer = fetch(`${url}/slow`)
    await vi.waitFor(() => expect(fastify.flowport.runtime.running).toBe(1))
    await fastify.close()
    expect([ended, (await answer).status]).toEqual([true, 200])
  })
})
