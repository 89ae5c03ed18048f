/** A Node request's body in the forms the bridge reads: text, a web stream, multipart parts. */
import type { HttpBody, HttpPart, PartLimits } from '@flowport/flow/http'
import { truncated } from '@flowport/flow/http'
import type { FastifyRequest } from 'fastify'
import { multipartParts } from './multipart-parts.ts'
import { toWebStream } from './web-stream.ts'

export class NodeBody implements HttpBody {
  readonly #request: FastifyRequest

  constructor(request: FastifyRequest) {
    this.#request = request
  }

  /** What Fastify has collected within the route's limit. */
  text(): string {
    return typeof this.#request.body === 'string' ? this.#request.body : ''
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return toWebStream(this.#request.raw, truncated)
  }

  parts(limits: PartLimits): AsyncIterable<HttpPart> {
    return multipartParts(this.#request, limits)
  }
}
