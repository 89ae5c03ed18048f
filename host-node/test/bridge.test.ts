import { CapabilityError } from '@flowport/capabilities'
import {
  asBlobRef,
  blobBody,
  type BlobRef,
  blobRef,
  type ByteSource,
  deny,
  flow,
  type Hook,
  http,
  multipartBody,
  node,
  opaque,
  problem,
  reply,
  streamBody,
  streamOf,
} from '@flowport/flow'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import { afterEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod'
import { serveFlows, type TestServer } from './support/app.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const anything = opaque<Record<string, unknown>>()

/** A GET flow with the given handler. */
const get = (
  name: string,
  run: (input: Record<string, unknown>) => unknown,
  options: { status?: number } = {},
) =>
  flow(name, {
    trigger: http.get(`/${name}`, { input: anything, ...options }),
    graph: (it, step) => step(node(name, { input: anything, run }), it),
  })

describe('answers', () => {
  it('are 204 for undefined, JSON for values, and the reply for reply()', async () => {
    server = await serveFlows([
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
    ])
    const ask = async (path: string) => {
      const response = await fetch(`${server?.url}/${path}`, { redirect: 'manual' })
      return [response.status, response.headers.get('content-type'), await response.text()]
    }
    const json = 'application/json; charset=utf-8'
    expect(await ask('nothing')).toEqual([204, null, ''])
    expect(await ask('null')).toEqual([204, null, ''])
    expect(await ask('zero')).toEqual([200, json, '0'])
    expect(await ask('text')).toEqual([200, json, '"ä"'])
    expect(await ask('created')).toEqual([201, json, '{"a":1}'])
    expect(await ask('reply')).toEqual([202, json, '{"b":2}'])
    expect(await ask('plain')).toEqual([200, 'text/plain', 'hello'])
    expect(await ask('empty')).toEqual([303, null, ''])
    const replied = await fetch(`${server.url}/reply`)
    expect([replied.headers.get('location'), replied.headers.get('cache-control')]).toEqual([
      '/x',
      'max-age=1',
    ])
  })

  it('that HTTP cannot carry are a 500 with the cause in the log, and the server keeps running', async () => {
    const wrong = [
      get('name', () =>
        reply({ headers: { 'content-disposition': 'attachment; filename="日.txt"' }, body: 'x' }),
      ),
      get('split', () => reply({ status: 303, headers: { location: '/x\r\nset-cookie: a=b' } })),
      get('status', () => reply({ status: 1200, body: 'x' })),
      get('bodiless', () => reply({ status: 204, body: 'x' })),
      get('problem', () => {
        throw problem({ status: 99, code: 'X', title: 'x' })
      }),
      get('denied', () => {
        throw deny({ headers: { 'www-authenticate': 'Bearer realm="日"' } })
      }),
    ]
    server = await serveFlows([...wrong, get('fine', () => reply({ headers: { 'X-Name': 'a' }, body: 1 }))])
    for (const { name } of wrong) {
      const response = await fetch(`${server.url}/${name}`)
      expect([name, response.status, await response.json()]).toMatchObject([name, 500, { code: 'INTERNAL' }])
    }
    expect(levelsOf(server).filter(([level]) => level === 50)).toHaveLength(wrong.length)
    const fine = await fetch(`${server.url}/fine`)
    expect([fine.status, fine.headers.get('x-name')]).toEqual([200, 'a'])
  })

  it('have no body if the trigger’s status forbids one', async () => {
    server = await serveFlows([get('quiet', () => ({ a: 1 }), { status: 204 })])
    const response = await fetch(`${server.url}/quiet`)
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(() => get('wrong', () => 1, { status: 42 })).toThrow('42 is no status of an answer')
  })

  it('to HEAD are the same as to GET, without the body', async () => {
    server = await serveFlows([get('value', () => ({ text: 'äöü' }))])
    const response = await fetch(`${server.url}/value`, { method: 'HEAD' })
    const whole = new TextEncoder().encode('{"text":"äöü"}').byteLength
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([
      200,
      String(whole),
      '',
    ])
  })

  it('with a replaced object contain the whole new one, never a mix', async () => {
    const swap = node('swap', {
      input: anything,
      uses: { blob: 'write' },
      idempotency: 'natural',
      async run(_input, { blob }) {
        const old = await blob.put('x', 'the old one')
        await blob.put('x', 'the new one, longer')
        return blobRef(old)
      },
    })
    server = await serveFlows([
      flow('swap', { trigger: http.get('/swap', { input: anything }), graph: (it, step) => step(swap, it) }),
    ])
    const response = await fetch(`${server.url}/swap`)
    expect([response.status, await response.text()]).toEqual([200, 'the new one, longer'])
  })
})

describe('a refused request', () => {
  const auth: Hook = {
    name: 'auth',
    before({ header }) {
      if (header('authorization') === undefined) throw deny({ status: 401 })
    },
  }
  const done = node('done', { input: anything, run: () => ({ done: true }) })
  const flows = [
    flow('put', {
      trigger: http.put('/objects', { input: anything, body: blobBody('file', { key: () => 'kept' }) }),
      graph: (it, step) => step(done, it),
    }),
    flow('form', {
      trigger: http.post('/forms', { input: anything, body: multipartBody('files', { key: () => 'kept' }) }),
      graph: (it, step) => step(done, it),
    }),
    flow('json', {
      trigger: http.post('/json', { input: z.object({ n: z.number() }) }),
      graph: (it, step) => step(node('same', { input: opaque<{ n: number }>(), run: (n) => n }), it),
    }),
  ]
  const form = () => {
    const body = new FormData()
    body.append('file', new File(['a stranger’s'], 'kept'))
    return body
  }

  it('without credentials stores nothing, and learns nothing about its body', async () => {
    server = await serveFlows(flows, { hooks: [auth] })
    const blob = server.fastify.flowport.bag.require('blob')
    await blob.put('kept', 'the owner’s')
    const statuses = [
      await fetch(`${server.url}/objects`, { method: 'PUT', body: 'a stranger’s' }),
      await fetch(`${server.url}/forms`, { method: 'POST', body: form() }),
      await fetch(`${server.url}/json`, {
        method: 'POST',
        body: '{}',
        headers: { 'content-type': 'application/json' },
      }),
    ].map(({ status }) => status)
    expect(statuses).toEqual([401, 401, 401])
    expect(await (await blob.get('kept'))?.text()).toBe('the owner’s')
    const headers = { authorization: 'mine' }
    expect((await fetch(`${server.url}/objects`, { method: 'PUT', body: 'new', headers })).status).toBe(200)
    expect(await (await blob.get('kept'))?.text()).toBe('new')
  })

  it('to a closing server stores nothing', async () => {
    server = await serveFlows(flows)
    await server.fastify.flowport.drain()
    const refused = await fetch(`${server.url}/objects`, { method: 'PUT', body: 'late' })
    expect([refused.status, await refused.json()]).toMatchObject([503, { code: 'DRAINING' }])
    expect(await server.fastify.flowport.bag.require('blob').get('kept')).toBeNull()
  })
})

describe('a reference', () => {
  it('written by a client does not give access to an object', async () => {
    const echo = node('echo', { input: anything, run: (it) => it })
    server = await serveFlows([
      flow('echo', { trigger: http.post('/echo', { input: anything }), graph: (it, step) => step(echo, it) }),
    ])
    await server.fastify.flowport.bag.require('blob').put('private', 'not for you')
    const forged = { $blob: 'blob', key: 'private', size: 11, etag: 'x', contentType: null }
    const response = await fetch(`${server.url}/echo`, {
      method: 'POST',
      body: JSON.stringify(forged),
      headers: { 'content-type': 'application/json' },
    })
    expect(await response.json()).toEqual(forged)
  })

  it('stored as JSON gives access to its object again when the flow confirms it', async () => {
    const keep = node('keep', {
      input: anything,
      uses: { blob: 'write' },
      idempotency: 'natural',
      async run(_input, { blob }) {
        const kept = JSON.stringify(blobRef(await blob.put('a', 'content')))
        return asBlobRef(JSON.parse(kept))
      },
    })
    server = await serveFlows([
      flow('keep', { trigger: http.get('/keep', { input: anything }), graph: (it, step) => step(keep, it) }),
    ])
    expect(await (await fetch(`${server.url}/keep`)).text()).toBe('content')
    for (const none of [null, {}, { $blob: 'kv', key: 'a', size: 1, etag: 'e', contentType: null }])
      expect(() => asBlobRef(none)).toThrow('no reference to a stored object')
  })
})

describe('a body', () => {
  it('that a flow leaves unread does not block its connection or the server', async () => {
    const reads = (name: string, run: (csv: ReadableStream<Uint8Array>) => unknown) =>
      flow(name, {
        trigger: http.post(`/${name}`, { input: anything, body: streamBody('csv', { accept: ['*/*'] }) }),
        graph: (it, step) =>
          step(node(name, { input: opaque<{ csv: ByteSource }>(), run: ({ csv }) => run(csv.stream) }), it),
      })
    server = await serveFlows([
      reads('none', () => ({ done: true })),
      reads('some', async (stream) => {
        const reader = stream.getReader()
        await reader.read()
        reader.releaseLock()
        return { done: true }
      }),
      get('next', () => 1),
    ])
    const { url } = server
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = (path: string, method: string, body?: Uint8Array) =>
      new Promise<number | undefined>((resolve, reject) => {
        request(url + path, { method, agent }, (response) => {
          response.resume().once('end', () => resolve(response.statusCode))
        })
          .once('error', reject)
          .end(body)
      })
    for (const path of ['/none', '/some']) {
      expect(await ask(path, 'POST', new Uint8Array(20_000_000))).toBe(200)
      expect(await ask('/next', 'GET')).toBe(200)
    }
    agent.destroy()
  })

  it('is stored under its request’s conditions, atomically, and completely even with a Range header', async () => {
    server = await serveFlows([
      flow('put', {
        trigger: http.put('/objects', { input: anything, body: blobBody('file', { key: () => 'a' }) }),
        graph: (it, step) =>
          step(node('back', { input: opaque<{ file: BlobRef }>(), run: ({ file }) => file }), it),
      }),
    ])
    const put = async (body: string, headers: Record<string, string>) => {
      const response = await fetch(`${server?.url}/objects`, { method: 'PUT', body, headers })
      const text = await response.text()
      return [response.status, response.ok ? text : (JSON.parse(text) as { code: string }).code]
    }
    expect(await put('one', { 'if-match': '"none"' })).toEqual([412, 'PRECONDITION_FAILED'])
    expect(await put('one', { 'if-none-match': '*' })).toEqual([200, 'one'])
    expect(await put('two', { 'if-none-match': '*' })).toEqual([412, 'PRECONDITION_FAILED'])
    const blob = server.fastify.flowport.bag.require('blob')
    const etag = (await blob.head('a'))?.etag ?? ''
    expect(await put('two', { 'if-match': 'W/"x", "y"' })).toEqual([412, 'PRECONDITION_FAILED'])
    expect(await put('two', { 'if-match': `"${etag}"`, range: 'bytes=0-1' })).toEqual([200, 'two'])
    expect(await put('three', { 'if-match': `"${etag}"` })).toEqual([412, 'PRECONDITION_FAILED'])
    expect(await (await blob.get('a'))?.text()).toBe('two')
  })
})

describe('errors', () => {
  const kinds: readonly [CapabilityError, number, string | null][] = [
    [new CapabilityError('NotFound', 'x'), 404, null],
    [new CapabilityError('AlreadyExists', 'x'), 409, null],
    [new CapabilityError('ConditionNotMatch', 'x'), 412, null],
    [new CapabilityError('InvalidInput', 'x'), 400, null],
    [new CapabilityError('LimitExceeded', 'x'), 413, null],
    [new CapabilityError('RateLimited', 'x', { retryAfterMs: 2_500 }), 429, '3'],
    [new CapabilityError('Unavailable', 'x', { retryAfterMs: 10 }), 503, '1'],
    [new CapabilityError('Timeout', 'x'), 504, null],
    [new CapabilityError('RangeNotSatisfied', 'x'), 416, null],
    [new CapabilityError('PermissionDenied', 'x'), 500, null],
    [new CapabilityError('Unauthenticated', 'x'), 500, null],
    [new CapabilityError('Unsupported', 'x'), 500, null],
    [new CapabilityError('Corrupt', 'x'), 500, null],
    [new CapabilityError('Misconfigured', 'x'), 500, null],
    [new CapabilityError('Unexpected', 'x'), 500, null],
  ]
  it.each(kinds.map(([error, status, retryAfter]) => [error.kind, status, retryAfter, error] as const))(
    'of kind %s are answered with %i',
    async (_kind, status, retryAfter, error) => {
      server = await serveFlows([
        get('fail', () => {
          throw error
        }),
      ])
      const response = await fetch(`${server.url}/fail`)
      expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8')
      expect([response.status, response.headers.get('retry-after')]).toEqual([status, retryAfter])
      expect(await response.json()).toMatchObject({
        status,
        code: status === 500 ? 'INTERNAL' : error.code,
        instance: '/fail',
      })
    },
  )

  it('about secrets do not name them to the client', async () => {
    const asks = node('asks', {
      input: anything,
      uses: { secrets: 'read' },
      run: async (_input, { secrets }) => void (await secrets.get('PAY_KEY')),
    })
    server = await serveFlows([
      flow('asks', { trigger: http.get('/asks', { input: anything }), graph: (it, step) => step(asks, it) }),
    ])
    const response = await fetch(`${server.url}/asks`)
    const text = await response.text()
    expect([response.status, text]).toEqual([500, expect.not.stringContaining('PAY_KEY')])
    expect(server.logs.join('')).toContain('there is no secret')
  })

  it('leave out details that are not JSON', async () => {
    server = await serveFlows([
      get('big', () => {
        throw problem({ status: 409, code: 'BIG', title: 'x', details: { n: 10n } })
      }),
    ])
    const response = await fetch(`${server.url}/big`)
    expect([response.status, await response.json()]).toMatchObject([409, { code: 'BIG' }])
  })

  it('that are unexpected are hidden from the client and logged in full', async () => {
    server = await serveFlows([
      get('boom', () => {
        throw new Error('password=hunter2 at /srv/secret.ts')
      }),
    ])
    const response = await fetch(`${server.url}/boom`, { headers: { 'x-request-id': 'rid-7' } })
    const text = await response.text()
    expect(response.status).toBe(500)
    expect(text).not.toMatch(/hunter2|secret|stack|\.ts/)
    expect(JSON.parse(text)).toEqual({
      type: 'urn:flowport:problem:internal',
      title: 'Something went wrong on the server',
      status: 500,
      code: 'INTERNAL',
      instance: '/boom',
      requestId: 'rid-7',
    })
    expect(server.logs.find((line) => line.includes('hunter2'))).toMatch(/"requestId":"rid-7".*"node":"boom"/)
  })

  it('thrown as problems by nodes are sent unchanged', async () => {
    server = await serveFlows([
      get('teapot', () => {
        throw problem({
          status: 418,
          code: 'TEAPOT',
          title: 'Short and stout',
          details: { spout: true },
          headers: { 'x-tea': 'yes' },
        })
      }),
    ])
    const response = await fetch(`${server.url}/teapot`)
    expect([response.status, response.headers.get('x-tea')]).toEqual([418, 'yes'])
    expect(await response.json()).toMatchObject({
      type: 'urn:flowport:problem:teapot',
      details: { spout: true },
    })
  })

  it('of schemas inside a flow are answered with 500', async () => {
    const bad = node('bad', {
      input: anything,
      output: z.object({ n: z.number() }),
      run: () => ({ n: 'x' }) as never,
    })
    server = await serveFlows([
      flow('bad', { trigger: http.get('/bad', { input: anything }), graph: (it, step) => step(bad, it) }),
    ])
    expect((await fetch(`${server.url}/bad`)).status).toBe(500)
  })

  it('in a stream are sent as its last event', async () => {
    const breaks = node('breaks', {
      input: anything,
      output: streamOf(z.number()),
      async *run() {
        yield 1
        throw problem({ status: 409, code: 'STOPPED', title: 'It stopped' })
      },
    })
    server = await serveFlows([
      flow('breaks', {
        trigger: http.get('/breaks', { input: anything }),
        graph: (it, step) => step(breaks, it),
      }),
    ])
    const events = await (await fetch(`${server.url}/breaks`)).text()
    expect(events).toMatch(
      /data: 1\n\nevent: error\ndata: \{"type":"urn:flowport:problem:stopped".*"code":"STOPPED".*\}\n\n$/,
    )
    const lines = (
      await (await fetch(`${server.url}/breaks`, { headers: { accept: 'application/x-ndjson' } })).text()
    )
      .trim()
      .split('\n')
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      1,
      { error: { code: 'STOPPED' } },
    ])
  })
})

