/** Copies a byte stream into a file: reading and writing overlap, small chunks are gathered, memory stays bounded. */
import { write } from './io.ts'

/** Two of these per stream: one is filled while the other is written. */
const bufferBytes = 524_288

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
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read())
      await sink.take(chunk.value)
    signal?.throwIfAborted()
    return await sink.end()
  } catch (error) {
    await sink.settled()
    void reader.cancel(error).catch(() => undefined)
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
    reader.releaseLock()
  }
}

/** Writes what it is given, in order. What comes during a write goes out together in the next. */
class Sink {
  readonly #fd: number
  readonly #start: number
  #position: number
  #filling: Buffer = Buffer.allocUnsafeSlow(bufferBytes)
  #spare: Buffer | undefined
  #filled = 0
  #writing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined

  constructor(fd: number, position: number) {
    this.#fd = fd
    this.#start = position
    this.#position = position
  }

  /** Takes a copy, since a source may use one buffer for all its chunks. Resolves when there is room for more. */
  async take(chunk: Uint8Array): Promise<void> {
    for (let taken = 0; taken < chunk.byteLength; ) {
      const part = chunk.subarray(taken, taken + bufferBytes - this.#filled)
      this.#filling.set(part, this.#filled)
      this.#filled += part.byteLength
      taken += part.byteLength
      if (this.#writing === undefined) this.#flush()
      else if (this.#filled === bufferBytes) await this.#turn()
    }
    this.#check()
  }

  /** Writes the rest; resolves all bytes written. */
  async end(): Promise<number> {
    while (this.#writing !== undefined || this.#filled > 0) await this.#turn()
    this.#check()
    return this.#position - this.#start
  }

  /** Resolves when no write is in flight, so that the file can be closed. */
  async settled(): Promise<void> {
    await this.#writing
  }

  /** Waits for the write in flight and starts the next. */
  async #turn(): Promise<void> {
    await this.#writing
    this.#check()
    if (this.#writing === undefined && this.#filled > 0) this.#flush()
  }

  #flush(): void {
    const full = this.#filling
    const bytes = this.#filled
    this.#filling = this.#spare ?? Buffer.allocUnsafeSlow(bufferBytes)
    this.#filled = 0
    this.#writing = write(this.#fd, [full.subarray(0, bytes)], this.#position).then(
      () => {
        this.#position += bytes
        this.#spare = full
        this.#writing = undefined
      },
      (error: unknown) => {
        this.#failure = { error }
        this.#writing = undefined
      },
    )
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error
  }
}
