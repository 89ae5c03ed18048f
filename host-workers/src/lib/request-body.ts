/** A web request's body in the forms the bridge reads: bytes or a stream. */
import {
  type CheckedBodyLimits,
  checkedBodyLimits,
  type HttpBody,
  tooLarge,
  truncated,
} from '@flowport/flow/http'
import { lateBody, WatchedUpload } from './bodies.ts'
import { chunksOf } from './chunks.ts'
import { collectBody, type CollectOptions } from './collected-body.ts'
import { HeldBytes } from './held-bytes.ts'

export interface WebBodyOptions {
  /** Longest time the rest of a refused body is read, in milliseconds. Default 10 000. */
  readonly lingerMs?: number
  /** How slowly the body may arrive. Default: as `BodyLimits` says. */
  readonly limits?: CheckedBodyLimits
  /** What the isolate holds of unfinished bodies. Default: nothing else. */
  readonly held?: HeldBytes
}

/**
 * A body announced with at most this many bytes is read by the platform in one call, and counts as held from its beginning.
 * Larger ones are counted as they arrive: an announcement alone must not take the room of others.
 */
const smallBytes = 16 * 1024

const defaultLimits = checkedBodyLimits()

export class WebBody implements HttpBody {
  readonly #request: Request
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
  ) {
    this.#request = request
    this.#limits = limits
    this.#held = held
    this.#lingerMs = lingerMs
  }

  /** Reads no more than `maxBytes` and one chunk, whatever the sender announced. */
  async bytes(maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    const { body, headers } = this.#request
    const announced = headers.get('content-length')
    const length = announced === null ? null : Number(announced)
    if (length !== null && length > maxBytes) throw tooLarge(maxBytes)
    if (body === null) return new Uint8Array(0)
    const { late, stop } = lateBody(this.#limits)
    try {
      return length !== null && length <= smallBytes
        ? await Promise.race([this.#smallBytes(length, maxBytes), late])
        : await this.#collected(body, { length, maxBytes, held: this.#held, late })
    } finally {
      stop()
    }
  }

  /** The platform's own reading, which is the fastest: HTTP hands over no more than was announced. */
  async #smallBytes(length: number, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#held.take(length)
    try {
      const bytes = await this.#request.arrayBuffer().catch(() => Promise.reject(truncated()))
      // A request that another Worker made may say what it likes.
      if (bytes.byteLength > maxBytes) throw tooLarge(maxBytes)
      return new Uint8Array(bytes)
    } finally {
      this.#held.give(length)
    }
  }

  async #collected(
    body: ReadableStream<Uint8Array>,
    options: CollectOptions,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const chunks = chunksOf(body)
    try {
      return await collectBody(chunks, options)
    } catch (error) {
      this.#draining = drain(chunks, this.#lingerMs)
      throw error
    }
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#request.body === null ? empty() : this.#guarded()
  }

  /**
   * Reads what a refusal left unread, and forgets it: a connection that closes while its client still sends breaks before
   * the client has read why. Gives up after `lingerMs`, also on a client that sends nothing more. `undefined` where
   * nothing is left.
   */
  discardRest(): Promise<void> | undefined {
    const { body } = this.#request
    if (this.#draining === undefined && body !== null && !body.locked)
      this.#draining = drain(chunksOf(body), this.#lingerMs)
    return this.#draining
  }

  /** The body as it comes; ended early, by a broken connection or a wrong length, it errors. */
  #guarded(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const { body, headers } = this.#request
    const announced = headers.get('content-length')
    const length = announced === null ? null : Number(announced)
    const chunks = chunksOf(body as ReadableStream<Uint8Array>)
    let bytes = 0
    let refused: (error: Error) => void = () => undefined
    const watched = new WatchedUpload(this.#limits, (error) => refused(error))
    const late = new Promise<never>((_, reject) => (refused = reject))
    late.catch(() => watched.stop())
    return new ReadableStream(
      {
        async pull(controller) {
          try {
            watched.waits()
            const { done, value } = await Promise.race([chunks.next(), late])
            watched.arrived(value?.byteLength ?? 0)
            if (done === true) watched.stop()
            if (done !== true) {
              bytes += value.byteLength
              controller.enqueue(value)
            } else if (length !== null && bytes < length) controller.error(truncated())
            else controller.close()
          } catch (error) {
            watched.stop()
            controller.error(error)
          }
        },
        cancel: () => {
          watched.stop()
          this.#draining = drain(chunks, this.#lingerMs)
        },
      },
      { highWaterMark: 0 },
    )
  }
}

/** Resolves when the rest has been read, when reading fails, or after `lingerMs`; what comes later is left unread. */
async function drain(chunks: AsyncGenerator<unknown, void, void>, lingerMs: number): Promise<void> {
  let isLate = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeUp = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      isLate = true
      resolve()
    }, lingerMs)
  })
  const rest = async () => {
    try {
      while (!isLate && (await chunks.next()).done !== true);
    } catch {
      // The client has gone: nobody waits for an answer.
    }
    await chunks.return()
  }
  await Promise.race([rest(), timeUp])
  clearTimeout(timer)
}

function empty(): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({ start: (controller) => controller.close() })
}
