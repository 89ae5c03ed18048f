import type { RequestListener, ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { inspect } from 'node:util'
import { type BlobStore, type Clock, type Layer, type Logger, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { ManualClock } from '@flowport/capabilities/testing'
import { describe, expect, it, vi } from 'vitest'
import { http } from './preset.ts'
import { startWebServer, type WebServer } from '../../test/support/web-server.ts'
import type { HttpBlobOptions } from './declaration.ts'

interface OpenOptions extends HttpBlobOptions {
  readonly log?: Logger
  readonly layers?: (defaults: readonly Layer[]) => readonly Layer[]
  readonly clock?: Clock
}

/** The store of a server. Bare unless layers are given. */
async function storeOf(answer: RequestListener | WebServer, options: OpenOptions = {}) {
  const server = typeof answer === 'function' ? await startWebServer(answer) : answer
  const { log = silentLogger, layers = () => [], ...own } = options
  const provider = http({ url: server.url, allowPrivate: true, layers, ...own })
  const { resources, close } = await provider.open({ env: {}, log, clock: systemClock, bindings: {} })
  return { blob: resources.get('blob') as unknown as BlobStore, server, close }
}

const text = 'The quick brown fox jumps over the lazy dog.'
const tagged = {
  etag: '"v1"',
  'content-type': 'text/plain',
  'last-modified': 'Tue, 15 Nov 1994 12:45:26 GMT',
}

/** Answers ranges as RFC 9110 has it. */
function serve(
  response: ServerResponse,
  range: string | undefined,
  headers: Record<string, string> = tagged,
) {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? []
  if (first === '' && last === '') {
    response.writeHead(200, { ...headers, 'content-length': text.length }).end(text)
    return
  }
  const start = first === '' ? Math.max(0, text.length - Number(last)) : Number(first)
  const end = first === '' || last === '' ? text.length : Math.min(text.length, Number(last) + 1)
  if (start >= text.length) {
    response.writeHead(416, { 'content-range': `bytes */${text.length}` }).end()
    return
  }
  response
    .writeHead(206, {
      ...headers,
      'content-range': `bytes ${start}-${end - 1}/${text.length}`,
      'content-length': end - start,
    })
    .end(text.slice(start, end))
}

const range = { offset: 4, length: 5 }

describe('objects of a web server', () => {
  it('have the type, time and strong etag the server tells', async () => {
    const { blob, server } = await storeOf((_, response) => serve(response, undefined))
    expect(await blob.head('dir/a b')).toEqual({
      key: 'dir/a b',
      size: text.length,
      etag: 'v1',
      contentType: 'text/plain',
      metadata: {},
      lastModified: new Date('1994-11-15T12:45:26Z'),
    })
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['HEAD /dir/a%20b'])
    await (await blob.get('dir/a b', { ifMatch: 'v1' }))?.cancel()
    expect(server.requests.at(-1)?.headers).toMatchObject({
      'if-match': '"v1"',
      'accept-encoding': 'identity',
    })
  })

  it('keep weak etags apart from strong ones, and compare them here: If-Match would never match', async () => {
    const { blob, server } = await storeOf((_, response) => serve(response, undefined, { etag: 'W/"v1"' }))
    expect(await blob.head('key')).toMatchObject({
      etag: 'W/v1',
      contentType: null,
      lastModified: new Date(0),
    })
    expect(await (await blob.get('key', { ifMatch: 'W/v1' }))?.text()).toBe(text)
    expect(server.requests.at(-1)?.headers).not.toHaveProperty('if-match')
    await expect(blob.get('key', { ifMatch: 'W/v0' })).rejects.toMatchObject({ kind: 'ConditionNotMatch' })
  })

  it('are another version when the server pays no heed to If-Match', async () => {
    const { blob } = await storeOf((_, response) => serve(response, undefined))
    await expect(blob.get('key', { ifMatch: 'v0' })).rejects.toMatchObject({ kind: 'ConditionNotMatch' })
  })

  it('without an etag have one of time and size, and without a time one that never matches', async () => {
    let headers: Record<string, string> = { 'last-modified': tagged['last-modified'] }
    const { blob } = await storeOf((_, response) => serve(response, undefined, headers))
    const dated = (await blob.head('key'))?.etag ?? ''
    expect(dated).toMatch(/^W\//)
    expect((await blob.head('key'))?.etag).toBe(dated)
    expect(await (await blob.get('key', { ifMatch: dated }))?.text()).toBe(text)
    headers = {}
    const [one, two] = [(await blob.head('key'))?.etag ?? '', (await blob.head('key'))?.etag ?? '']
    expect(one).not.toBe(two)
    await expect(blob.get('key', { ifMatch: one })).rejects.toMatchObject({ kind: 'ConditionNotMatch' })
  })

  it('are absent with 404 and 410', async () => {
    let status = 404
    const { blob } = await storeOf((_, response) => response.writeHead(status).end('no such page'))
    expect([await blob.head('key'), await blob.get('key')]).toEqual([null, null])
    status = 410
    expect([await blob.head('key'), await blob.get('key')]).toEqual([null, null])
  })

  it('are found without HEAD, where a server has none', async () => {
    const { blob } = await storeOf(({ method }, response) =>
      method === 'HEAD' ? response.writeHead(405).end() : serve(response, undefined),
    )
    expect(await blob.head('key')).toMatchObject({ size: text.length, etag: 'v1' })
  })

  it('larger than maxObjectBytes are LimitExceeded', async () => {
    const { blob } = await storeOf(({ headers }, response) => serve(response, headers.range), {
      maxObjectBytes: 10,
    })
    expect(blob.info.limits.maxObjectBytes).toBe(10)
    for (const call of [() => blob.head('key'), () => blob.get('key'), () => blob.get('key', { range })])
      await expect(call()).rejects.toMatchObject({
        kind: 'LimitExceeded',
        details: { limit: 'maxObjectBytes' },
      })
  })
})

describe('errors of a web server', () => {
  it.each([
    [400, 'Unexpected'],
    [401, 'Unauthenticated'],
    [403, 'PermissionDenied'],
    [408, 'Timeout'],
    [412, 'ConditionNotMatch'],
    [414, 'LimitExceeded'],
    [429, 'RateLimited'],
    [500, 'Unavailable'],
    [501, 'Unsupported'],
    [503, 'Unavailable'],
    [204, 'Unexpected'],
    [300, 'Unexpected'],
    [304, 'Unexpected'],
  ])('status %i is %s', async (status, kind) => {
    const { blob } = await storeOf((_, response) => response.writeHead(status).end())
    await expect(blob.get('key')).rejects.toMatchObject({ kind, details: { status } })
    if (status !== 501) await expect(blob.head('key')).rejects.toMatchObject({ kind })
  })

  it('tell how long to wait', async () => {
    let after = '7'
    const { blob } = await storeOf((_, response) => response.writeHead(503, { 'retry-after': after }).end())
    await expect(blob.get('key')).rejects.toMatchObject({ kind: 'Unavailable', retryAfterMs: 7000 })
    after = new Date(Date.now() + 60_000).toUTCString()
    const error = await blob.get('key').catch((e: unknown) => e as { retryAfterMs: number })
    expect((error as { retryAfterMs: number }).retryAfterMs).toBeGreaterThan(50_000)
  })

  it('that pass are retried by the layers of the preset', async () => {
    let calls = 0
    const { blob } = await storeOf(
      (_, response) => (++calls < 3 ? response.writeHead(503).end() : serve(response, undefined)),
      { layers: (defaults) => defaults },
    )
    expect(await (await blob.get('key'))?.text()).toBe(text)
    expect(calls).toBe(3)
  })

  it('of a connection are Unavailable, of oversized headers LimitExceeded', async () => {
    const { blob } = await storeOf((request) => request.socket.destroy())
    await expect(blob.head('key')).rejects.toMatchObject({ kind: 'Unavailable', retryable: 'temporary' })
    const large = await storeOf((_, response) => response.setHeader('x-large', 'x'.repeat(5000)).end(), {
      maxHeaderBytes: 4096,
    })
    await expect(large.blob.get('key')).rejects.toMatchObject({
      kind: 'LimitExceeded',
      details: { limit: 'maxHeaderBytes' },
    })
  })

  it('are Timeout when no answer begins, and the request is ended', async () => {
    let gone: Promise<unknown> = Promise.resolve()
    const heard = Promise.withResolvers<undefined>()
    const clock = new ManualClock()
    const { blob } = await storeOf(
      (request) => {
        gone = new Promise((resolve) => request.socket.once('close', resolve))
        heard.resolve(undefined)
      },
      { clock, timeoutMs: 500 },
    )
    const call = blob.get('key').catch((error: unknown) => error)
    await heard.promise
    await clock.advance(500)
    expect(await call).toMatchObject({ kind: 'Timeout', details: { timeoutMs: 500 } })
    await gone
  })
})

describe('ranges of a web server', () => {
  it('are cut out of the whole object where the server ignores them, which is told once', async () => {
    const warn = vi.fn()
    const { blob } = await storeOf((_, response) => serve(response, undefined), {
      log: { ...silentLogger, warn },
    })
    const handle = await blob.get('key', { range })
    expect([handle?.start, handle?.end, await handle?.text()]).toEqual([4, 9, text.slice(4, 9)])
    expect(await (await blob.get('key', { range: { suffix: 4 } }))?.text()).toBe('dog.')
    expect(await (await blob.get('key', { range: { offset: 40, length: 999 } }))?.text()).toBe('dog.')
    await expect(blob.get('key', { range: { offset: text.length } })).rejects.toMatchObject({
      kind: 'RangeNotSatisfied',
    })
    expect(warn).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['starts elsewhere', 'bytes 5-9/44', undefined],
    ['ends elsewhere', 'bytes 4-7/44', undefined],
    ['has another length', 'bytes 4-8/44', '44'],
  ])('are an error when what comes %s', async (_, contentRange, length) => {
    const { blob } = await storeOf((__, response) => {
      const headers = { ...tagged, 'content-range': contentRange }
      response.writeHead(206, length === undefined ? headers : { ...headers, 'content-length': length })
      response.end(length === undefined ? 'quick' : text)
    })
    await expect(blob.get('key', { range })).rejects.toMatchObject({ kind: 'Unexpected' })
  })

  it.each([
    ['no Content-Range', {}],
    ['no size', { 'content-range': 'bytes 4-8/*' }],
    ['several parts', { 'content-type': 'multipart/byteranges; boundary=x' }],
    ['an encoding', { 'content-range': 'bytes 4-8/44', 'content-encoding': 'gzip' }],
  ])('are Unsupported when the answer has %s', async (_, headers) => {
    const { blob } = await storeOf((__, response) =>
      response.writeHead(206, { ...tagged, ...headers }).end('quick'),
    )
    await expect(blob.get('key', { range })).rejects.toMatchObject({ kind: 'Unsupported' })
  })

  it('are Corrupt when more bytes come than were said', async () => {
    const { blob } = await storeOf((_, response) => {
      response.writeHead(206, { ...tagged, 'content-range': 'bytes 4-8/44' })
      response.write('quick')
      response.end(' brown')
    })
    await expect((await blob.get('key', { range }))?.text()).rejects.toMatchObject({ kind: 'Corrupt' })
  })
})

describe('lengths', () => {
  it('that are not told are found out, within maxBufferedBytes', async () => {
    const { blob } = await storeOf((_, response) => response.writeHead(200, tagged).end(text), {
      maxBufferedBytes: text.length,
    })
    expect(await blob.head('key')).toMatchObject({ size: text.length, etag: 'v1' })
    const handle = await blob.get('key', { range })
    expect([handle?.object.size, await handle?.text()]).toEqual([text.length, 'quick'])
    const small = await storeOf((_, response) => response.writeHead(200, tagged).end(text), {
      maxBufferedBytes: text.length - 1,
    })
    await expect(small.blob.get('key')).rejects.toMatchObject({ kind: 'LimitExceeded' })
  })

  it('of encoded answers are those of the object, not of the wire', async () => {
    const { blob } = await storeOf((_, response) =>
      response.writeHead(200, { ...tagged, 'content-encoding': 'gzip' }).end(gzipSync(text)),
    )
    expect(await blob.head('key')).toMatchObject({ size: text.length })
    expect(await (await blob.get('key'))?.text()).toBe(text)
    expect(await (await blob.get('key', { range }))?.text()).toBe('quick')
    const broken = await storeOf((_, response) => {
      const bytes = gzipSync(text)
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': bytes.byteLength })
      response.write(bytes.subarray(0, 20))
      setImmediate(() => response.destroy())
    })
    await expect(broken.blob.get('key')).rejects.toMatchObject({ kind: 'Unavailable' })
  })

  it('that are wrong are an error, whole or in part', async () => {
    const { blob } = await storeOf(({ headers }, response) => {
      const said = headers.range === undefined ? {} : { 'content-range': 'bytes 4-8/44' }
      const status = headers.range === undefined ? 200 : 206
      response.writeHead(status, { etag: 'W/"v1"', ...said, 'content-length': status === 200 ? 44 : 5 })
      response.write('The')
      setImmediate(() => response.destroy())
    })
    for (const options of [{}, { range }])
      await expect((await blob.get('key', options))?.text()).rejects.toMatchObject({
        kind: 'Unavailable',
        retryable: 'temporary',
      })
  })
})

describe('a connection that breaks in the middle', () => {
  /** Sends so many bytes, then breaks. */
  function cutting(response: ServerResponse, from: number, bytes: number, etag = '"v1"') {
    const said = from === 0 ? {} : { 'content-range': `bytes ${from}-43/44` }
    response.writeHead(from === 0 ? 200 : 206, { etag, ...said, 'content-length': text.length - from })
    response.write(text.slice(from, from + bytes))
    setTimeout(() => response.destroy(), 5)
  }
  const startOf = (given: string | undefined) => Number(/^bytes=(\d+)-/.exec(given ?? '')?.[1] ?? 0)

  it('is taken up where it broke, for the same version', async () => {
    const { blob, server } = await storeOf(({ headers }, response) => {
      const from = startOf(headers.range)
      if (from < 20) cutting(response, from, 7)
      else serve(response, headers.range)
    })
    expect(await (await blob.get('key'))?.text()).toBe(text)
    const asked = server.requests.map(({ headers }) => [headers.range, headers['if-match']])
    expect(asked).toEqual([
      [undefined, undefined],
      ['bytes=7-43', '"v1"'],
      ['bytes=14-43', '"v1"'],
      ['bytes=21-43', '"v1"'],
    ])
  })

  it('is taken up from a server that answers the whole object', async () => {
    let calls = 0
    const { blob } = await storeOf((_, response) =>
      ++calls === 1 ? cutting(response, 0, 9) : serve(response, undefined),
    )
    expect(await (await blob.get('key', { range: { offset: 2 } }))?.text()).toBe(text.slice(2))
    expect(calls).toBe(2)
  })

  it('never mixes two versions', async () => {
    for (const later of ['"v2"', 'W/"v1"', '']) {
      const { blob } = await storeOf(({ headers }, response) =>
        headers.range === undefined
          ? cutting(response, 0, 7)
          : serve(response, headers.range, { etag: later }),
      )
      await expect((await blob.get('key'))?.text(), later).rejects.toMatchObject({
        kind: 'ConditionNotMatch',
      })
    }
    const { blob, server } = await storeOf((_, response) => cutting(response, 0, 7, 'W/"v1"'))
    await expect((await blob.get('key'))?.text()).rejects.toMatchObject({ kind: 'Unavailable' })
    expect(server.requests).toHaveLength(1)
  })

  it('is given up after three tries without a byte', async () => {
    let calls = 0
    const { blob } = await storeOf((request, response) => {
      calls += 1
      if (request.headers.range === undefined) cutting(response, 0, 7)
      else request.socket.destroy()
    })
    await expect((await blob.get('key'))?.text()).rejects.toMatchObject({ kind: 'Unavailable' })
    expect(calls).toBe(4)
  })

  it('is ended when its reader leaves', async () => {
    const gone = Promise.withResolvers<unknown>()
    const { blob, server } = await storeOf((request, response) => {
      request.socket.once('close', gone.resolve)
      response.writeHead(200, { etag: '"v1"', 'content-length': 1000 }).write('x'.repeat(10))
    })
    const reader = (await blob.get('key'))?.stream().getReader()
    expect((await reader?.read())?.value?.byteLength).toBe(10)
    await reader?.cancel()
    await gone.promise
    expect(server.requests).toHaveLength(1)
  })

  it('is a Timeout when the server falls silent, while a reader waits', async () => {
    const clock = new ManualClock()
    const { blob } = await storeOf(
      (_, response) =>
        response.writeHead(200, { etag: 'W/"v1"', 'content-length': 1000 }).write('x'.repeat(10)),
      { clock, idleTimeoutMs: 700 },
    )
    const reader = (await blob.get('key'))?.stream().getReader()
    expect((await reader?.read())?.value?.byteLength).toBe(10)
    const next = reader?.read().catch((error: unknown) => error)
    await clock.advance(700)
    expect(await next).toMatchObject({ kind: 'Timeout', details: { timeoutMs: 700 } })
  })
})

describe('secrets', () => {
  const token = 'marker-9f2c'

  it('are in no error, log, inspection or JSON', async () => {
    const logged: unknown[] = []
    const keep = (...line: unknown[]) => void logged.push(line)
    const log = { debug: keep, info: keep, warn: keep, error: keep }
    const answers: RequestListener[] = [
      (_, response) => response.writeHead(401).end(),
      (_, response) => response.writeHead(500).end(),
      (request) => request.socket.destroy(),
      (_, response) => response.writeHead(302, { location: 'http://other.test/' }).end(),
      (_, response) => response.writeHead(206, { 'content-range': 'none' }).end(),
    ]
    for (const answer of answers) {
      for (const secret of [{ token }, { username: 'ann', password: token }]) {
        const server = await startWebServer(answer)
        const provider = http({ url: server.url, allowPrivate: true, ...secret })
        const opened = await provider.open({ env: {}, log, clock: systemClock, bindings: {} })
        const blob = opened.resources.get('blob') as unknown as BlobStore
        const error: unknown = await blob.get('key', { range }).catch((e: unknown) => e)
        const sent = server.requests[0]?.headers.authorization ?? ''
        expect(sent.startsWith('Bearer ') ? sent : atob(sent.slice(6))).toContain(token)
        for (const shown of [error, provider, opened, blob, logged]) {
          const all = inspect(shown, { depth: 12, showHidden: true }) + JSON.stringify(shown)
          expect(all).not.toMatch(new RegExp(`${token}|${btoa(`ann:${token}`)}`))
        }
      }
    }
    expect(logged.length).toBeGreaterThan(0)
  })
})
