/** A digest of bytes that come over time, in constant memory: each block is digested with the digest of those before it. */
import type { Digest } from '../../runtime/run-view.ts'
import { hexDigest } from '../../hex-digest.ts'

const stateBytes = 32
const blockBytes = 256 * 1024

export class RunningDigest {
  readonly #digest: Digest
  /** The digest of what was before, then the bytes of the block. */
  #buffer = new Uint8Array(stateBytes + 4 * 1024)
  #filled = stateBytes

  constructor(digest: Digest) {
    this.#digest = digest
  }

  /** Copies the bytes. Resolves when the next ones can be added. How they are cut makes no difference. */
  async add(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.byteLength; ) {
      const taken = Math.min(bytes.byteLength - from, stateBytes + blockBytes - this.#filled)
      this.#reserve(this.#filled + taken)
      this.#buffer.set(bytes.subarray(from, from + taken), this.#filled)
      this.#filled += taken
      from += taken
      if (this.#filled < stateBytes + blockBytes) continue
      this.#buffer.set(await this.#digest(this.#buffer))
      this.#filled = stateBytes
    }
  }

  addText(text: string): Promise<void> {
    return this.add(new TextEncoder().encode(text))
  }

  /** 64 hexadecimal digits. Nothing can be added after it. */
  end(): Promise<string> {
    return hexDigest(this.#buffer.slice(0, this.#filled), this.#digest)
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.byteLength) return
    const larger = new Uint8Array(
      Math.min(stateBytes + blockBytes, Math.max(bytes, this.#buffer.byteLength * 2)),
    )
    larger.set(this.#buffer.subarray(0, this.#filled))
    this.#buffer = larger
  }
}
