/** The stored content: a kibibyte, and streams that repeat one block. */

export const smallBytes = 1024
export const small = new Uint8Array(smallBytes).map((_, i) => i % 251)

export const blockBytes = 262_144
export const block = new Uint8Array(blockBytes).map((_, i) => i % 251)

/** Returns a web stream of this many bytes, produced on demand. */
export function contentStream(bytes: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = bytes
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        // Reuses the same memory, because filling new memory would cost more than sending it.
        const chunk = left < blockBytes ? block.subarray(0, left) : block
        left -= chunk.byteLength
        controller.enqueue(chunk)
        if (left === 0) controller.close()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Reads to the end and resolves to the number of bytes. */
export async function count(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const chunk of chunks) bytes += chunk.byteLength
  return bytes
}
