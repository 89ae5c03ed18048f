/** List cursors that hold the place they stand for, so they survive entries coming and going between pages. */
import { CapabilityError } from '@flowport/capabilities'

const mark = '>'

/** An opaque cursor for `place`, such as the last key of a page. */
export function encodeCursor(place: string): string {
  return Buffer.from(mark + place, 'utf8').toString('base64url')
}

/** The place a cursor stands for; `InvalidInput` when `encodeCursor` did not make it. */
export function decodeCursor(cursor: string): string {
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  if (text.startsWith(mark) && encodeCursor(text.slice(1)) === cursor) return text.slice(1)
  throw new CapabilityError('InvalidInput', 'the cursor is malformed: pass the one of the page before, unchanged')
}
