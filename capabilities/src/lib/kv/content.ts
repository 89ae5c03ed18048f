/** The forms of a value: what `put` takes becomes text or bytes, what is stored becomes what `get` was asked for. */
import { toJsonText } from '../json-text.ts'
import { CapabilityError } from '../error.ts'
import { checkSize, utf8Length } from '../limits.ts'
import type { KvFormat, KvValue } from './contract.ts'

/** Where a call happens, for its errors. */
export interface Place {
  readonly capability: string
  readonly operation: string
  readonly key: string
}

/** The text or bytes to store, a copy; `LimitExceeded` when they are more than `maxBytes`. */
export function contentOf(
  value: Exclude<KvValue, ReadableStream>,
  maxBytes: number,
  where: () => Place,
): string | Uint8Array<ArrayBuffer> {
  if (typeof value === 'string') {
    if (value.length * 3 > maxBytes) checkSize(utf8Length(value), maxBytes, 'value', where())
    // A lone surrogate has no UTF-8 form: every store keeps U+FFFD for it, as encoding would.
    return value.toWellFormed()
  }
  if (value instanceof Uint8Array) {
    checkSize(value.byteLength, maxBytes, 'value', where())
    return new Uint8Array(value)
  }
  if (typeof value !== 'object' || value === null || !('json' in value)) {
    throw new CapabilityError(
      'InvalidInput',
      'a value is text, a Uint8Array, a ReadableStream or { json }',
      where(),
    )
  }
  const text = toJsonText(value.json, 'value', where())
  checkSize(utf8Length(text), maxBytes, 'value', where())
  return text
}

/** The stored value in the form asked for; `Corrupt` when it should be JSON and is not. */
export function convert(
  value: string | Uint8Array<ArrayBuffer>,
  format: KvFormat,
  where: () => Place,
): unknown {
  if (format === 'text') return typeof value === 'string' ? value : decoder.decode(value)
  if (format === 'bytes') return typeof value === 'string' ? encoder.encode(value) : value
  if (format === 'stream') return new Blob([value]).stream()
  const text = typeof value === 'string' ? value : decoder.decode(value)
  try {
    return JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text) as unknown
  } catch (cause) {
    throw new CapabilityError('Corrupt', 'the stored value is not JSON; read it as text or bytes', {
      ...where(),
      cause,
    })
  }
}

const encoder = new TextEncoder()
// A byte order mark belongs to the text: a store that keeps text as text has it too.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
