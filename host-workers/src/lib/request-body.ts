/** A web request's body in the forms the bridge reads: text, a stream, multipart parts. */
import { type HttpBody, type HttpPart, type PartLimits, tooLarge, truncated } from '@flowport/flow/http'
import { chunksOf } from './chunks.ts'
import { multipartParts } from './multipart-parts.ts'

export class WebBody implements HttpBody {
  readonly #request: Request
  #draining: Promise<void> | undefined

  constructor(request: Request) {
    this.#request = request
  }

  /** Reads no more than `maxBytes` and one chunk, whatever the sender announced. */
  async text(maxBytes: number): Promise<string> {
    const announced = this.#request.headers.get('content-length')
    if (announced !== null && Number(announced) > maxBytes) throw tooLarge(maxBytes)
    // The platform hands over no more than was announced.
    if (announced !== null) return this.#request.text().catch(() => Promise.reject(truncated()))
    const { body } = this.#request
    if (body === null) return ''
    const decoder = new TextDecoder()
    let text = ''
    let bytes = 0
    for await (const chunk of chunksOf(body)) {
      bytes += chunk.byteLength
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      text += decoder.decode(chunk, { stream: true })
    }
    return text + decoder.decode()
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#request.body === null ? empty() : this.#guarded()
  }

  parts(limits: PartLimits): AsyncIterable<HttpPart> {
    return multipartParts(this.#request, limits)
  }

  /**
   * Reads what a refusal left unread, and forgets it: a connection that closes while its client still sends breaks before
   * the client has read why. Gives up after 10 seconds.
   */
  async discardRest(): Promise<void> {
    const { body } = this.#request
    if (this.#draining === undefined && body !== null && !body.locked) this.#draining = drain(chunksOf(body))
    await this.#draining
  }

  /** The body as it comes; ended early, by a broken connection or a wrong length, it errors. */
  #guarded(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { body, headers } = this.#request
    const announced = headers.get('content-length')
    const length = announced === null ? null : Number(announced)
    const chunks = chunksOf(body as ReadableStream<Uint8Array>)
    let bytes = 0
    return new ReadableStream(
      {
        async pull(controller) {
          try {
            const { done, value } = await chunks.next()
            if (done !== true) {
              bytes += value.byteLength
              controller.enqueue(value)
            } else if (length !== null && bytes < length) controller.error(truncated())
            else controller.close()
          } catch (error) {
            controller.error(error)
          }
        },
        cancel: () => {
          this.#draining = drain(chunks)
        },
      },
      { highWaterMark: 0 },
    )
  }
}

/** Longest time the rest of a refused body is read, in milliseconds. */
const lingerMs = 10_000

async function drain(chunks: AsyncGenerator<unknown, void, void>): Promise<void> {
  let late = false
  const timer = setTimeout(() => {
    late = true
  }, lingerMs)
  try {
    while (!late && (await chunks.next()).done !== true);
  } catch {
    // The client has gone: nobody waits for an answer.
  } finally {
    clearTimeout(timer)
    await chunks.return()
  }
}

function empty(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ start: (controller) => controller.close() })
}
