import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { type CapabilityError } from '../error.ts'
import { retry } from '../layers/retry.ts'
import { timeout } from '../layers/timeout.ts'
import { control } from '../resource/resource.ts'
import { systemHttpDriver } from '../system/http.ts'
import { ManualClock } from '../testing/manual-clock.ts'
import type { HttpRead, HttpWrite } from './contract.ts'
import { createHttp } from './http-client.ts'

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    if (request.url?.startsWith('/hang')) return
    if (request.url?.startsWith('/drop')) return void request.socket.destroy()
    response.statusCode = request.url?.startsWith('/404') ? 404 : 200
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

  it('resolves the response whatever its status', async () => {
    expect((await http.fetch(`${origin}/404`)).status).toBe(404)
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
