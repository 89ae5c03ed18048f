import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { CapabilityError } from '../error.ts'
import { retry } from '../layers/retry.ts'
import { timeout } from '../layers/timeout.ts'
import { control } from '../resource/resource.ts'
import { systemHttpDriver } from '../system/http.ts'
import { envSecretsDriver } from '../secrets/env-secrets.ts'
import { createSecrets } from '../secrets/secrets.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { HttpRead, HttpWrite } from './contract.ts'
import { createHttp } from './http-client.ts'

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    if (request.url?.startsWith('/hang')) return
    if (request.url?.startsWith('/drop')) return void request.socket.destroy()
    if (request.url?.startsWith('/half')) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
      return void response.write('{"whole":', () => {
        if (request.url === '/half') request.socket.destroy()
      })
    }
    const status = /^\/(\d{3})(?:\/(.+))?/.exec(request.url ?? '')
    response.statusCode = Number(status?.[1] ?? 200)
    if (status?.[2] !== undefined) response.setHeader('retry-after', decodeURIComponent(status[2]))
    response.setHeader('x-seen', request.headers['x-test']?.toString() ?? '')
    response.end(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`)
  })
})
let origin = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const http = createHttp(systemHttpDriver())
const failure = async (call: Promise<unknown>) =>
  (await call.then(
    () => expect.fail('it must fail'),
    (error: unknown) => error,
  )) as CapabilityError

describe('createHttp', () => {
  it('fetches with method, headers and body', async () => {
    const read = await http.fetch(`${origin}/a?b=1`, { headers: { 'x-test': 'yes' } })
    expect(await read.text()).toBe('GET /a?b=1 ')
    expect(read.headers.get('x-seen')).toBe('yes')
    const bodies = ['text', new TextEncoder().encode('bytes'), new Blob(['stream']).stream()]
    for (const body of bodies) {
      const written = await http.fetch(new URL(`${origin}/a`), { method: 'POST', body })
      expect(await written.text()).toMatch(/^POST \/a (text|bytes|stream)$/)
    }
  })

  it('resolves what is an answer, whatever its status', async () => {
    for (const status of [204, 404, 409, 422, 423]) {
      expect((await http.fetch(`${origin}/${status}`, { method: 'POST' })).status).toBe(status)
    }
  })

  it.each(['text', 'json', 'bytes', 'arrayBuffer', 'blob'] as const)(
    'a connection that breaks while the answer is read as %s is an error that can be tried again',
    async (form) => {
      const where = { kind: 'Unavailable', retryable: 'temporary', capability: 'http', key: `${origin}/half` }
      const read = await http.fetch(`${origin}/half`)
      expect(await failure(read[form]())).toMatchObject({ ...where, operation: 'read', applied: 'no' })
      const write = await http.fetch(`${origin}/half`, { method: 'POST' })
      expect(await failure(write[form]())).toMatchObject({ ...where, operation: 'write', applied: 'unknown' })
    },
  )

  it('a streamed body that fails is not the server’s fault, and its own error stays', async () => {
    const send = (error: Error) => {
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({ pull: (it) => it.error(error) })
      return failure(http.fetch(`${origin}/a`, { method: 'PUT', body }))
    }
    const own = new Error('own')
    expect(await send(own)).toMatchObject({ kind: 'Unexpected', retryable: 'never', cause: own })
    const tooLarge = new CapabilityError('LimitExceeded', 'too large', { code: 'TOO_LARGE' })
    // What was sent of it before may have been worked on.
    const where = { kind: 'LimitExceeded', code: 'TOO_LARGE', applied: 'unknown' }
    expect(await send(tooLarge)).toMatchObject(where)
    const locked = new Blob(['x']).stream()
    locked.getReader()
    expect(await failure(http.fetch(`${origin}/a`, { method: 'PUT', body: locked }))).toMatchObject({
      kind: 'InvalidInput',
    })
  })

  it('what is wrong with an answer that came whole stays what it is', async () => {
    const answer = await http.fetch(`${origin}/a`)
    await expect(answer.clone().json()).rejects.toBeInstanceOf(SyntaxError)
    await expect(answer.json()).rejects.toBeInstanceOf(SyntaxError)
    await expect(answer.text()).rejects.toBeInstanceOf(TypeError)
    expect(await new Response((await http.fetch(`${origin}/a`)).body).text()).toBe('GET /a ')
  })

  it('a signal of AbortSignal.timeout is a timeout, before the head and in the body', async () => {
    const timeout = { kind: 'Timeout', retryable: 'temporary', applied: 'no' }
    expect(await failure(http.fetch(`${origin}/hang`, { signal: AbortSignal.timeout(20) }))).toMatchObject(
      timeout,
    )
    const answer = await http.fetch(`${origin}/half/open`, { signal: AbortSignal.timeout(100) })
    expect(await failure(answer.json())).toMatchObject(timeout)
    const write = http.fetch(`${origin}/hang`, { method: 'POST', signal: AbortSignal.timeout(20) })
    expect(await failure(write)).toMatchObject({ kind: 'Timeout', applied: 'unknown' })
  })

  it('a signal that the caller fires is a cancellation, in the body, too', async () => {
    const stop = new AbortController()
    const answer = await http.fetch(`${origin}/half/open`, { signal: stop.signal })
    const text = failure(answer.text())
    stop.abort()
    expect(await text).toMatchObject({ kind: 'Cancelled', retryable: 'never', applied: 'no' })
  })

  it.each([
    [408, 'Timeout', 'unknown', 'temporary'],
    [429, 'RateLimited', 'no', 'temporary'],
    [500, 'Unavailable', 'unknown', 'temporary'],
    [501, 'Unsupported', 'unknown', 'never'],
    [503, 'Unavailable', 'unknown', 'temporary'],
    [504, 'Timeout', 'unknown', 'temporary'],
  ])('rejects when a server answers %i that it cannot answer', async (status, kind, applied, retryable) => {
    const write = await failure(http.fetch(`${origin}/${status}?key=hunter2`, { method: 'POST' }))
    expect(write).toMatchObject({
      kind,
      applied,
      retryable,
      details: { status },
      capability: 'http',
      operation: 'write',
    })
    expect(JSON.stringify(write)).not.toContain('hunter2')
    expect(await failure(http.fetch(`${origin}/${status}`))).toMatchObject({ kind, applied: 'no' })
    const asked = await http.fetch(`${origin}/${status}`, { statuses: 'resolve' })
    expect([asked.status, await asked.text()]).toEqual([status, `GET /${status} `])
  })

  it('says when the server wants to be asked again, in seconds or by its own clock', async () => {
    expect((await failure(http.fetch(`${origin}/503/7`))).retryAfterMs).toBe(7_000)
    const later = new Date(Math.ceil(Date.now() / 1_000) * 1_000 + 60_000).toUTCString()
    const { retryAfterMs = 0 } = await failure(http.fetch(`${origin}/429/${encodeURIComponent(later)}`))
    expect(retryAfterMs).toBeGreaterThan(50_000)
    expect((await failure(http.fetch(`${origin}/503/soon`))).retryAfterMs).toBeUndefined()
  })

  it('says Unavailable, temporary, when nothing answers', async () => {
    for (const url of [`${origin}/drop`, 'http://127.0.0.1:1/']) {
      const error = await failure(http.fetch(url))
      expect(error).toMatchObject({
        kind: 'Unavailable',
        retryable: 'temporary',
        capability: 'http',
        operation: 'read',
      })
    }
  })

  it('says Cancelled when the signal fires, before or while it waits', async () => {
    expect((await failure(http.fetch(origin, { signal: AbortSignal.abort() }))).kind).toBe('Cancelled')
    const controller = new AbortController()
    const waiting = http.fetch(`${origin}/hang`, { signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    expect((await failure(waiting)).kind).toBe('Cancelled')
  })

  it('fetches http and https only, from absolute URLs without credentials', async () => {
    for (const url of [
      'file:///etc/passwd',
      'data:text/plain,x',
      'ftp://h/x',
      'javascript:1',
      '/relative',
      'not a url',
      '',
    ]) {
      expect((await failure(http.fetch(url))).kind, url).toBe('InvalidInput')
    }
    const error = await failure(http.fetch('http://user:hunter2@h/x?token=hunter2'))
    expect(error).toMatchObject({ kind: 'InvalidInput', key: 'http://h/x' })
  })

  it('refuses a secret that was printed instead of revealed, in the URL or a header', async () => {
    const key = await createSecrets(envSecretsDriver({ PAY_KEY: 'k' }, ['PAY_KEY'])).get('PAY_KEY')
    for (const call of [
      http.fetch(`${key}/charges`),
      http.fetch(`${origin}/?key=${key}`),
      http.fetch(`${origin}/`, { headers: { authorization: `Bearer ${key}` } }),
    ]) {
      const error = await failure(call)
      expect(error).toMatchObject({ kind: 'InvalidInput', applied: 'no' })
      expect(error.message).toContain(
        `"PAY_KEY" as it is printed: write (await secrets.get('PAY_KEY')).reveal()`,
      )
    }
    const revealed = await http.fetch(`${origin}/`, { headers: { 'x-test': key.reveal() } })
    expect(revealed.headers.get('x-seen')).toBe('k')
  })

  it('never shows query, fragment or credentials in an error', async () => {
    const urls = [
      'http://127.0.0.1:1/p?token=hunter2#hunter2',
      'http://a:hunter2@h/p',
      'hunter2://x',
      'http://[hunter2',
    ]
    for (const url of urls) {
      const error = await failure(http.fetch(url))
      expect(JSON.stringify(error) + error.message, url).not.toContain('token=hunter2')
      if (!url.startsWith('hunter2'))
        expect(JSON.stringify(error) + error.message, url).not.toContain('hunter2')
    }
  })

  it('refuses methods it does not know, bodies where there are none, and malformed headers', async () => {
    expect((await failure(http.fetch(origin, { method: 'TRACE' as 'GET' }))).kind).toBe('InvalidInput')
    expect((await failure(http.fetch(origin, { body: 'x' }))).kind).toBe('InvalidInput')
    expect((await failure(http.fetch(origin, { headers: { 'bad header': 'x' } }))).kind).toBe('InvalidInput')
  })

  it('retries reads and not writes, each try with a request of its own', async () => {
    const clock = new ManualClock()
    const seen: Request[] = []
    const fetch = vi.fn(async (request: Request) => {
      seen.push(request)
      if (seen.length % 2 === 1) throw new TypeError('fetch failed')
      return new Response('ok')
    })
    const layered = createHttp(systemHttpDriver({ fetch }), {
      layers: [retry({ clock, rng: { float: () => 0 } })],
    })
    const read = layered.fetch('http://h/x')
    await clock.advance(1)
    expect(await (await read).text()).toBe('ok')
    expect(seen[0]).not.toBe(seen[1])
    expect((await failure(layered.fetch('http://h/x', { method: 'POST', body: 'x' }))).retryable).toBe(
      'temporary',
    )
    expect(fetch).toHaveBeenCalledTimes(3)
  })

  it('tells that a write that timed out may have happened', async () => {
    const clock = new ManualClock()
    const fetch = () => new Promise<Response>(() => undefined)
    const layered = createHttp(systemHttpDriver({ fetch }), { layers: [timeout({ timeoutMs: 1000, clock })] })
    const write = failure(layered.fetch('http://h/x', { method: 'POST' }))
    await clock.advance(1000)
    expect(await write).toMatchObject({
      kind: 'Timeout',
      operation: 'write',
      details: { outcome: 'unknown' },
    })
  })

  it('refuses methods that write in the reading view, in types and at run time', async () => {
    const reader = http[control].view('read', undefined) as HttpRead
    expect((await reader.fetch(`${origin}/a`)).status).toBe(200)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE', 'post']) {
      const error = await failure(reader.fetch(`${origin}/a`, { method: method as 'GET' }))
      expect(error).toMatchObject({ kind: 'InvalidInput', operation: 'write' })
    }
    // @ts-expect-error a reader has no methods that write
    const refused = reader.fetch(origin, { method: 'POST' })
    await failure(refused)
    expectTypeOf<HttpWrite>().toExtend<HttpRead>()
  })
})
