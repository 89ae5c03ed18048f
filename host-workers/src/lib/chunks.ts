/** A request's body, chunk by chunk. */
import { truncated } from '@flowport/flow/http'

/** The chunks of a body. A connection that breaks is a truncated body. Leaving the loop leaves the rest unread. */
export async function* chunksOf(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const reader = body.getReader()
  try {
    for (;;) {
      const result = await reader.read().catch(() => {
        throw truncated()
      })
      if (result.done) return
      yield result.value as Uint8Array<ArrayBuffer>
    }
  } finally {
    reader.releaseLock()
  }
}
