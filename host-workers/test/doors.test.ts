/** Who can reach a Worker: host names, cross-site requests, and access to its operations. */
import { defineApp, deny, flow, type Hook, http, node, opaque } from '@flowport/flow'
import { createBrowserHost } from '@flowport/host-workers/browser'
import { createWorker, flowportHono, type FlowportHonoOptions } from '@flowport/host-workers'
import { serveWorkerd } from '@flowport/host-workers/testing'
import { memory } from '@flowport/presets/memory'
import { request } from 'node:http'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const anything = opaque<Record<string, unknown>>()
const act = flow('act', {
  trigger: http.post('/act', { input: anything }),
  graph: (it, step) => step(node('act', { input: anything, run: () => ({ done: true }) }), it),
})
const app = defineApp({ flows: [act], profiles: { workers: [memory()], browser: [memory()] } })
const auth: Hook = {
  name: 'auth',
  before({ header }) {
    if (header('authorization') !== 'Bearer mine') throw deny({ status: 401 })
  },
}

const paths = ['/', '/openapi.json', '/readyz', '/healthz']

/** Requests the operations and resolves to their statuses. */
async function shown(
  origin: string,
  options: FlowportHonoOptions = {},
  headers: Record<string, string> = {},
) {
  const hono = flowportHono(app, options)
  return Promise.all(paths.map(async (path) => (await hono.request(origin + path, { headers })).status))
}

describe('the operations of a Worker', () => {
  it('are fewer for the public than under local development', async () => {
    expect(await shown('https://app.example')).toEqual([404, 404, 200, 200])
    expect(await shown('http://localhost:8787')).toEqual([200, 200, 200, 200])
    expect(await shown('http://127.0.0.1:8787')).toEqual([200, 200, 200, 200])
    expect(await shown('https://localhost.evil.example')).toEqual([404, 404, 200, 200])
  })

  it('follow the option operations', async () => {
    expect(await shown('https://app.example', { operations: true })).toEqual([200, 200, 200, 200])
    expect(await shown('http://localhost', { operations: false })).toEqual([404, 404, 404, 404])
    const operations = { overview: 'guarded', openapi: 'guarded', readiness: 'guarded' } as const
    const guarded = { operations, hooks: [auth] }
    expect(await shown('http://localhost', guarded)).toEqual([401, 401, 401, 200])
    const headers = { authorization: 'Bearer mine' }
    expect(await shown('https://app.example', guarded, headers)).toEqual([200, 200, 200, 200])
  })

  it('are all available in a page, which only itself can reach', async () => {
    const host = createBrowserHost(app)
    const statuses = paths.map(async (path) => (await host.fetch(`https://app.example${path}`)).status)
    expect(await Promise.all(statuses)).toEqual([200, 200, 200, 200])
    await host.close()
  })
})

describe('the host name of a request', () => {
  const status = async (origin: string, options: FlowportHonoOptions, env = {}) =>
    (await flowportHono(app, options).request(`${origin}/healthz`, {}, env)).status

  it('must be listed by the option or by ALLOWED_HOSTS', async () => {
    expect(await status('https://any.example', {})).toBe(200)
    expect(await status('https://app.example', { allowedHosts: ['app.example'] })).toBe(200)
    expect(await status('https://evil.example', { allowedHosts: ['app.example'] })).toBe(421)
    const env = { ALLOWED_HOSTS: 'localhost, 127.0.0.1' }
    expect(await status('http://localhost:8787', {}, env)).toBe(200)
    expect(await status('http://evil.example:8787', {}, env)).toBe(421)
    expect(await status('http://evil.example', { allowedHosts: 'any' }, env)).toBe(200)
  })

  it('is checked on every path, even unknown ones', async () => {
    const hono = flowportHono(app, { allowedHosts: ['app.example'] })
    for (const path of [...paths, '/act', '/nowhere'])
      expect([
        path,
        (await hono.request(`https://evil.example${path}`, { method: path === '/act' ? 'POST' : 'GET' }))
          .status,
      ]).toEqual([path, 421])
  })
})

describe('a stalled body', () => {
  let worker: Awaited<ReturnType<typeof serveWorkerd>> | undefined
  beforeAll(async () => {
    worker = await serveWorkerd(resolve(import.meta.dirname, 'worker/worker.ts'))
  })
  afterAll(() => worker?.close())

  /** Sends half of a body and resolves to the complete answer. */
  function half(path: string, headers: Record<string, string>): Promise<[number | undefined, string]> {
    return new Promise((done, fail) => {
      const sent = request(`${worker?.url}${path}`, { method: 'POST', headers })
      sent.once('error', fail)
      sent.once('response', (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk
          if (text.length < Number(answer.headers['content-length'])) return
          sent.destroy()
          done([answer.statusCode, text])
        })
      })
      sent.write('half')
    })
  }

  it('does not delay a refusal', async () => {
    const began = performance.now()
    const [missing, large] = await Promise.all([
      half('/nowhere', { 'content-length': '1000' }),
      half('/items', { 'content-length': '9999999', 'content-type': 'application/json' }),
    ])
    expect([missing[0], large[0]]).toEqual([404, 413])
    expect(JSON.parse(large[1])).toMatchObject({ status: 413 })
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})

it('a caller’s credentials, query and body are in no line of the log and in no answer', async () => {
  const lines: string[] = []
  const write = (fields: object, message: string) => void lines.push(JSON.stringify([fields, message]))
  const fails = flow('fails', {
    trigger: http.post('/fails', { input: anything }),
    graph: (it, step) =>
      step(
        node('fails', {
          input: anything,
          run() {
            throw new Error('it broke')
          },
        }),
        it,
      ),
  })
  const failing = defineApp({ flows: [fails], profiles: { workers: [memory()] } })
  const hono = flowportHono(failing, { log: { debug: write, info: write, warn: write, error: write } })
  const headers = {
    authorization: 'Bearer marker',
    cookie: 'marker',
    'x-api-key': 'marker',
    'idempotency-key': '"marker"',
    'x-request-id': `marker${'x'.repeat(200)}`,
    'content-type': 'application/json',
  }
  for (const [path, body] of [
    ['/fails', '{"password":"marker"}'],
    ['/fails', 'marker'],
    ['/nowhere', 'marker'],
  ] as const) {
    const answer = await hono.request(`${path}?token=marker`, { method: 'POST', headers, body })
    expect(`${JSON.stringify([...answer.headers])} ${await answer.text()}`).not.toContain('marker')
  }
  expect(lines.join('')).toContain('it broke')
  expect(lines.join('')).not.toContain('marker')
})

it('createWorker throws for a limit outside its range', () => {
  expect(() => createWorker(app, { bodies: { jsonTimeoutMs: 0 } })).toThrow(/bodies\.jsonTimeoutMs/)
  expect(() => createWorker(app, { allowedHosts: ['*'] })).toThrow(/allowedHosts/)
  expect(() => createWorker(app, { crossSite: ['evil'] })).toThrow(/crossSite/)
})
