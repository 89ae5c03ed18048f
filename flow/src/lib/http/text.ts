/** Text from outside: UTF-8 or nothing. What a lenient decoder would replace by U+FFFD is refused instead. */
import { readParameters } from './forms/parameters.ts'
import { HttpProblem } from './problem.ts'
import { invalidUtf8 } from './refusals.ts'

const lenient = new TextDecoder('utf-8', { ignoreBOM: true })
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The bytes as text, a byte order mark included. @throws HttpProblem 400 for bytes that are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  const text = lenient.decode(bytes)
  // Engines are several times slower at strict decoding: only a text with U+FFFD may have had bytes that are not UTF-8.
  if (!text.includes('\uFFFD')) return text
  try {
    return strict.decode(bytes)
  } catch {
    throw invalidUtf8()
  }
}

/**
 * Refuses text that its sender declares to be of another encoding than UTF-8, of which ASCII is a part.
 * @throws HttpProblem 415.
 */
export function checkCharset(contentType: string | undefined | null): void {
  if (contentType === undefined || contentType === null || contentType === 'application/json') return
  if (!/charset/i.test(contentType)) return
  const declared = readParameters(contentType)
  const charset = declared === null ? '' : declared.parameters.get('charset')?.toLowerCase()
  if (charset === undefined || /^(?:utf-?8|us-ascii|ascii)$/.test(charset)) return
  throw new HttpProblem({
    status: 415,
    code: 'UNSUPPORTED_CHARSET',
    title: 'The body is of an encoding this route does not take',
    detail: 'Send text as UTF-8',
  })
}
