/** Reads a file as a whole, up to a limit, as text, JSON or bytes. */
import { CapabilityError } from '@flowport/capabilities'
import type { JsonValue, UriStorageReader } from '@flowport/capabilities/storage'

export type ReadAs = 'text' | 'json' | 'bytes'

export interface ReadLimit {
  /** Most bytes to hold in memory; a longer file is `LimitExceeded`. */
  readonly maxBytes: number
}

/** The content in the form asked for. Bytes that are not that are `Corrupt`. */
export async function readContent(
  storage: UriStorageReader,
  uri: string,
  as: ReadAs,
  limit: ReadLimit,
): Promise<string | JsonValue | Uint8Array<ArrayBuffer>> {
  const bytes = await readUpTo(storage, uri, limit)
  if (as === 'bytes') return bytes
  const text = decode(bytes, uri)
  return as === 'text' ? text : parse(text, uri)
}

/** Stops asking for more as soon as the limit is passed, so a file that is too long costs no more than the limit. */
async function readUpTo(
  storage: UriStorageReader,
  uri: string,
  { maxBytes }: ReadLimit,
): Promise<Uint8Array<ArrayBuffer>> {
  const reader = (await storage.stream(uri)).getReader()
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    size += next.value.byteLength
    if (size > maxBytes) {
      const error = failure(
        'LimitExceeded',
        `the file has more than ${maxBytes} bytes: raise maxBytes, or copy it instead of reading it`,
        uri,
      )
      await reader.cancel(error)
      throw error
    }
    chunks.push(next.value)
  }
  const [only] = chunks
  if (chunks.length === 1 && only !== undefined) return only
  const bytes = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

function decode(bytes: Uint8Array, uri: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw failure('Corrupt', 'the file is not UTF-8: read it as bytes', uri, cause)
  }
}

function parse(text: string, uri: string): JsonValue {
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as JsonValue
  } catch {
    // The parser's own error quotes the file.
    throw failure('Corrupt', 'the file is not JSON: read it as text', uri)
  }
}

function failure(
  kind: 'LimitExceeded' | 'Corrupt',
  reason: string,
  uri: string,
  cause?: unknown,
): CapabilityError {
  return new CapabilityError(kind, reason, {
    capability: 'storage',
    operation: 'read',
    // What follows "?" may be a signature.
    key: uri.split('?', 1)[0],
    cause,
  })
}
