/** The bytes of a multipart form, split at its delimiters while they arrive. Reads no further than it is asked to. */
import { malformedForm, truncated } from '../refusals.ts'

const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09
const DASH = 0x2d

export class FormBytes {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
  /** CRLF, two dashes and the boundary. A boundary has no CR, so a match can only start at a CR. */
  readonly #delimiter: Uint8Array<ArrayBuffer>
  #chunk = new Uint8Array(0)
  #at = 0
  /** How many bytes of the delimiter have been seen, also in earlier chunks. */
  #matched = 0
  /** How many of those are the CRLF of the line before, and therefore never content. */
  #assumed = 0
  #isAtDelimiter = false

  constructor(body: ReadableStream<Uint8Array<ArrayBuffer>>, boundary: string) {
    this.#reader = body.getReader()
    this.#delimiter = new TextEncoder().encode(`\r\n--${boundary}`)
    this.startContent()
  }

  /** Call it at the start of a line: there the two dashes alone begin a delimiter, without a CRLF. */
  startContent(): void {
    this.#matched = this.#assumed = 2
    this.#isAtDelimiter = false
  }

  /** The next bytes before the delimiter, or `null` once the delimiter has been read. */
  async content(): Promise<Uint8Array<ArrayBuffer> | null> {
    while (!this.#isAtDelimiter) {
      if (this.#at === this.#chunk.length) await this.#fill()
      const piece = this.#scan()
      if (piece.length > 0) return piece
    }
    return null
  }

  /** Reads on after a delimiter. `true` when a part follows, `false` when it was the closing delimiter. */
  async opensPart(maxPaddingBytes: number): Promise<boolean> {
    const first = await this.#byte()
    if (first === DASH) {
      if ((await this.#byte()) === DASH) return false
    } else if (first === CR) {
      if ((await this.#byte()) === LF) return true
    } else if (first === SPACE || first === TAB) {
      const padding = await this.line(maxPaddingBytes)
      if (padding?.every((byte) => byte === SPACE || byte === TAB) === true) return true
    }
    throw malformedForm('a line starts with the boundary but goes on with something else')
  }

  /** The bytes of a line without its CRLF, or `null` for a line longer than `maxBytes` or ended by a bare LF. */
  async line(maxBytes: number): Promise<Uint8Array | null> {
    const pieces: Uint8Array[] = []
    let bytes = 0
    for (;;) {
      if (this.#at === this.#chunk.length) await this.#fill()
      const end = this.#chunk.indexOf(LF, this.#at)
      const piece = this.#chunk.subarray(this.#at, end < 0 ? this.#chunk.length : end)
      this.#at += piece.length
      bytes += piece.length
      if (bytes > maxBytes + 1) return null
      pieces.push(piece)
      if (end < 0) continue
      this.#at += 1
      const line = pieces.length === 1 ? piece : joined(pieces, bytes)
      return line.at(-1) === CR ? line.subarray(0, -1) : null
    }
  }

  /** Reads the rest of the body, at most `maxBytes` of it: some hosts break a connection that they answer before its end. */
  async skipRest(maxBytes: number): Promise<void> {
    let skipped = this.#chunk.length - this.#at
    while (skipped <= maxBytes) {
      const { done, value } = await this.#reader.read()
      if (done) return
      skipped += value.length
    }
  }

  /** Cancels the stream. What the host does with the rest of the body is its own decision. */
  close(): void {
    this.#reader.cancel().catch(() => undefined)
  }

  async #byte(): Promise<number | undefined> {
    if (this.#at === this.#chunk.length) await this.#fill()
    return this.#chunk[this.#at++]
  }

  async #fill(): Promise<void> {
    do {
      const { done, value } = await this.#reader.read()
      if (done) throw truncated()
      this.#chunk = value
      this.#at = 0
    } while (this.#chunk.length === 0)
  }

  /** Content from the current chunk, up to a delimiter or to what may become one. Linear in the length of the chunk. */
  #scan(): Uint8Array<ArrayBuffer> {
    const chunk = this.#chunk
    const delimiter = this.#delimiter
    const start = this.#at
    let at = start
    let matched = this.#matched
    while (at < chunk.length && matched < delimiter.length) {
      if (matched === 0) {
        const next = chunk.indexOf(CR, at)
        matched = next < 0 ? 0 : 1
        at = next < 0 ? chunk.length : next + 1
      } else if (chunk[at] === delimiter[matched]) {
        matched += 1
        at += 1
      } else if (at - matched < start) {
        // What earlier chunks ended with looked like a delimiter, but was content.
        return this.#release(matched, at)
      } else {
        // Without this a body of nothing but CR would cost a search for each of them.
        matched = chunk[at] === CR ? 1 : 0
        at += matched
      }
    }
    this.#at = at
    this.#matched = matched
    this.#isAtDelimiter = matched === delimiter.length
    return chunk.subarray(start, Math.max(start, at - matched))
  }

  #release(matched: number, at: number): Uint8Array<ArrayBuffer> {
    const content = this.#delimiter.slice(this.#assumed, matched)
    this.#matched = this.#assumed = 0
    this.#at = at
    return content
  }
}

/** The pieces, `bytes` long together, as one array. */
export function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
