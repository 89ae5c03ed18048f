/** User metadata as services take it: text beyond ASCII in encoded words of RFC 2047, names as Azure allows them. */

/** Names and values as the service takes them. */
export function toServiceMetadata(
  metadata: Readonly<Record<string, string>>,
  scheme: string,
): Record<string, string> {
  const name = scheme === 'azblob' ? toIdentifier : same
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [name(key), encodeWords(value)]))
}

/** Names and values as they were given, names in lower case. */
export function fromServiceMetadata(
  metadata: Readonly<Record<string, string>> | null,
  scheme: string,
): Record<string, string> {
  const name = scheme === 'azblob' ? fromIdentifier : same
  return Object.fromEntries(
    Object.entries(metadata ?? {}).map(([key, value]) => [name(key.toLowerCase()), decodeWords(value)]),
  )
}

/** Azure takes identifiers of C#, which have no `-` and start with no digit. */
function toIdentifier(name: string): string {
  const mapped = name.replaceAll('-', '_')
  return /^(?:\d|n_)/.test(mapped) ? `n_${mapped}` : mapped
}

function fromIdentifier(name: string): string {
  return (name.startsWith('n_') ? name.slice(2) : name).replaceAll('_', '-')
}

const same = (name: string) => name

/** Plain ASCII stays as it is, unless it could be taken for an encoded word. */
function encodeWords(value: string): string {
  if (/^[\x20-\x7e]*$/.test(value) && !value.includes('=?')) return value
  const words: string[] = []
  let word = ''
  for (const character of value) {
    // 45 bytes are 60 characters of base64, the most a word may have. Whole characters only.
    if (Buffer.byteLength(word + character) > 45) {
      words.push(word)
      word = ''
    }
    word += character
  }
  return [...words, word].map((each) => `=?UTF-8?B?${Buffer.from(each).toString('base64')}?=`).join(' ')
}

/** Words next to each other are one text: some servers cut between the bytes of a character. */
function decodeWords(value: string): string {
  if (!value.includes('=?')) return value
  return value
    .replaceAll(/(=\?[\w.:+-]+\?[bq]\?[^?\s]*\?=)\s+(?==\?[\w.:+-]+\?[bq]\?)/gi, '$1')
    .replaceAll(/(?:=\?utf-8\?[bq]\?[^?\s]*\?=)+/gi, (run) =>
      Buffer.concat(Array.from(run.matchAll(/=\?[^?]+\?([bq])\?([^?]*)\?=/gi), bytesOfWord)).toString(),
    )
}

function bytesOfWord([, encoding, text = '']: RegExpMatchArray): Buffer {
  if (encoding?.toLowerCase() === 'b') return Buffer.from(text, 'base64')
  const bytes = Array.from(text.matchAll(/=([0-9A-Fa-f]{2})|[\s\S]/g), ([token, hex]) =>
    hex === undefined ? (token === '_' ? 0x20 : token.charCodeAt(0)) : Number.parseInt(hex, 16),
  )
  return Buffer.from(bytes)
}