describe('time and cancellation', () => {
  it('answers 504 at the deadline even if the node ignores its signal', async () => {
    const work = Promise.withResolvers<number>()
    const deaf = node('deaf', { input: anything, run: () => work.promise })
    server = await serveFlows([
      flow('deaf', {
        trigger: http.get('/deaf', { input: anything, deadline: '30ms' }),
        graph: (it, step) => step(deaf, it),
      }),
    ])
    const response = await fetch(`${server.url}/deaf`)
    expect([response.status, await response.json()]).toMatchObject([504, { code: 'TIME015' }])
    expect(server.fastify.flowport.runtime.running).toBe(1)
    work.resolve(1)
    await expect.poll(() => server?.fastify.flowport.runtime.running).toBe(0)
  })

  it('does not log an aborted upload as a server error', async () => {
    server = await serveFlows([
      flow('upload', {
        trigger: http.put('/upload/:name', {
          input: opaque<{ name: string }>(),
          body: blobBody('file', { key: () => 'a', maxBytes: 1_000_000 }),
        }),
        graph: (it, step) =>
          step(node('kept', { input: opaque<{ name: string }>(), run: ({ name }) => ({ name }) }), it),
      }),
    ])
    const call = request(`${server.url}/upload/a`, {
      method: 'PUT',
      headers: { 'content-length': '1000000' },
    })
    call.on('error', () => undefined)
    call.write(new Uint8Array(1000))
    await once(server.fastify.server, 'request')
    call.destroy()
    await expect
      .poll(() => levelsOf(server))
      .toContainEqual([30, 'the client went away before it was answered'])
    expect(levelsOf(server).filter(([level]) => level >= 40)).toEqual([])
  })

  for (const method of ['GET', 'POST'] as const) {
    it(`fires the node’s signal when the client of a ${method} disconnects, and the run ends`, async () => {
      const started = Promise.withResolvers<void>()
      const fired = Promise.withResolvers<unknown>()
      const waits = node('waits', {
        input: anything,
        run: (_input, { signal }) =>
          new Promise<never>((_, reject) => {
            signal.addEventListener('abort', () => {
              fired.resolve(signal.reason)
              reject(signal.reason as Error)
            })
            started.resolve()
          }),
      })
      const trigger =
        method === 'GET' ? http.get('/waits', { input: anything }) : http.post('/waits', { input: anything })
      server = await serveFlows([flow('waits', { trigger, graph: (it, step) => step(waits, it) })])
      const call = request(`${server.url}/waits`, {
        method,
        headers: method === 'POST' ? { 'content-type': 'application/json' } : {},
      })
      call.on('error', () => undefined)
      call.end(method === 'POST' ? '{"a":1}' : undefined)
      await started.promise
      call.destroy()
      expect(await fired.promise).toMatchObject({
        failure: 'Cancelled',
        cause: { message: 'the client disconnected' },
      })
      await expect.poll(() => server?.fastify.flowport.runtime.running).toBe(0)
      await expect
        .poll(() => levelsOf(server))
        .toContainEqual([30, 'the client went away before it was answered'])
      expect(levelsOf(server).filter(([level]) => level >= 40)).toEqual([])
    })

    it(`does not fire the signal of a healthy ${method}`, async () => {
      const seen = vi.fn()
      const looks = node('looks', {
        input: anything,
        async run(_input, { signal }) {
          signal.addEventListener('abort', seen)
          await new Promise((resolve) => setTimeout(resolve, 30))
          return signal.aborted
        },
      })
      const trigger =
        method === 'GET' ? http.get('/looks', { input: anything }) : http.post('/looks', { input: anything })
      server = await serveFlows([flow('looks', { trigger, graph: (it, step) => step(looks, it) })])
      const response = await fetch(
        `${server.url}/looks`,
        method === 'GET' ? {} : { method, body: '{"a":1}', headers: { 'content-type': 'application/json' } },
      )
      expect(await response.json()).toBe(false)
      expect(seen).not.toHaveBeenCalled()
    })
  }

  it('logs the flow and the reason when an answer or item cannot be JSON', async () => {
    const items = node('items', {
      input: anything,
      output: streamOf(opaque<unknown>()),
      async *run() {
        yield 1n
      },
    })
    const cyclic: Record<string, unknown> = {}
    cyclic['self'] = cyclic
    let deep: unknown = []
    for (let level = 0; level < 200_000; level++) deep = [deep]
    server = await serveFlows([
      get('cyclic', () => cyclic),
      get('deep', () => deep),
      get('bigint', () => ({ a: 1n })),
      flow('items', {
        trigger: http.get('/items', { input: anything }),
        graph: (it, step) => step(items, it),
      }),
    ])
    for (const name of ['cyclic', 'deep', 'bigint', 'items'])
      await (await fetch(`${server.url}/${name}`)).text()
    const errors = server.logs
      .map((line) => JSON.parse(line) as { level: number; flow?: string; msg: string })
      .filter(({ level }) => level >= 40)
    expect(errors.map(({ level, flow, msg }) => [level, flow, msg])).toEqual([
      [50, 'cyclic', expect.stringContaining('cannot be written as JSON: an object in it contains itself')],
      [50, 'deep', expect.stringContaining('cannot be written as JSON: it is nested too deeply')],
      [50, 'bigint', expect.stringContaining('cannot be written as JSON: it has a BigInt')],
      [50, 'items', expect.stringContaining('cannot be written as JSON: it has a BigInt')],
    ])
  })

  it('answers 500 for a stream that violates its schema', async () => {
    const wrong = node('wrong', {
      input: anything,
      output: streamOf(z.object({ n: z.number() })),
      async *run() {
        yield { n: 1 }
        yield { n: 'two' as unknown as number }
      },
    })
    server = await serveFlows([
      flow('wrong', {
        trigger: http.get('/wrong', { input: anything }),
        graph: (it, step) => step(wrong, it),
      }),
    ])
    const text = await (await fetch(`${server.url}/wrong`)).text()
    expect(text).toContain('"code":"INTERNAL"')
    expect(text).not.toContain('INVALID_INPUT')
    expect(levelsOf(server)).toContainEqual([50, expect.stringContaining('a stream failed: ')])
  })

  it('ends a stream when its client disconnects', async () => {
    const closed = Promise.withResolvers<boolean>()
    const ticks = node('ticks', {
      input: anything,
      output: streamOf(z.number()),
      uses: { clock: 'read' },
      async *run(_input, { clock, signal }) {
        try {
          for (let n = 0; ; n++) {
            yield n
            await clock.sleep(5, { signal })
          }
        } finally {
          closed.resolve(signal.aborted)
        }
      },
    })
    server = await serveFlows([
      flow('ticks', {
        trigger: http.get('/ticks', { input: anything }),
        graph: (it, step) => step(ticks, it),
      }),
    ])
    const controller = new AbortController()
    const response = await fetch(`${server.url}/ticks`, { signal: controller.signal })
    const reader = response.body?.getReader()
    await reader?.read()
    controller.abort()
    expect(await closed.promise).toBe(true)
    await expect.poll(() => server?.fastify.flowport.runtime.running).toBe(0)
    expect(levelsOf(server).filter(([level]) => level >= 40)).toEqual([])
  })

  it('applies a slow reader’s backpressure to the producer', async () => {
    let made = 0
    const text = 'x'.repeat(64 * 1024)
    const flood = node('flood', {
      input: anything,
      output: streamOf(z.string()),
      async *run() {
        for (; made < 2_000; made++) yield text
      },
    })
    server = await serveFlows([
      flow('flood', {
        trigger: http.get('/flood', { input: anything }),
        graph: (it, step) => step(flood, it),
      }),
    ])
    const response = await new Promise<IncomingMessage>((resolve) =>
      request(`${server?.url}/flood`, resolve).end(),
    )
    response.pause()
    let before = -1
    await expect
      .poll(
        () => {
          const still = made === before
          before = made
          return still && made > 0
        },
        { interval: 100 },
      )
      .toBe(true)
    expect(made).toBeLessThan(500)
    response.destroy()
  })
})

