/** Cuts a byte stream into equal parts for stores that take uploads in parts. Buffers that are given back are used again. */
import type { RunningDigest } from './digests.ts'
import { nextTurn, turnBytes } from './turn.ts'

export interface Part {
  /** Valid until it is released. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Whether the stream has ended with it. */
  readonly last: boolean
  /** SHA-256 of the bytes, where it was taken while they were read. */
  readonly sha256?: Uint8Array | undefined
}

/** Reads a stream part by part. A stream of no bytes has one part, which is empty and the last. */
export class PartReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
  readonly #partBytes: number
  readonly #digest: (() => RunningDigest) | undefined
  readonly #free: Uint8Array<ArrayBuffer>[] = []
  /** For the next new buffer. */
  #guess: number
  /** Bytes that were read without letting the platform send what it has. */
  #sinceTurn = 0
  /** Bytes that were read beyond the previous part. */
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0)

  /**
   * @param size Length of the stream where it is known; saves growing the first part's buffer.
   * @param digest Takes the SHA-256 of each part on the way.
   */
  constructor(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    partBytes: number,
    size = firstGuess,
    digest?: () => RunningDigest,
  ) {
    this.#reader = stream.getReader()
    this.#partBytes = partBytes
    this.#digest = digest
    this.#guess = Math.min(partBytes, Math.max(1, size))
  }

  /** The next part: as long as all others, or the last. Rejects with the stream's own error. */
  async next(): Promise<Part> {
    const digest = this.#digest?.()
    let buffer = this.#free.pop() ?? new Uint8Array(this.#guess)
    let length = 0
    const part = (last: boolean): Part => {
      // The next one is as long, unless the stream ends.
      this.#guess = this.#partBytes
      return { bytes: buffer.subarray(0, length), last, sha256: digest?.digest() }
    }
    for (;;) {
      if (this.#rest.byteLength > 0) {
        const taken = this.#rest.subarray(0, this.#partBytes - length)
        buffer = this.#roomFor(buffer, length, length + taken.byteLength)
        buffer.set(taken, length)
        digest?.update(taken)
        length += taken.byteLength
        this.#rest = this.#rest.subarray(taken.byteLength)
      }
      // A full part is handed out once it is known whether another follows.
      if (this.#rest.byteLength > 0) return part(false)
      if (this.#sinceTurn >= turnBytes) {
        this.#sinceTurn = 0
        await nextTurn()
      }
      const { done, value } = await this.#reader.read()
      if (done) return part(true)
      this.#rest = value
      this.#sinceTurn += value.byteLength
    }
  }

  /** Gives a part's buffer back, to be filled again. */
  release({ bytes }: Part): void {
    this.#free.push(new Uint8Array(bytes.buffer))
  }

  /** Lets go of the stream, read or not. */
  cancel(reason: unknown): void {
    this.#reader.cancel(reason).catch(() => undefined)
  }

  #roomFor(buffer: Uint8Array<ArrayBuffer>, used: number, needed: number): Uint8Array<ArrayBuffer> {
    if (needed <= buffer.byteLength) return buffer
    const larger = new Uint8Array(Math.min(this.#partBytes, Math.max(needed, 2 * buffer.byteLength)))
    larger.set(buffer.subarray(0, used))
    return larger
  }
}

/** Most streams are small: a part's buffer is not set aside before there are bytes for it. */
const firstGuess = 65_536
