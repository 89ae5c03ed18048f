/** Copies a byte stream into a file: reading and writing overlap, small chunks are gathered, memory stays bounded. */
import { write } from './io.ts'

/** Bytes that may wait while others are being written. */
const mostWaiting = 1_048_576

/** Writes the stream from `position` on; resolves its length. The stream is read to its end or cancelled. */
export async function copyStream(
  stream: ReadableStream<Uint8Array>,
  fd: number,
  position: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  const reader = stream.getReader()
  // Ends a pending read at once; the check below turns that end into the signal's reason.
  const onAbort = () => void reader.cancel(signal?.reason).catch(() => undefined)
  signal?.addEventListener('abort', onAbort, { once: true })
  const sink = new Sink(fd, position)
  try {
    signal?.throwIfAborted()
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      sink.push(chunk.value)
      if (sink.isFull) await sink.drain()
    }
    signal?.throwIfAborted()
    return await sink.end()
  } catch (error) {
    await sink.settle()
    void reader.cancel(error).catch(() => undefined)
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
    reader.releaseLock()
  }
}

/** Writes what it is given in order; what comes during a write goes out together in the next. */
class Sink {
  readonly #fd: number
  readonly #start: number
  #position: number
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #writing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(fd: number, position: number) {
    this.#fd = fd
    this.#start = position
    this.#position = position
  }

  get isFull(): boolean {
    return this.#waitingBytes >= mostWaiting || this.#waiting.length >= 1024
  }

  push(chunk: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure.error
    if (chunk.byteLength === 0) return
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.byteLength
    if (this.#writing === undefined) this.#flush()
  }

  /** Resolves once there is room. */
  async drain(): Promise<void> {
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure.error
  }

  /** Writes the rest; resolves all bytes written. */
  async end(): Promise<number> {
    while (this.#writing !== undefined) await this.drain()
    if (this.#failure !== undefined) throw this.#failure.error
    return this.#position - this.#start
  }

  /** Waits for the write in flight, so that its descriptor can be closed. */
  async settle(): Promise<void> {
    this.#waiting = []
    this.#waitingBytes = 0
    await this.#writing
  }

  #flush(): void {
    const parts = this.#waiting
    const bytes = this.#waitingBytes
    this.#waiting = []
    this.#waitingBytes = 0
    this.#writing = write(this.#fd, parts, this.#position).then(
      () => {
        this.#position += bytes
        this.#next()
      },
      (error: unknown) => {
        this.#failure = { error }
        this.#writing = undefined
      },
    )
  }

  #next(): void {
    this.#writing = undefined
    if (this.#waitingBytes > 0) this.#flush()
  }
}
