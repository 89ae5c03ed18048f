/** A Node request's body in the forms the bridge reads: text, a web stream, multipart parts. */
import type { HttpBody, HttpPart, PartLimits } from '@flowport/flow/http'
import { truncated } from '@flowport/flow/http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { discardRest } from './discard-rest.ts'
import { multipartParts } from './multipart-parts.ts'
import { toWebStream } from './web-stream.ts'

export class NodeBody implements HttpBody {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply

  constructor(request: FastifyRequest, reply: FastifyReply) {
    this.#request = request
    this.#reply = reply
  }

  /** What Fastify has collected within the route's limit. */
  text(): string {
    return typeof this.#request.body === 'string' ? this.#request.body : ''
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { raw } = this.#request
    // What a flow has left unread when it is answered would keep the connection from its next request, and from closing.
    return toWebStream(raw, truncated, (release) => {
      this.#reply.raw.once('finish', () => {
        if (!raw.complete) void release().finally(() => discardRest(this.#reply))
      })
    })
  }

  parts(limits: PartLimits): AsyncIterable<HttpPart> {
    return multipartParts(this.#request, limits)
  }
}
