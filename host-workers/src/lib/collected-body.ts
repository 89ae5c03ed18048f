/** Collects a body within its own bound and that of the isolate. */
import { tooLarge, truncated } from '@flowport/flow/http'
import type { HeldBytes } from './held-bytes.ts'

export interface CollectOptions {
  /** What the request announced; `null` for a body of unknown length. */
  readonly length: number | null
  readonly maxBytes: number
  readonly held: HeldBytes
  /** Rejects when the body is not whole in time. */
  readonly late: Promise<never>
}

/** The whole body. When it rejects, nothing of the body is kept, and `chunks` can be read on. */
export async function collectBody(
  chunks: AsyncIterator<Uint8Array, void>,
  { length, maxBytes, held, late }: CollectOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  // One buffer that doubles: a list of chunks would cost memory for each one-byte chunk that a client sends.
  let kept = new Uint8Array(0)
  let bytes = 0
  try {
    for (;;) {
      const { done, value } = await Promise.race([chunks.next(), late])
      if (done === true) break
      const needed = bytes + value.byteLength
      if (needed > maxBytes) throw tooLarge(maxBytes)
      if (needed > kept.length) {
        const larger = Math.min(maxBytes, Math.max(needed, kept.length * 2))
        held.take(larger - kept.length)
        const grown = new Uint8Array(larger)
        grown.set(kept.subarray(0, bytes))
        kept = grown
      }
      kept.set(value, bytes)
      bytes = needed
    }
    if (length !== null && bytes < length) throw truncated()
    return kept.subarray(0, bytes)
  } finally {
    held.give(kept.length)
  }
}
