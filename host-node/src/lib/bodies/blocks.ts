/** Collects the bytes of a body while it arrives: keeps large chunks as they are and packs small ones into blocks. */

/** Chunks of at least this many bytes are kept as they are. */
const largeBytes = 4 * 1024
const blockBytes = 16 * 1024

/**
 * Packing bounds the overhead: a plain list of chunks costs about a hundred bytes for each one-byte chunk that a client sends.
 */
export class Blocks {
  /** Most bodies arrive as one chunk. */
  #first: Uint8Array<ArrayBuffer> | undefined
  #more: Uint8Array<ArrayBuffer>[] | undefined
  #open: Uint8Array<ArrayBuffer> | undefined
  #used = 0
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** Keeps a chunk. Returns the change of memory in bytes, which is negative when a block was trimmed. */
  add(chunk: Uint8Array<ArrayBuffer>): number {
    const isFirst = this.#bytes === 0
    this.#bytes += chunk.length
    if (isFirst) {
      this.#first = chunk
      return chunk.length
    }
    if (chunk.length >= largeBytes) {
      const freed = this.#close()
      this.#keep(chunk)
      return chunk.length - freed
    }
    let taken = 0
    if (this.#open === undefined || this.#open.length - this.#used < chunk.length) {
      taken = blockBytes - this.#close()
      this.#open = new Uint8Array(blockBytes)
    }
    this.#open.set(chunk, this.#used)
    this.#used += chunk.length
    return taken
  }

  /** Returns all bytes in one array. */
  whole(): Uint8Array<ArrayBuffer> {
    this.#close()
    const first = this.#first ?? new Uint8Array(0)
    if (this.#more === undefined) return first
    const whole = new Uint8Array(this.#bytes)
    whole.set(first)
    let at = first.length
    for (const block of this.#more) {
      whole.set(block, at)
      at += block.length
    }
    return whole
  }

  clear(): void {
    this.#first = undefined
    this.#more = undefined
    this.#open = undefined
  }

  #keep(block: Uint8Array<ArrayBuffer>): void {
    if (this.#more === undefined) this.#more = [block]
    else this.#more.push(block)
  }

  /** Trims the open block to its used length. Returns the number of bytes freed. */
  #close(): number {
    if (this.#open === undefined) return 0
    const freed = this.#open.length - this.#used
    this.#keep(this.#open.slice(0, this.#used))
    this.#open = undefined
    this.#used = 0
    return freed
  }
}
