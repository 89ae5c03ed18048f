/** A Node request's body in the forms the bridge reads: text within a bound, a web stream, multipart parts. */
import type { HttpBody, HttpPart, PartLimits } from '@flowport/flow/http'
import { tooLarge, truncated } from '@flowport/flow/http'
import type { FastifyRequest } from 'fastify'
import { multipartParts } from './multipart-parts.ts'
import { toWebStream } from './web-stream.ts'
import type { IncomingMessage } from 'node:http'

export class NodeBody implements HttpBody {
  readonly #request: FastifyRequest

  constructor(request: FastifyRequest) {
    this.#request = request
  }

  text(maxBytes: number): Promise<string> | string {
    const { raw } = this.#request
    if (raw.headers['content-length'] === '0') return ''
    if (raw.headers['content-length'] === undefined && raw.headers['transfer-encoding'] === undefined)
      return ''
    return readText(raw, maxBytes)
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return toWebStream(this.#request.raw, truncated)
  }

  parts(limits: PartLimits): AsyncIterable<HttpPart> {
    return multipartParts(this.#request, limits)
  }
}

function readText(raw: IncomingMessage, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    const onData = (chunk: Buffer) => {
      length += chunk.length
      if (length <= maxBytes) return void chunks.push(chunk)
      finish()
      raw.resume()
      reject(tooLarge(maxBytes))
    }
    const onEnd = () => {
      finish()
      resolve(
        chunks.length === 1 ? (chunks[0] as Buffer).toString() : Buffer.concat(chunks, length).toString(),
      )
    }
    const onError = () => {
      finish()
      reject(truncated())
    }
    const finish = () => {
      raw.off('data', onData)
      raw.off('end', onEnd)
      raw.off('error', onError)
      raw.off('close', onError)
    }
    raw.on('data', onData)
    raw.on('end', onEnd)
    raw.on('error', onError)
    raw.on('close', onError)
  })
}
