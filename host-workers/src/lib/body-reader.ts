/** Reads a request's body chunk by chunk, into a buffer that is used again. */
import { truncated } from '@flowport/flow/http'

/** workerd by itself makes chunks of 4 KiB, a turn of its loop each. A body that fills its buffer gets a larger one. */
const firstBytes = 4 * 1024
const mostBytes = 64 * 1024

type Chunk = Uint8Array<ArrayBuffer>

export interface BodyReaderOptions {
  /**
   * Read into a buffer where the stream allows it. Default: on workerd only. In Firefox 153 such a read of a request's body
   * does not settle when the body ends, and no other platform has chunks as small as workerd.
   */
  readonly intoBuffer?: boolean
}

/** One call of `read`, `take` or `discard` at a time. */
export class BodyReader {
  /** `undefined` where the stream gives chunks of its own. */
  readonly #byob: ReadableStreamBYOBReader | undefined
  readonly #plain: ReadableStreamDefaultReader<Chunk> | undefined
  #buffer: ArrayBuffer | undefined
  #size = firstBytes
  /** A read goes on when its caller has been refused. */
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
   * The next chunk, valid until the next call; `undefined` at the end. A connection that breaks is a truncated body. Chunks
   * are not raced with a promise that lives as long as the body: it would keep all of them.
   */
  read(): Promise<Chunk | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#refusal === undefined) this.#wait(resolve, reject)
      else reject(this.#refusal)
    })
  }

  /** As `read`, but the chunk is the caller's to keep. */
  async take(): Promise<Chunk | undefined> {
    const chunk = await this.read()
    if (chunk === undefined || chunk.buffer !== this.#buffer) return chunk
    // A small chunk must not keep a large buffer.
    if (chunk.byteLength * 2 < chunk.buffer.byteLength) return chunk.slice()
    this.#buffer = undefined
    return chunk
  }

  /** Rejects the read under way, and those to come, with `error`. */
  refuse(error: Error): void {
    this.#refusal ??= error
    this.#settle()?.failed(this.#refusal)
  }

  /**
   * Reads the rest and forgets it. Resolves when it has been read, when reading fails, or after `lingerMs`; what comes later
   * is left unread.
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

  /** Reads nothing more: the platform closes the connection after the answer. */
  cancel(): void {
    const cancelled = this.#byob === undefined ? this.#plain?.cancel() : this.#byob.cancel()
    cancelled?.catch(() => undefined)
  }

  /** Lets go of the body, which can then be read by another reader. */
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

  /** Who waits, once. */
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

/** Only workerd has this class. */
function isWorkerd(): boolean {
  return 'FixedLengthStream' in globalThis
}

/** `undefined` for streams that JavaScript made of chunks. */
function byobReaderOf(stream: ReadableStream<Chunk>): ReadableStreamBYOBReader | undefined {
  try {
    return stream.getReader({ mode: 'byob' })
  } catch {
    return undefined
  }
}
