import { type BlobRef, blobRef, defineApp, flow, http as route, node, opaque } from '@flowport/flow'
import { http } from '@flowport/presets/http'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { serveFlows, type TestServer } from './support/app.ts'

const Key = opaque<{ readonly key: string }>()

const serveObject = flow('get', {
  trigger: route.get('/:key', { input: Key }),
  graph: (it, step) =>
    step(
      node('find', {
        input: Key,
        uses: { blob: 'read' },
        async run({ key }, { blob }): Promise<BlobRef> {
          const object = await blob.head(key)
          if (object === null) throw new Error('the origin has every object')
          return blobRef(object)
        },
      }),
      it,
    ),
})

const content = 'abcdefghijklmnopqrstuvwxyz'
const modified = 'Sun, 06 Nov 1994 08:49:37 GMT'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let origin: Server | undefined
let server: TestServer | undefined
afterEach(async () => {
  await server?.close()
  origin?.closeAllConnections()
  await new Promise((resolve) => (origin === undefined ? resolve(undefined) : origin.close(resolve)))
  server = undefined
  origin = undefined
})

/** Serves Flowport over the `http` preset and a real origin server. */
async function serveOver(answer: Answer) {
  const listening = createServer(answer)
  origin = listening
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const { port } = listening.address() as AddressInfo
  const provider = http({ url: `http://127.0.0.1:${port}/`, allowPrivate: true })
  const app = defineApp({ name: 'test', flows: [], profiles: { local: [provider] } })
  server = await serveFlows([], { app: { ...app, flows: [serveObject] } })
  const { url } = server
  return (headers: Record<string, string> = {}, method = 'GET') => fetch(`${url}/a`, { method, headers })
}

/** An origin with the given headers that supports a single range and no conditions. */
function origins(headers: Readonly<Record<string, string>>): Answer {
  return (request, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '') ?? []
    const part = first === undefined ? content : content.slice(Number(first), Number(last) + 1)
    response.writeHead(first === undefined ? 200 : 206, {
      ...headers,
      'content-length': part.length,
      ...(first === undefined ? {} : { 'content-range': `bytes ${first}-${last}/26` }),
    })
    response.end(request.method === 'HEAD' ? undefined : part)
  }
}

const facts = async (response: Response) => ({
  status: response.status,
  etag: response.headers.get('etag'),
  modified: response.headers.get('last-modified'),
  text: await response.text(),
})

describe('an object of a store without an etag and a date', () => {
  it('is served completely and in ranges, without validators', async () => {
    const ask = await serveOver(origins({}))
    expect(await facts(await ask())).toEqual({ status: 200, etag: null, modified: null, text: content })
    expect(await facts(await ask({}, 'HEAD'))).toEqual({ status: 200, etag: null, modified: null, text: '' })
    expect(await facts(await ask({ range: 'bytes=1-2' }))).toMatchObject({ status: 206, text: 'bc' })
  })

  it('fails every condition on a version, and meets every condition on existence', async () => {
    const ask = await serveOver(origins({}))
    expect((await ask({ 'if-match': '"x"' })).status).toBe(412)
    expect((await ask({ 'if-match': '*' })).status).toBe(200)
    expect((await ask({ 'if-none-match': '"x"' })).status).toBe(200)
    expect((await ask({ 'if-none-match': '*' })).status).toBe(304)
    expect((await ask({ 'if-modified-since': modified })).status).toBe(200)
    expect((await ask({ 'if-unmodified-since': modified })).status).toBe(200)
    expect((await ask({ 'if-range': '"x"', range: 'bytes=1-2' })).status).toBe(200)
  })
})

describe('an object of a store with weak etags', () => {
  it('keeps them weak: they match If-None-Match, but never If-Match or If-Range', async () => {
    const ask = await serveOver(origins({ etag: 'W/"v1"', 'last-modified': modified }))
    expect(await facts(await ask())).toEqual({ status: 200, etag: 'W/"v1"', modified, text: content })
    expect((await ask({ 'if-none-match': 'W/"v1"' })).status).toBe(304)
    expect((await ask({ 'if-none-match': '"v1"' })).status).toBe(304)
    expect((await ask({ 'if-match': 'W/"v1"' })).status).toBe(412)
    expect((await ask({ 'if-match': '"v1"' })).status).toBe(412)
    expect((await ask({ 'if-match': '"W/v1"' })).status).toBe(412)
    for (const validator of ['W/"v1"', '"v1"', '"W/v1"', modified])
      expect((await ask({ 'if-range': validator, range: 'bytes=1-2' })).status).toBe(200)
    expect(await facts(await ask({ range: 'bytes=1-2' }))).toMatchObject({ status: 206, text: 'bc' })
  })
})

describe('an object that is replaced during a request', () => {
  it('is served completely in its new version, with that version’s headers', async () => {
    let version = 0
    const ask = await serveOver((request, response) => {
      version++
      const body = `version ${version}`
      response.writeHead(200, { etag: `"${version}"`, 'content-length': body.length })
      response.end(request.method === 'HEAD' ? undefined : body)
    })
    const { status, etag, text } = await facts(await ask({ range: 'bytes=0-3' }))
    expect([status, `"${text.slice(8)}"`]).toEqual([200, etag])
    expect((await ask({ 'if-match': '"0"' })).status).toBe(412)
  })
})
