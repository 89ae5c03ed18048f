/**
 * Keys as relative file paths that every file system keeps apart, and back. Only `a-z 0-9 _ - .` stand for themselves;
 * any other byte is `%` and two lower-case hex digits, so case folding, Unicode normalisation and reserved names cannot
 * make two keys one. Keys are handled as `ByteText`: one character per UTF-8 byte, so `<` compares bytes.
 */

/** A text of one character (U+0000 to U+00FF) per UTF-8 byte. */
export type ByteText = string

/** Ends the name of a directory that stands for a segment and its slash: `a/b` is the file `a+/b`. */
export const slashMark = '+'
/** Ends the name of a directory that holds what follows the first `chunkBytes` bytes of a long segment. */
export const longMark = ','
/** The name of a file whose segment is empty. */
const emptyName = '%'
/** A full chunk is at most 3 × 80 + 1 characters, below the 255 bytes file systems allow a name. */
const chunkBytes = 80

/** The key's bytes as text. */
export function toByteText(key: string): ByteText {
  return isAscii(key) ? key : Buffer.from(key, 'utf8').toString('latin1')
}

/** The key whose bytes they are, or `null` when they are no UTF-8. */
export function fromByteText(bytes: ByteText): string | null {
  if (isAscii(bytes)) return bytes
  const key = Buffer.from(bytes, 'latin1').toString('utf8')
  return key.includes('\uFFFD') && toByteText(key) !== bytes ? null : key
}

/** The file of a key, relative to the objects directory, with `/` between names. */
export function fileOfKey(key: string): string {
  if (plainKey.test(key)) return key
  const bytes = toByteText(key)
  const slash = bytes.lastIndexOf('/')
  const { directories, rest } = longParts(bytes.slice(slash + 1))
  return directoryOf(bytes.slice(0, slash + 1)) + directories + encodeName(rest)
}

/** The directory of a prefix that is empty or ends with a slash, with a slash at its end; `''` for the empty one. */
export function directoryOf(prefix: ByteText): string {
  let path = ''
  for (let start = 0; start < prefix.length; ) {
    const slash = prefix.indexOf('/', start)
    const { directories, rest } = longParts(prefix.slice(start, slash))
    path += `${directories}${rest === '' ? '' : encodeName(rest)}${slashMark}/`
    start = slash + 1
  }
  return path
}

/** A name found in a directory: the bytes it adds to the key, and whether it is a directory. `null`: not one of ours. */
export function decodeName(name: string): { readonly bytes: ByteText; readonly isDirectory: boolean } | null {
  const mark = name.at(-1)
  if (mark !== slashMark && mark !== longMark) {
    const bytes = name === emptyName ? '' : decodeBytes(name)
    return bytes === null || bytes.length >= chunkBytes ? null : { bytes, isDirectory: false }
  }
  const bytes = decodeBytes(name.slice(0, -1))
  if (bytes === null || (mark === longMark ? bytes.length !== chunkBytes : bytes.length >= chunkBytes))
    return null
  return { bytes: mark === slashMark ? `${bytes}/` : bytes, isDirectory: true }
}

/** One short segment in lower case that needs no thought. */
const plainKey =
  /^(?!(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$))[a-z0-9_-](?:[a-z0-9._-]{0,77}[a-z0-9_-])?$/
const reserved = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/
const plainName = /^[a-z0-9._-]*$/

function longParts(segment: ByteText): { readonly directories: string; readonly rest: ByteText } {
  let directories = ''
  let start = 0
  for (; segment.length - start >= chunkBytes; start += chunkBytes) {
    directories += `${encodeName(segment.slice(start, start + chunkBytes))}${longMark}/`
  }
  return { directories, rest: segment.slice(start) }
}

function encodeName(bytes: ByteText): string {
  if (bytes === '') return emptyName
  let name = plainName.test(bytes) ? bytes : bytes.replace(/[^a-z0-9._-]/g, escape)
  // A leading dot would hide it (and `..` climb), Windows drops a trailing one and reserves device names.
  if (name.startsWith('.') || reserved.test(name)) name = escape(name) + name.slice(1)
  return name.endsWith('.') ? `${name.slice(0, -1)}${escape('.')}` : name
}

function escape(byte: string): string {
  return `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`
}

function decodeBytes(name: string): ByteText | null {
  const bytes = name.includes('%')
    ? name.replace(/%([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : name
  // A name another program put here may read as a key that has its own file elsewhere; only our own spelling counts.
  return (bytes === '' ? name === '' : encodeName(bytes) === name) ? bytes : null
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false
  return true
}
