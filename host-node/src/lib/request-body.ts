/** A Node request's body in the forms the bridge reads: text within a bound, a web stream, multipart parts. */
import type { HttpBody, HttpPart, PartLimits } from '@flowport/flow/http'
import { tooLarge, truncated } from '@flowport/flow/http'
import type { FastifyRequest } from 'fastify'
import { multipartParts } from './multipart-parts.ts'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'

export class NodeBody implements HttpBody {
  readonly #request: FastifyRequest

  constructor(request: FastifyRequest) {
    this.#request = request
  }

  text(maxBytes: number): Promise<string> | string {
    const { raw } = this.#request
    if (raw.headers['content-length'] === '0') return ''
    if (raw.headers['content-length'] === undefined && raw.headers['transfer-encoding'] === undefined) return ''
    return readText(raw, maxBytes)
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return toWebStream(this.#request.raw, truncated)
  }

  parts(limits: PartLimits): AsyncIterable<HttpPart> {
    return multipartParts(this.#request, limits)
  }
}

/**
 * A readable as a byte stream that pulls no more than it is asked for. Cancelling it discards the rest instead of
 * destroying the readable: on a request that would close the connection before its answer is sent.
 */
export function toWebStream(readable: Readable, translate: (error: unknown) => unknown): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = readable.iterator({ destroyOnReturn: false }) as AsyncIterator<Buffer<ArrayBuffer>, undefined>
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next()
          if (done === true) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          controller.error(translate(error))
        }
      },
      async cancel() {
        await chunks.return?.()
        readable.resume()
      },
    },
    { highWaterMark: 0 },
  )
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
      resolve(chunks.length === 1 ? (chunks[0] as Buffer).toString() : Buffer.concat(chunks, length).toString())
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
