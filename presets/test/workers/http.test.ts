import { type BlobStore, silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { http } from '@flowport/presets/http'

afterEach(() => vi.unstubAllGlobals())

const text = 'The quick brown fox jumps over the lazy dog.'

/** The store over a server that answers in this isolate: what runs here is the driver, on workerd's streams and timers. */
async function storeOf(
  answer: (request: Request) => Response,
): Promise<{ blob: BlobStore; requests: Request[] }> {
  const requests: Request[] = []
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    const request = new Request(url, init)
    requests.push(request)
    return Promise.resolve(answer(request))
  })
  const provider = http({ url: 'https://files.example.com/media', token: 'secret' })
  const { resources } = await provider.open({ env: {}, log: silentLogger, clock: systemClock, bindings: {} })
  return { blob: resources.get('blob') as unknown as BlobStore, requests }
}

function serve(request: Request): Response {
  const headers = { etag: '"v1"', 'content-type': 'text/plain', 'content-length': String(text.length) }
  if (request.url.endsWith('/absent')) return new Response('no such page', { status: 404 })
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.get('range') ?? '')
  if (range === null) return new Response(request.method === 'HEAD' ? null : text, { headers })
  const [start = 0, last = 0] = range.slice(1).map(Number)
  return new Response(text.slice(start, last + 1), {
    status: 206,
    headers: {
      ...headers,
      'content-range': `bytes ${start}-${last}/${text.length}`,
      'content-length': String(last + 1 - start),
    },
  })
}

describe('preset http in workerd', () => {
  it('reads objects, parts and what is absent', async () => {
    const { blob, requests } = await storeOf(serve)
    expect(await blob.head('a b')).toMatchObject({ size: text.length, etag: 'v1', contentType: 'text/plain' })
    expect(await (await blob.get('a b'))?.text()).toBe(text)
    expect(await (await blob.get('a b', { range: { offset: 4, length: 5 }, ifMatch: 'v1' }))?.text()).toBe(
      'quick',
    )
    expect(await blob.get('absent')).toBeNull()
    expect(requests[0]?.url).toBe('https://files.example.com/media/a%20b')
    expect(requests[2]?.headers.get('if-match')).toBe('"v1"')
    expect(requests.every(({ redirect }) => redirect === 'manual')).toBe(true)
  })

  it('takes up a body that breaks', async () => {
    let calls = 0
    const { blob } = await storeOf((request) => {
      if (++calls > 1) return serve(request)
      const body = new ReadableStream<Uint8Array>({
        start: (stream) => stream.enqueue(new TextEncoder().encode(text.slice(0, 10))),
        pull: (stream) => stream.error(new Error('the network went away')),
      })
      return new Response(body, { headers: { etag: '"v1"', 'content-length': String(text.length) } })
    })
    expect(await (await blob.get('key'))?.text()).toBe(text)
    expect(calls).toBe(2)
  })

  it('sends its token to no other origin, and follows no redirect there', async () => {
    const { blob, requests } = await storeOf(() => Response.redirect('https://evil.example.com/x', 302))
    await expect(blob.get('key')).rejects.toMatchObject({ code: 'HTTP_ORIGIN_NOT_ALLOWED' })
    expect(requests.map(({ url }) => new URL(url).origin)).toEqual(['https://files.example.com'])
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer secret')
  })

  it('refuses private hosts, and writing and listing', async () => {
    const open = { env: {}, log: silentLogger, clock: systemClock, bindings: {} }
    await expect(http({ url: 'http://169.254.169.254/' }).open(open)).rejects.toMatchObject({
      kind: 'Misconfigured',
    })
    const { blob } = await storeOf(serve)
    await expect(blob.put('key', 'value')).rejects.toMatchObject({ kind: 'Unsupported' })
    await expect(blob.list()).rejects.toMatchObject({ kind: 'Unsupported' })
  })
})
