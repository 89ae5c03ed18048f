/** A Node request's body in the two forms that the bridge reads: bytes or a web stream. */
import type { HttpBody } from '@flowport/flow/http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Readable } from 'node:stream'
import { collect } from './bodies/collect.ts'
import type { RequestBodies } from './bodies/request-bodies.ts'
import { requestStream } from './bodies/request-stream.ts'
import { discardRest } from './discard-rest.ts'

export class NodeBody implements HttpBody {
  readonly #request: FastifyRequest
  readonly #reply: FastifyReply
  readonly #bodies: RequestBodies

  constructor(request: FastifyRequest, reply: FastifyReply, bodies: RequestBodies) {
    this.#request = request
    this.#reply = reply
    this.#bodies = bodies
  }

  bytes(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> {
    const { raw, body } = this.#request
    return collect(raw, body instanceof Readable ? body : raw, maxBytes, this.#bodies)
  }

  /** Whether a `preParsing` hook replaced the request's stream, as decompressing plugins do. */
  get isDecoded(): boolean {
    return this.#request.body instanceof Readable
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { raw } = this.#request
    const { stream, fail, release } = requestStream(raw)
    this.#watchUpload(fail)
    // An unread body would block the connection's next request and prevent its closing.
    this.#reply.raw.once('finish', () => {
      release()
      if (!raw.complete) discardRest(this.#reply)
    })
    return stream
  }

  #watchUpload(refuse: (error: Error) => void): void {
    const { raw } = this.#request
    if (raw.complete) return
    const bodies = this.#bodies
    const entry = bodies.begin({ raw, kind: 'upload', held: 0, refuse })
    const ended = () => bodies.ended(entry)
    raw.once('end', ended).once('close', ended)
  }
}
