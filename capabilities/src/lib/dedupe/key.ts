/** How dedupe keys become text, so that a text and the bytes it is made of stay two keys. */
import { CapabilityError } from '../error.ts'
import { checkKey, checkSize, utf8Length } from '../limits.ts'
import type { DedupeKey } from './contract.ts'

/** `t:` and the text, or `b:` and the bytes in base64url: that many bytes count against `maxKeyBytes`. */
export function encodeKey(
  key: DedupeKey,
  maxKeyBytes: number,
  capability: string,
  operation: string,
): string {
  if (key instanceof Uint8Array) {
    const where = { capability, operation }
    if (key.byteLength === 0) throw new CapabilityError('InvalidInput', 'a key must not be empty', where)
    // Checked before encoding: an absurd key should cost nothing.
    checkSize(2 + Math.ceil((key.byteLength * 4) / 3), maxKeyBytes, 'key', where)
    return `b:${base64url(key)}`
  }
  checkKey(key, Infinity, capability, operation)
  const encoded = `t:${key}`
  if (encoded.length * 3 > maxKeyBytes)
    checkSize(utf8Length(encoded), maxKeyBytes, 'key', { capability, operation, key })
  return encoded
}

/** The key that a text of `encodeKey` stands for. */
export function decodeKey(encoded: string): DedupeKey {
  const rest = encoded.slice(2)
  if (encoded.startsWith('t:')) return rest
  const binary = atob(rest.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(binary, (character) => character.charCodeAt(0))
}

function base64url(bytes: Uint8Array): string {
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}
