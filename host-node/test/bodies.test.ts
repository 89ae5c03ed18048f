/** Request bodies that are slow, incomplete, too many at a time, or not yet admitted by a hook. */
import { deny, flow, type Hook, http, node, opaque, streamBody } from '@flowport/flow'
import { PassThrough } from 'node:stream'
import { createGunzip, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { serveFlows, type TestServer } from './support/app.ts'
import { head, openRaw } from './support/raw.ts'

let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const anything = opaque<Record<string, unknown>>()
const echo = flow('echo', {
  trigger: http.post('/echo', { input: anything }),
  graph: (it, step) => step(node('echo', { input: anything, run: (it) => it }), it),
})
const count = flow('count', {
  trigger: http.post('/count', { input: anything, body: streamBody('bytes') }),
  graph: (it, step) =>
    step(
      node('count', {
        input: opaque<{ bytes: { stream: ReadableStream<Uint8Array> } }>(),
        async run({ bytes }) {
          let size = 0
          for await (const chunk of bytes.stream) size += chunk.byteLength
          return size
        },
      }),
      it,
    ),
})
const auth: Hook = {
  name: 'auth',
  before({ header }) {
    if (header('authorization') === undefined) throw deny({ status: 401 })
  },
}

describe('an incomplete body', () => {
  it.each(['/echo', '/count'])('does not delay a hook’s refusal, on %s', async (path) => {
    server = await serveFlows([echo, count], { hooks: [auth] })
    const client = await openRaw(server.url)
    client.send(`${head('POST', path, 1_000)}{"half":`)
    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 401 /)
    client.socket.destroy()
  })

  it('is not held when its length is over the limit', async () => {
    server = await serveFlows([echo])
    const client = await openRaw(server.url)
    client.send(`${head('POST', '/echo', 2_000_000)}{"half":`)
    expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 413 /)
    client.socket.destroy()
  })

  it.each(['/echo', '/count'])(
    'is answered with 408 and disconnected when it stalls, on %s',
    async (path) => {
      server = await serveFlows([echo, count], { bodies: { rateWindowMs: 900 } })
      const client = await openRaw(server.url)
      client.send(`${head('POST', path, 1_000)}{"half":`)
      expect(await client.until(/\}$/)).toMatch(/^HTTP\/1\.1 408 [^]*"code":"BODY_TOO_SLOW"/)
      await client.closed
      await vi.waitFor(() => expect(server?.fastify.flowport.runtime.running).toBe(0))
    },
  )

  it.each(['/echo', '/count'])(
    'ends the run and frees its memory when its client disconnects, on %s',
    async (path) => {
      const logged = vi.fn()
      server = await serveFlows([echo, count], { bodies: { maxHeldBytes: 150_000 } })
      const { fastify } = server
      fastify.log.error = logged
      for (let round = 0; round < 3; round++) {
        const client = await openRaw(server.url)
        client.send(head('POST', path, 200_000) + ' '.repeat(100_000))
        await vi.waitFor(() => expect(fastify.flowport.runtime.running).toBe(1))
        client.socket.destroy()
        await vi.waitFor(() => expect(fastify.flowport.runtime.running).toBe(0))
      }
      // Three times 100,000 bytes would not fit, so the memory of the first two has been freed.
      const answer = await fetch(`${server.url}/echo`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: `{"a":"${'x'.repeat(120_000)}"}`,
      })
      expect(answer.status).toBe(200)
      expect(logged).not.toHaveBeenCalled()
    },
  )

  it('is refused in favour of later ones when the memory for bodies is full', async () => {
    server = await serveFlows([echo], { bodies: { maxHeldBytes: 150_000 } })
    const first = await openRaw(server.url)
    first.send(head('POST', '/echo', 200_000) + ' '.repeat(100_000))
    await vi.waitFor(() => expect(server?.fastify.flowport.runtime.running).toBe(1))
    const second = await fetch(`${server.url}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"a":"${'x'.repeat(100_000)}"}`,
    })
    expect(second.status).toBe(200)
    expect(await first.until(/\}$/)).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1[^]*"code":"TOO_MANY_BODIES"/)
    first.socket.destroy()
  })

  it('does not prevent a server from closing, whether admitted or refused', async () => {
    server = await serveFlows([echo, count], { drainMs: 100 })
    const clients = await Promise.all([1, 2, 3].map(() => openRaw(server?.url ?? '')))
    const [json, stream, refused] = clients
    json?.send(`${head('POST', '/echo', 1_000)}{"half":`)
    stream?.send(`${head('POST', '/count', 1_000)}half`)
    refused?.send(`${head('POST', '/nowhere', 1_000)}half`)
    await refused?.until(/\}$/)
    await vi.waitFor(() => expect(server?.fastify.flowport.runtime.running).toBe(2))
    const began = performance.now()
    await server.close()
    expect(performance.now() - began).toBeLessThan(5_000)
    expect(await json?.closed).toMatch(/^HTTP\/1\.1 503 /)
    expect(await stream?.closed).toMatch(/^HTTP\/1\.1 503 /)
    server = undefined
  })
})

