/** Copies of what callers put, in buffers that are used again: fresh memory costs more than the copying. */

/** Below this, the engine's own allocation is cheap. */
const smallestBytes = 64 * 1024
/** Above this, a buffer is not kept: what is not in use should not hold much memory. */
const largestBytes = 4 * 1024 * 1024
const mostBuffers = 4

/** A copy to read until `release`. */
export interface LentBytes {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Nobody reads the copy any more. Call it once. */
  release(): void
}

/** Buffers of one store: at most four are kept, of at most 4 MiB each. */
export class LentBuffers {
  readonly #free: Uint8Array<ArrayBuffer>[] = []

  copy(bytes: Uint8Array): LentBytes {
    const size = bytes.byteLength
    if (size < smallestBytes || size > largestBytes) return { bytes: new Uint8Array(bytes), release: nothing }
    const buffer = this.#take(size)
    const copy = buffer.subarray(0, size)
    copy.set(bytes)
    return { bytes: copy, release: () => this.#keep(buffer) }
  }

  #take(size: number): Uint8Array<ArrayBuffer> {
    const fit = this.#free.findIndex(({ byteLength }) => byteLength >= size)
    if (fit >= 0) return this.#free.splice(fit, 1)[0] as Uint8Array<ArrayBuffer>
    return new Uint8Array(2 ** Math.ceil(Math.log2(size)))
  }

  #keep(buffer: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < mostBuffers) this.#free.push(buffer)
  }
}

const nothing = () => undefined
