/** Adapts a Fastify request to the bridge's `HttpCall`, and sends its outcome as a Fastify reply. */
import type { Logger } from '@flowport/capabilities'
import { type HttpCall, type HttpOutcome, isBodiless, problemOutcome } from '@flowport/flow/http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { STATUS_CODES } from 'node:http'
import { Readable } from 'node:stream'
import { RequestBodies } from './bodies/request-bodies.ts'
import { discardRest, hasBody } from './discard-rest.ts'
import { PushedText } from './pushed-text.ts'
import { NodeBody } from './request-body.ts'

export class FastifyCall implements HttpCall {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #bodies: RequestBodies | undefined
  /** Cached, because each access to `request.headers` goes through two getters. */
  readonly #headers: FastifyRequest['headers']

  /** Leave out `bodies` to answer a request whose body is not read. */
  constructor(request: FastifyRequest, reply: FastifyReply, bodies?: RequestBodies) {
    this.#request = request
    this.#reply = reply
    this.#bodies = bodies
    this.#headers = request.headers
  }

  get native(): FastifyRequest {
    return this.#request
  }

  get body(): NodeBody {
    return new NodeBody(this.#request, this.#reply, this.#bodies ?? new RequestBodies())
  }

  get method(): string {
    return this.#request.method
  }

  get path(): string {
    const { url } = this.#request
    const end = url.indexOf('?')
    return end < 0 ? url : url.slice(0, end)
  }

  get query(): string {
    const { url } = this.#request
    const end = url.indexOf('?')
    return end < 0 ? '' : url.slice(end + 1)
  }

  /** The host as Fastify determines it: with `trustProxy`, from the proxy's headers. */
  get host(): string | undefined {
    return this.#request.host
  }

  get params(): Readonly<Record<string, string>> {
    return this.#request.params as Readonly<Record<string, string>>
  }

  get log(): Logger {
    return this.#request.log
  }

  header(name: string): string | undefined {
    const value = this.#headers[name]
    return Array.isArray(value) ? value.join(', ') : value
  }

  /** Does not use `request.signal`, which Fastify has fired on healthy requests with a body. */
  onDisconnect(listener: () => void): void {
    const { raw } = this.#reply
    if (raw.closed && !raw.writableEnded) return listener()
    raw.on('close', () => {
      if (!raw.writableEnded) listener()
    })
  }
}

/** Sends an outcome, or a problem when Node refuses its headers. Never throws. */
export function sendOutcome(reply: FastifyReply, outcome: HttpOutcome): void {
  try {
    send(reply, outcome)
  } catch (error) {
    const instead = problemOutcome(error, new FastifyCall(reply.request, reply))
    // A started head cannot be withdrawn, and a problem after a status without a body would be read as the next answer:
    // disconnects.
    if (reply.raw.headersSent || isBodiless(outcome.status)) return void reply.raw.destroy()
    reply.raw.statusMessage = STATUS_CODES[instead.status] ?? ''
    for (const name of Object.keys(reply.getHeaders())) reply.removeHeader(name)
    send(reply, instead)
  }
}

function send(reply: FastifyReply, { status, headers, body }: HttpOutcome): void {
  reply.code(status).headers(headers)
  const { raw } = reply.request
  if (!raw.complete && hasBody(raw)) leaveBody(reply, status)
  if (body === null || typeof body === 'string') void reply.send(body ?? undefined)
  else if (typeof body === 'function') void reply.send(new PushedText(body))
  else void reply.send(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]))
}

/** Handles a body that is not read yet: after a refusal, or after any answer that is finished before the body. */
function leaveBody(reply: FastifyReply, status: number): void {
  const { raw } = reply.request
  if (status >= 400) return discardRest(reply)
  reply.raw.once('finish', () => {
    if (!raw.complete) discardRest(reply)
  })
}
