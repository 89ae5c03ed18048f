/** Reading byte streams with a bound. */
import { CapabilityError } from './error.ts'

/** All bytes of a stream; past `maxBytes` the stream is cancelled and it is `LimitExceeded`. */
export async function collect(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  where: { readonly capability: string; readonly operation: string; readonly key?: string },
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let length = 0
  const reader = stream.getReader()
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      length += read.value.byteLength
      if (length > maxBytes) {
        const error = new CapabilityError('LimitExceeded', `the stream is longer than the limit of ${maxBytes} bytes`, {
          ...where,
          details: { limit: 'value', max: maxBytes },
        })
        await reader.cancel(error).catch(() => undefined)
        throw error
      }
      parts.push(read.value)
    }
  } finally {
    reader.releaseLock()
  }
  const bytes = new Uint8Array(length)
  let offset = 0
  for (const part of parts) {
    bytes.set(part, offset)
    offset += part.byteLength
  }
  return bytes
}
