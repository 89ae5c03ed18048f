/** A server of another origin that honours Idempotency-Key, counts requests and effects, and can be stopped and restarted. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly path: string
  readonly key: string
  readonly body: string
  readonly authorization: string | undefined
}

export class Api {
  /** All received requests, including repeats. */
  readonly received: Received[] = []
  /** Number of effects by key. */
  readonly effects = new Map<string, number>()
  /** Statuses to answer instead, by path, in order. */
  readonly scripted = new Map<string, (number | 'hold')[]>()
  #server: Server | undefined
  #port = 0

  get origin(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  keysOf(path: string): readonly string[] {
    return this.received.filter((one) => one.path === path).map(({ key }) => key)
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response))
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (server.address() as AddressInfo).port
    this.#server = server
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    await new Promise<void>((resolve) => {
      if (server === undefined) return resolve()
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const cors = {
      'access-control-allow-origin': request.headers.origin ?? '*',
      'access-control-allow-methods': 'POST, PUT, DELETE',
      'access-control-allow-headers': 'content-type, idempotency-key, authorization',
    }
    if (request.method === 'OPTIONS') return void response.writeHead(204, cors).end()
    let body = ''
    for await (const chunk of request) body += String(chunk)
    const path = request.url ?? ''
    const key = String(request.headers['idempotency-key'])
    this.received.push({ path, key, body, authorization: request.headers.authorization })
    const scripted = this.scripted.get(path)?.shift()
    if (typeof scripted === 'number') {
      const problem = { ...cors, 'content-type': 'application/problem+json' }
      return void response.writeHead(scripted, problem).end(`{"code":"E${scripted}"}`)
    }
    const isReplay = this.effects.has(key)
    if (!isReplay) this.effects.set(key, 1)
    // The effect is made, but the answer is never sent.
    if (scripted === 'hold') return
    response.writeHead(201, { ...cors, ...(isReplay ? { 'idempotency-replayed': 'true' } : {}) }).end('{}')
  }
}
