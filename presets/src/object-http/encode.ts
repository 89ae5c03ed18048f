/** Percent-encoding as signatures need it: every byte but the unreserved ones of RFC 3986. */
import { CapabilityError } from '@flowport/capabilities'

/** One component of a path or query. */
export function encodeComponent(text: string): string {
  // Most have none of the marks that the platform leaves as they are.
  if (/^[\w.~-]*$/.test(text)) return text
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

/** A key as a path: its slashes stay. */
export function encodeKey(key: string): string {
  return /^[\w.~/-]*$/.test(key) ? key : encodeComponent(key).replaceAll('%2F', '/')
}

/** The path of an object in its bucket. `InvalidInput` for a segment `.` or `..`: a URL would lead elsewhere. */
export function keyPath(key: string): string {
  if (key.includes('.') && /(?:^|[/\\])\.\.?(?:[/\\]|$)/.test(key)) {
    throw new CapabilityError(
      'InvalidInput',
      'a key has no segment "." or ".."; it would name another object',
      {
        key,
      },
    )
  }
  return `/${encodeKey(key)}`
}

/** A query string without its question mark. */
export function encodeQuery(query: Readonly<Record<string, string>>): string {
  return Object.entries(query)
    .map(([name, value]) => `${encodeComponent(name)}=${encodeComponent(value)}`)
    .join('&')
}

export function toHex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += digits.charAt(byte >>> 4) + digits.charAt(byte & 15)
  return text
}

const digits = '0123456789abcdef'

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}

/** `null` when it is no base64. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text), (unit) => unit.charCodeAt(0))
  } catch {
    return null
  }
}
