/** Reads a request's body chunk by chunk into a reusable buffer. */
import { truncated } from '@flowport/flow/http'

/**
 * workerd's default chunks have 4 KiB and take a turn of the event loop each. A body that fills the buffer gets a larger one,
 * up to `mostBytes`.
 */
const firstBytes = 4 * 1024
const mostBytes = 64 * 1024

type Chunk = Uint8Array<ArrayBuffer>

export interface BodyReaderOptions {
  /**
   * Whether to read into a buffer if the stream supports it. Default: on workerd only. In Firefox 153 such a read of a
   * request's body does not settle when the body ends, and no other platform has chunks as small as workerd's.
   */
  readonly intoBuffer?: boolean
}

/** Reads a body. Only one call of `read`, `take` or `discard` may be pending. */
export class BodyReader {
  /** `undefined` when the stream is read in its own chunks. */
  readonly #byob: ReadableStreamBYOBReader | undefined
  readonly #plain: ReadableStreamDefaultReader<Chunk> | undefined
  #buffer: ArrayBuffer | undefined
  #size = firstBytes
  /** Stays true after a refusal, because the read itself continues. */
  #isReading = false
  #refusal: Error | undefined
  #arrived: ((chunk: Chunk | undefined) => void) | undefined
  #failed: ((error: Error) => void) | undefined

  constructor(body: ReadableStream<Uint8Array>, { intoBuffer = isWorkerd() }: BodyReaderOptions = {}) {
    const stream = body as ReadableStream<Chunk>
    this.#byob = intoBuffer ? byobReaderOf(stream) : undefined
    this.#plain = this.#byob === undefined ? stream.getReader() : undefined
  }

  /**
   * Resolves to the next chunk, which is valid until the next call, or to `undefined` at the end. Rejects with a truncated body
   * when the connection breaks. Does not use `Promise.race` with a promise that lives as long as the body, which would keep all
   * chunks in memory.
   */
  read(): Promise<Chunk | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#refusal === undefined) this.#wait(resolve, reject)
      else reject(this.#refusal)
    })
  }

  /** Like `read`, but the chunk stays valid. */
  async take(): Promise<Chunk | undefined> {
    const chunk = await this.read()
    if (chunk === undefined || chunk.buffer !== this.#buffer) return chunk
    // Copies a small chunk, so that it does not keep a large buffer in memory.
    if (chunk.byteLength * 2 < chunk.buffer.byteLength) return chunk.slice()
    this.#buffer = undefined
    return chunk
  }

  /** Rejects the current read and all later ones with `error`. */
  refuse(error: Error): void {
    this.#refusal ??= error
    this.#settle()?.failed(this.#refusal)
  }

  /**
   * Reads and discards the rest. Resolves at the end of the body, when reading fails, or after `lingerMs`; then the remaining
   * bytes stay unread.
   */
  discard(lingerMs: number): Promise<void> {
    return new Promise((resolve) => {
      let isLate = false
      const ended = () => {
        clearTimeout(timer)
        this.release()
        resolve()
      }
      const timer = setTimeout(() => {
        isLate = true
        resolve()
      }, lingerMs)
      const next = (chunk: Chunk | undefined) => {
        if (isLate || chunk === undefined) ended()
        else this.#wait(next, ended)
      }
      this.#wait(next, ended)
    })
  }

  /** Stops reading. The platform closes the connection after the answer. */
  cancel(): void {
    const cancelled = this.#byob === undefined ? this.#plain?.cancel() : this.#byob.cancel()
    cancelled?.catch(() => undefined)
  }

  /** Releases the body, which another reader can then read. */
  release(): void {
    this.#byob?.releaseLock()
    this.#plain?.releaseLock()
  }

  #wait(arrived: (chunk: Chunk | undefined) => void, failed: (error: Error) => void): void {
    this.#arrived = arrived
    this.#failed = failed
    if (this.#isReading) return
    this.#isReading = true
    const reading = this.#byob === undefined ? this.#plain?.read() : this.#byob.read(this.#view())
    reading?.then(
      ({ done, value }) => {
        this.#isReading = false
        if (this.#byob !== undefined && value !== undefined) this.#took(value)
        this.#settle()?.arrived(done ? undefined : value)
      },
      () => {
        this.#isReading = false
        this.#settle()?.failed(truncated())
      },
    )
  }

  /** Returns the waiting callbacks and clears them. */
  #settle() {
    const arrived = this.#arrived
    const failed = this.#failed
    this.#arrived = undefined
    this.#failed = undefined
    return arrived === undefined || failed === undefined ? undefined : { arrived, failed }
  }

  #view(): Chunk {
    const buffer = this.#buffer
    this.#buffer = undefined
    return new Uint8Array(
      buffer === undefined || buffer.byteLength < this.#size ? new ArrayBuffer(this.#size) : buffer,
    )
  }

  #took({ buffer, byteLength }: Chunk): void {
    this.#buffer = buffer
    if (byteLength === buffer.byteLength) this.#size = Math.min(mostBytes, this.#size * 4)
  }
}

/** Whether this is workerd, the only platform with this class. */
function isWorkerd(): boolean {
  return 'FixedLengthStream' in globalThis
}

/** Returns `undefined` for a stream of chunks made in JavaScript. */
function byobReaderOf(stream: ReadableStream<Chunk>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: 'byob' })
  } catch {
    return undefined
  }
}
