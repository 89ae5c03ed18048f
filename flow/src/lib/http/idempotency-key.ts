/** The `Idempotency-Key` header: a Structured-Field string, leniently also a bare token (IETF draft). */
import { parseItem } from 'structured-headers'
import { HttpProblem } from './problem.ts'

const maxLength = 255

/** The key, or `undefined` when there is none. A malformed or missing required one is a 400. */
export function readIdempotencyKey(
  header: string | undefined,
  mode: 'optional' | 'required',
): string | undefined {
  if (header === undefined || header.trim() === '') {
    if (mode === 'optional' && header === undefined) return undefined
    throw bad(
      'IDEMPOTENCY_KEY_MISSING',
      'This request needs an Idempotency-Key header with a key that is not empty',
    )
  }
  const key = parse(header.trim())
  if (key === null || key === '' || key.length > maxLength) {
    const detail = `Send a string such as "8e03978e-40d5-43dd-bc93-6894a57f9324" of 1 to ${maxLength} printable ASCII characters`
    throw bad('IDEMPOTENCY_KEY_INVALID', detail)
  }
  return key
}

function parse(header: string): string | null {
  if (!header.startsWith('"')) return /^[\x21-\x7e]+$/.test(header) && !/[",;]/.test(header) ? header : null
  try {
    const [value] = parseItem(header)
    return typeof value === 'string' ? value : null
  } catch {
    // Not a Structured Field: the caller answers 400 and says what one looks like.
    return null
  }
}

function bad(code: string, detail: string): HttpProblem {
  return new HttpProblem({ status: 400, code, title: 'The Idempotency-Key header is not valid', detail })
}
