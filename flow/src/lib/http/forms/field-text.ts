/** The text of a form field. */
import { HttpProblem } from '../problem.ts'
import { malformedForm } from '../refusals.ts'
import type { PartHead } from './part-head.ts'

/**
 * Decodes a field, whatever its content type. UTF-8, unless the part declares ISO-8859-1. Other charsets are a 415, because
 * runtimes disagree on which they know; invalid UTF-8 is a 400.
 */
export function fieldText(bytes: Uint8Array, { charset, name }: PartHead): string {
  switch (charset) {
    case null:
    case 'utf-8':
    case 'utf8':
    case 'us-ascii':
      return utf8Text(bytes, name)
    case 'iso-8859-1':
      return latin1Text(bytes)
    default:
      throw new HttpProblem({
        status: 415,
        code: 'UNSUPPORTED_CHARSET',
        title: 'A field of the form is in a charset that is not supported',
        detail: `"${name.slice(0, 100)}": send UTF-8`,
      })
  }
}

function utf8Text(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformedForm(`the field "${name.slice(0, 100)}" is not UTF-8`)
  }
}

/** Every byte is the code point of its number. Not a `TextDecoder`: for that label it decodes windows-1252. */
function latin1Text(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
