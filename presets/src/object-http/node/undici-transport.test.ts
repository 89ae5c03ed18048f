import { createServer, type RequestListener } from 'node:http'
import { Agent } from 'undici'
import { afterAll, describe, expect, it } from 'vitest'
import { networkError } from '../../s3/translate-error.ts'
import { undiciTransport } from './undici-transport.ts'

const stops: (() => unknown)[] = []
afterAll(async () => {
  for (const stop of stops) await stop()
})

async function serve(answer: RequestListener) {
  const sockets = new Set<unknown>()
  const http = createServer(answer).on('connection', (socket) => sockets.add(socket))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  stops.push(() => {
    http.closeAllConnections()
    http.close()
  })
  const address = http.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return { origin: `http://127.0.0.1:${port}`, sockets }
}

function transport(options: Parameters<typeof undiciTransport>[0] = {}) {
  const made = undiciTransport(options)
  stops.push(() => made.close?.())
  return made
}

const get = (origin: string, path = '/', signal?: AbortSignal) => ({
  method: 'GET',
  origin,
  path,
  headers: {},
  signal,
})

describe('undiciTransport', () => {
  it('opens no more connections than it may, and uses them again', async () => {
    const { origin, sockets } = await serve((_, response) => setImmediate(() => response.end('ok')))
    const { send } = transport({ connections: 2 })
    const texts = await Promise.all(Array.from({ length: 20 }, async () => (await send(get(origin))).text()))
    expect(texts).toEqual(Array.from({ length: 20 }, () => 'ok'))
    expect(sockets.size).toBe(2)
  })

  it('reads a large body no faster than it is taken', async () => {
    let sent = 0
    const { origin } = await serve((_, response) => {
      const chunk = Buffer.alloc(1 << 20)
      response.writeHead(200, { 'content-length': 100 << 20 })
      const more = () => {
        while (sent < 100 << 20) {
          sent += chunk.byteLength
          if (!response.write(chunk)) return void response.once('drain', more)
        }
        response.end()
      }
      more()
    })
    const answer = await transport().send(get(origin))
    const reader = answer.stream().getReader()
    await reader.read()
    // As much as the two ends of the socket hold.
    await expect.poll(() => sent).toBeGreaterThan(0)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(sent).toBeLessThan(20 << 20)
    let read = 0
    for (let next = await reader.read(); !next.done; next = await reader.read()) read += next.value.byteLength
    expect(read).toBeGreaterThan(99 << 20)
  })

  it('ends with the signal: before the answer, and in the middle of it', async () => {
    const { origin } = await serve((request, response) => {
      if (request.url === '/silent') return
      response.writeHead(200, { 'content-length': 1_000_000 })
      response.write(Buffer.alloc(100_000))
    })
    const { send } = transport()
    const reason = new Error('the caller left')
    const silent = new AbortController()
    const waiting = send(get(origin, '/silent', silent.signal))
    setImmediate(() => silent.abort(reason))
    await expect(waiting).rejects.toBe(reason)
    await expect(send(get(origin, '/', AbortSignal.abort(reason)))).rejects.toBe(reason)
    const middle = new AbortController()
    const answer = await send(get(origin, '/', middle.signal))
    const reader = answer.stream().getReader()
    await reader.read()
    middle.abort(reason)
    await expect(
      (async () => {
        while (!(await reader.read()).done);
      })(),
    ).rejects.toBe(reason)
  })

  it('tells a silent store by its own timeout', async () => {
    const { origin } = await serve(() => undefined)
    const { send } = transport({ headersTimeoutMs: 100 })
    const error: unknown = await send(get(origin)).catch((e: unknown) => networkError(e))
    expect(error).toMatchObject({ kind: 'Timeout', retryable: 'temporary' })
  })

  it('returns the part of a small body that came before it broke off', async () => {
    const { origin } = await serve((_, response) => {
      response.writeHead(200, { 'content-length': 10 })
      response.write('half', () => response.destroy())
    })
    const answer = await transport().send(get(origin))
    await expect(answer.bytes()).rejects.toThrow()
    const reader = answer.stream().getReader()
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe('half')
    await expect(reader.read()).rejects.toThrow()
  })

  it("closes its own connections, and leaves the caller's dispatcher alone", async () => {
    const { origin } = await serve((_, response) => response.end('ok'))
    const own = transport()
    await (await own.send(get(origin))).text()
    await own.close?.()
    await expect(own.send(get(origin))).rejects.toThrow()
    const dispatcher = new Agent()
    const lent = transport({ dispatcher })
    await lent.close?.()
    expect(await (await lent.send(get(origin))).text()).toBe('ok')
    await dispatcher.close()
  })
})
