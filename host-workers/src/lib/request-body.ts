/** A web request's body in the two forms that the bridge reads: bytes or a stream. */
import { isCapabilityError } from '@flowport/capabilities'
import {
  type CheckedBodyLimits,
  checkedBodyLimits,
  type HttpBody,
  tooLarge,
  truncated,
} from '@flowport/flow/http'
import { WatchedUpload, whenLate } from './bodies.ts'
import { BodyReader } from './body-reader.ts'
import { collectBody, type CollectOptions } from './collected-body.ts'
import { HeldBytes } from './held-bytes.ts'

export interface WebBodyOptions {
  /** Maximum milliseconds to read the rest of a refused body. Default 10 000. */
  readonly lingerMs?: number
  /** Minimum rate and time limits of the body. Default: the defaults of `BodyLimits`. */
  readonly limits?: CheckedBodyLimits
  /** Counter of the isolate's held bytes. Default: a separate counter. */
  readonly held?: HeldBytes
}

/**
 * A body with an announced length of at most this many bytes is read in one call of the platform, and counts as held from the
 * start. Larger bodies are counted as they arrive, so that an announcement alone does not use up the room.
 */
const smallBytes = 16 * 1024

const defaultLimits = checkedBodyLimits()

export class WebBody implements HttpBody {
  readonly #request: Request
  readonly #headers: Headers
  readonly #lingerMs: number
  readonly #limits: CheckedBodyLimits
  readonly #held: HeldBytes
  #draining: Promise<void> | undefined

  constructor(
    request: Request,
    {
      lingerMs = 10_000,
      limits = defaultLimits,
      held = new HeldBytes(limits.maxHeldBytes),
    }: WebBodyOptions = {},
    headers: Headers = request.headers,
  ) {
    this.#request = request
    this.#headers = headers
    this.#limits = limits
    this.#held = held
    this.#lingerMs = lingerMs
  }

  /** Reads at most `maxBytes` and one chunk, regardless of the announced length. */
  bytes(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const { body } = this.#request
    const announced = this.#headers.get('content-length')
    const length = announced === null ? null : Number(announced)
    if (length !== null && length > maxBytes) return Promise.reject(tooLarge(maxBytes))
    if (body === null) return Promise.resolve(new Uint8Array(0))
    return length !== null && length <= smallBytes
      ? this.#small(length, maxBytes)
      : this.#collected(body, { length, maxBytes, held: this.#held })
  }

  /** Uses the platform's `arrayBuffer`, which is fastest. HTTP delivers no more bytes than announced. */
  #small(length: number, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve, reject) => {
      this.#held.take(length)
      const isOnTime = whenLate(this.#limits, reject)
      const ended = () => {
        isOnTime()
        this.#held.give(length)
      }
      this.#request.arrayBuffer().then(
        (bytes) => {
          ended()
          // A request from another Worker may announce a wrong length.
          if (bytes.byteLength > maxBytes) reject(tooLarge(maxBytes))
          else resolve(new Uint8Array(bytes))
        },
        () => {
          ended()
          reject(truncated())
        },
      )
    })
  }

  async #collected(
    body: ReadableStream<Uint8Array>,
    options: CollectOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const reader = new BodyReader(body)
    const isOnTime = whenLate(this.#limits, (late) => reader.refuse(late))
    try {
      return await collectBody(reader, options)
    } catch (error) {
      // An isolate without room does not read the rest either.
      if (isCapabilityError(error) && error.code === 'TOO_MANY_BODIES') reader.cancel()
      else this.#draining = reader.discard(this.#lingerMs)
      throw error
    } finally {
      isOnTime()
    }
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#request.body === null ? empty() : this.#guarded()
  }

  /**
   * Reads and discards the rest of a refused body. Without this, a connection that closes while its client still sends breaks
   * before the client has read the answer. Stops after `lingerMs`, even if the client sends nothing more. Returns `undefined`
   * when nothing is left.
   */
  discardRest(): Promise<void> | undefined {
    const { body } = this.#request
    if (this.#draining === undefined && body !== null && !body.locked)
      this.#draining = new BodyReader(body).discard(this.#lingerMs)
    return this.#draining
  }

  /**
   * Returns the body as it arrives. The stream errors when the body ends early, through a broken connection or a wrong length.
   */
  #guarded(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { body } = this.#request
    const announced = this.#headers.get('content-length')
    const length = announced === null ? null : Number(announced)
    const reader = new BodyReader(body as ReadableStream<Uint8Array>)
    let bytes = 0
    const watched = new WatchedUpload(this.#limits, (error) => reader.refuse(error))
    return new ReadableStream(
      {
        async pull(controller) {
          try {
            watched.waits()
            const chunk = await reader.take()
            watched.arrived(chunk?.byteLength ?? 0)
            if (chunk !== undefined) {
              bytes += chunk.byteLength
              return controller.enqueue(chunk)
            }
            watched.stop()
            reader.release()
            if (length !== null && bytes < length) controller.error(truncated())
            else controller.close()
          } catch (error) {
            watched.stop()
            controller.error(error)
          }
        },
        cancel: () => {
          watched.stop()
          this.#draining = reader.discard(this.#lingerMs)
        },
      },
      { highWaterMark: 0 },
    )
  }
}

function empty(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ start: (controller) => controller.close() })
}
