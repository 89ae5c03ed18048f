/** User metadata as headers: text that is no plain ASCII travels in encoded words of RFC 2047, as S3 and R2 do it. */
import { fromBase64, toBase64 } from './encode.ts'
import type { S3Headers } from './transport.ts'

const prefix = 'x-amz-meta-'

/** The headers for these entries. */
export function metadataHeaders(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([name, value]) => [`${prefix}${name}`, encodeWords(value)]),
  )
}

/** The entries of an answer. */
export function metadataOfHeaders(headers: S3Headers): Record<string, string> {
  const found: [string, string][] = []
  for (const [name, value] of headers) {
    if (name.startsWith(prefix)) found.push([name.slice(prefix.length), decodeWords(value)])
  }
  return Object.fromEntries(found)
}

/** Plain ASCII stays as it is, unless it could be taken for an encoded word. */
export function encodeWords(value: string): string {
  if (/^[\x20-\x7e]*$/.test(value) && !value.includes('=?')) return value
  const words: string[] = []
  let word: number[] = []
  // Whole characters only: a word is decoded by itself.
  for (const character of value) {
    const bytes = encoder.encode(character)
    if (word.length + bytes.length > wordBytes) {
      words.push(encodedWord(word))
      word = []
    }
    word.push(...bytes)
  }
  words.push(encodedWord(word))
  return words.join(' ')
}

/** Text with its encoded words decoded; the space between two of them is not part of it. */
export function decodeWords(value: string): string {
  if (!value.includes('=?')) return value
  return value
    .replaceAll(/(=\?[\w.:+-]+\?[bq]\?[^?\s]*\?=)\s+(?==\?[\w.:+-]+\?[bq]\?)/gi, '$1')
    .replaceAll(/(?:=\?utf-8\?[bq]\?[^?\s]*\?=)+/gi, (run) => decodeRun(run) ?? run)
}

/** Words next to each other are decoded as one: some servers cut between the bytes of a character. */
function decodeRun(run: string): string | null {
  const bytes: number[] = []
  for (const [, encoding = '', text = ''] of run.matchAll(/=\?[^?]+\?([bq])\?([^?]*)\?=/gi)) {
    const decoded = encoding.toLowerCase() === 'b' ? fromBase64(text) : fromQuoted(text)
    if (decoded === null) return null
    bytes.push(...decoded)
  }
  return decoder.decode(Uint8Array.from(bytes))
}

function encodedWord(bytes: readonly number[]): string {
  return `=?UTF-8?B?${toBase64(Uint8Array.from(bytes))}?=`
}

function fromQuoted(text: string): Uint8Array<ArrayBuffer> {
  const bytes: number[] = []
  for (const [token] of text.matchAll(/=[0-9A-Fa-f]{2}|[\s\S]/g)) {
    if (token.length === 3) bytes.push(Number.parseInt(token.slice(1), 16))
    else bytes.push(token === '_' ? 0x20 : token.charCodeAt(0))
  }
  return Uint8Array.from(bytes)
}

/** A word has at most 75 characters: 12 of frame, 60 of base64. */
const wordBytes = 45
const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
