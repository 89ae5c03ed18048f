/** List cursors that encode their position, so they stay valid when keys are added or removed between pages. */
import { CapabilityError } from './error.ts'

/** Returns an opaque cursor for `place`, such as the last key of a page. */
export function encodeCursor(place: string): string {
  let binary = ''
  for (const byte of encoder.encode(mark + place)) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** Returns the place of a cursor. Throws `InvalidInput` for a cursor that `encodeCursor` did not create. */
export function decodeCursor(cursor: string): string {
  try {
    if (/^[A-Za-z0-9_-]+$/.test(cursor)) {
      const binary = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'))
      const text = decoder.decode(Uint8Array.from(binary, (unit) => unit.charCodeAt(0)))
      if (text.startsWith(mark) && encodeCursor(text.slice(mark.length)) === cursor)
        return text.slice(mark.length)
    }
  } catch {
    // Not base64, or not UTF-8: throws the same error as for a cursor without the mark.
  }
  throw new CapabilityError(
    'InvalidInput',
    'the cursor is malformed: pass the one of the page before, unchanged',
  )
}

const mark = '>'
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
