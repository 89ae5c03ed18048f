/** A header before the content, for services without metadata: its length, then JSON, then the content. */
import { CapabilityError } from '@flowport/capabilities'
import { toPlace } from './native.ts'
import type { Place } from './place.ts'

/** First bytes of everything in an envelope. */
const mark = Uint8Array.of(0x46, 0x50, 0x4f, 0x31)
const prefixBytes = 8
/** Longest header in bytes: what claims more is not ours. */
const maxHeaderBytes = 1_048_576

/** The header as bytes, to be written before the content. */
export function sealed(header: unknown): Uint8Array<ArrayBuffer> {
  const text = encoder.encode(JSON.stringify(header))
  const bytes = new Uint8Array(prefixBytes + text.byteLength)
  bytes.set(mark)
  new DataView(bytes.buffer).setUint32(mark.byteLength, text.byteLength)
  bytes.set(text, prefixBytes)
  return bytes
}

/** Header and content as one buffer. */
export function enveloped(header: unknown, content: Uint8Array): Uint8Array<ArrayBuffer> {
  const start = sealed(header)
  const bytes = new Uint8Array(start.byteLength + content.byteLength)
  bytes.set(start)
  bytes.set(content, start.byteLength)
  return bytes
}

/** Bytes from the start that hold the whole header, `null` when what is there is no envelope. At least 8 must be given. */
export function headerEnd(start: Uint8Array): number | null {
  if (start.byteLength < prefixBytes || mark.some((byte, i) => start[i] !== byte)) return null
  const length = new DataView(start.buffer, start.byteOffset, start.byteLength).getUint32(mark.byteLength)
  return length > maxHeaderBytes ? null : prefixBytes + length
}

/** The header; `Corrupt` when the bytes do not start with one. `start` must hold all of it. */
export function openedHeader(
  start: Uint8Array,
  where: Place,
): { readonly header: unknown; readonly end: number } {
  const end = headerEnd(start)
  if (end !== null && end <= start.byteLength) {
    try {
      return { header: JSON.parse(decoder.decode(start.subarray(prefixBytes, end))) as unknown, end }
    } catch {
      // Thrown below, without the bytes, which belong to another program.
    }
  }
  throw new CapabilityError(
    'Corrupt',
    'what is stored there was not written by this store; read it with objects: "plain"',
    toPlace(where),
  )
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true })