describe('a complete body', () => {
  it('is read from the stream that a preParsing hook returns', async () => {
    server = await serveFlows([echo], {
      before: (fastify) =>
        fastify.addHook('preParsing', async (_request, _reply, payload) => {
          const upper = new PassThrough()
          payload.on('data', (chunk: Buffer) => upper.write(chunk.toString().toUpperCase()))
          payload.on('end', () => upper.end())
          return upper
        }),
    })
    const response = await fetch(`${server.url}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":"b"}',
    })
    expect(await response.json()).toEqual({ A: 'B' })
  })

  it('may be compressed if a preParsing hook decompresses it, else it is answered with 415', async () => {
    const gzipped = {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      body: gzipSync('{"a":"b"}'),
    }
    server = await serveFlows([echo], {
      before: (fastify) =>
        fastify.addHook('preParsing', async (_request, _reply, payload) => payload.pipe(createGunzip())),
    })
    expect(await (await fetch(`${server.url}/echo`, gzipped)).json()).toEqual({ a: 'b' })
    await server.close()
    server = await serveFlows([echo])
    const refused = await fetch(`${server.url}/echo`, gzipped)
    expect([refused.status, await refused.json()]).toMatchObject([
      415,
      { code: 'UNSUPPORTED_CONTENT_ENCODING' },
    ])
  })

  it('reaches the flow even though the server has its own parser for its type', async () => {
    server = await serveFlows([count], {
      before(fastify) {
        fastify.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, text, done) =>
          done(null, text),
        )
        fastify.post('/own', (request) => ({ own: request.body }))
      },
    })
    const post = async (path: string) => {
      const headers = { 'content-type': 'text/csv' }
      return (await fetch(`${server?.url}${path}`, { method: 'POST', headers, body: 'a,b' })).json()
    }
    expect([await post('/count'), await post('/own')]).toEqual([3, { own: 'a,b' }])
  })

  it('is missing, with an explanation in the log, when a hook of the server has read it', async () => {
    server = await serveFlows([echo], {
      before: (fastify) =>
        fastify.addHook('preHandler', async (request) => {
          for await (const chunk of request.raw) void chunk
        }),
    })
    const response = await fetch(`${server.url}/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"a":"b"}',
    })
    expect(response.status).toBe(500)
    expect(server.logs.join('')).toContain('the request body was read before the flow')
  })

  it('of a GET is not read for ever when it never ends', async () => {
    server = await serveFlows([
      flow('get', {
        trigger: http.get('/get', { input: anything }),
        graph: (it, step) => step(node('get', { input: anything, run: () => 1 }), it),
      }),
    ])
    const client = await openRaw(server.url)
    client.send('GET /get HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n')
    await client.until(/\r\n\r\n1$/)
    await client.closed
  })
})