describe('hooks', () => {
  it('refuse with their status and headers, and see the credentials that nodes do not', async () => {
    const tell = node('tell', { input: anything, run: (_input, { metadata }) => metadata })
    const hook = {
      name: 'auth',
      before: ({ header }: { header: (name: string) => string | undefined }) => {
        if (header('authorization') !== 'Bearer good')
          throw deny({
            status: 401,
            code: 'NO_TOKEN',
            message: 'Sign in first',
            headers: { 'www-authenticate': 'Bearer' },
          })
        return { 'auth.user': 'ada' }
      },
    }
    server = await serveFlows(
      [
        flow('tell', {
          trigger: http.get('/tell/:id', { input: anything }),
          graph: (it, step) => step(tell, it),
        }),
      ],
      { hooks: [hook] },
    )
    const refused = await fetch(`${server.url}/tell/1`)
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer'])
    expect(await refused.json()).toMatchObject({ code: 'NO_TOKEN', title: 'Sign in first' })
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
    const allowed = await fetch(`${server.url}/tell/1?q=2`, {
      headers: { authorization: 'Bearer good', cookie: 'session=1', traceparent },
    })
    expect(allowed.headers.get('traceparent')).toBe(traceparent)
    const metadata = (await allowed.json()) as Record<string, unknown>
    expect(metadata).toMatchObject({
      'http.method': 'GET',
      'http.path': '/tell/1',
      'http.route': '/tell/:id',
      'http.query': 'q=2',
      'http.traceparent': traceparent,
      'auth.user': 'ada',
      'flow.name': 'tell',
    })
    expect(JSON.stringify(metadata)).not.toMatch(/good|session=1/)
  })

  it('a malformed trace is not passed on', async () => {
    server = await serveFlows([get('value', () => 1)])
    expect((await fetch(`${server.url}/value`)).headers.get('traceparent')).toBeNull()
    expect(
      (await fetch(`${server.url}/value`, { headers: { traceparent: '00-zz-1-01' } })).headers.get(
        'traceparent',
      ),
    ).toBeNull()
    const odd = await fetch(`${server.url}/value`, { headers: { 'x-request-id': 'a b<script>' } })
    expect(odd.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/)
  })
})

describe('Idempotency-Key', () => {
  it('is required if the route requires it', async () => {
    const pay = flow('pay', {
      trigger: http.post('/pay', { input: anything, idempotency: 'required' }),
      graph: (it, step) =>
        step(
          node('pay', { input: anything, run: (_input, { metadata }) => metadata['http.idempotency_key'] }),
          it,
        ),
    })
    server = await serveFlows([pay])
    const send = (headers: Record<string, string>) => fetch(`${server?.url}/pay`, { method: 'POST', headers })
    expect(await (await send({})).json()).toMatchObject({ status: 400, code: 'IDEMPOTENCY_KEY_MISSING' })
    expect(await (await send({ 'idempotency-key': '"k 1"' })).json()).toBe('k 1')
    expect(await (await send({ 'idempotency-key': 'k-1' })).json()).toBe('k-1')
  })
})

/** Returns level and text of every log line so far. */
function levelsOf(from: TestServer | undefined): readonly [number, string][] {
  return (from?.logs ?? []).map((line) => {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string }
    return [level, msg]
  })
}
