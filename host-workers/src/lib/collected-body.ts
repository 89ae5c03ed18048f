/** Collects a body in memory, within its own limit and the isolate's limit. */
import { tooLarge, truncated } from '@flowport/flow/http'
import type { BodyReader } from './body-reader.ts'
import type { HeldBytes } from './held-bytes.ts'

export interface CollectOptions {
  /** The announced `Content-Length`; `null` for a body of unknown length. */
  readonly length: number | null
  readonly maxBytes: number
  readonly held: HeldBytes
}

/** Resolves to the complete body. When it rejects, it holds no bytes, and the rest of the body can be discarded. */
export async function collectBody(
  reader: BodyReader,
  { length, maxBytes, held }: CollectOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  // One buffer that doubles, because a list of chunks would cost extra memory for each one-byte chunk that a client sends.
  let kept = new Uint8Array(0)
  let bytes = 0
  try {
    for (;;) {
      const chunk = await reader.read()
      if (chunk === undefined) break
      const needed = bytes + chunk.byteLength
      if (needed > maxBytes) throw tooLarge(maxBytes)
      if (needed > kept.length) {
        const larger = Math.max(needed, Math.min(length ?? maxBytes, maxBytes, kept.length * 2))
        held.take(larger - kept.length)
        const grown = new Uint8Array(larger)
        grown.set(kept.subarray(0, bytes))
        kept = grown
      }
      kept.set(chunk, bytes)
      bytes = needed
    }
    if (length !== null && bytes < length) throw truncated()
    return kept.subarray(0, bytes)
  } finally {
    held.give(kept.length)
  }
}
