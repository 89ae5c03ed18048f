/** Cuts a byte stream into equal parts, holding one at a time, for stores that take uploads in parts. */

export interface Part {
  /** Valid until the next part is asked for: the buffer is used again. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Whether the stream has ended with it. */
  readonly last: boolean
}

/** Reads a stream part by part. A stream of no bytes has one part, which is empty and the last. */
export class PartReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
  readonly #partBytes: number
  #buffer: Uint8Array<ArrayBuffer>
  /** What was read beyond the part before. */
  #rest: Uint8Array<ArrayBuffer> = new Uint8Array(0)

  /** @param size Length of the stream where it is known; saves growing the first part's buffer. */
  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>, partBytes: number, size = firstGuess) {
    this.#reader = stream.getReader()
    this.#partBytes = partBytes
    this.#buffer = new Uint8Array(Math.min(partBytes, Math.max(1, size)))
  }

  /** The next part: as long as all others, or the last. Rejects with the stream's own error. */
  async next(): Promise<Part> {
    let length = 0
    for (;;) {
      if (this.#rest.byteLength > 0) {
        const taken = Math.min(this.#rest.byteLength, this.#partBytes - length)
        this.#grow(length, length + taken)
        this.#buffer.set(this.#rest.subarray(0, taken), length)
        length += taken
        this.#rest = this.#rest.subarray(taken)
      }
      // A full part is handed out once it is known whether another follows.
      if (this.#rest.byteLength > 0) return { bytes: this.#buffer.subarray(0, length), last: false }
      const { done, value } = await this.#reader.read()
      if (done) return { bytes: this.#buffer.subarray(0, length), last: true }
      this.#rest = value
    }
  }

  /** Lets go of the stream, read or not. */
  cancel(reason: unknown): void {
    this.#reader.cancel(reason).catch(() => undefined)
  }

  #grow(used: number, needed: number): void {
    if (needed <= this.#buffer.byteLength) return
    const larger = new Uint8Array(Math.min(this.#partBytes, Math.max(needed, 2 * this.#buffer.byteLength)))
    larger.set(this.#buffer.subarray(0, used))
    this.#buffer = larger
  }
}

/** Most streams are small: a part's buffer is not set aside before there are bytes for it. */
const firstGuess = 65_536
