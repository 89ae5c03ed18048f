/** How keys become names of files and folders: plain where they can be, encoded where they cannot. */

/** Folder of what the store keeps for itself, in its root. No key is stored inside a folder of this name. */
export const ownFolder = '.flowport'

/** Folders of the store's own, in `.flowport`. */
export type OwnFolder = 'staging' | 'moving' | 'aside' | 'meta' | 'kv' | 'dedupe'

/** The segments of a key that can be its path as it is; `null` where it has to be stored under an encoded name. */
export function plainPath(key: string): readonly string[] | null {
  const segments = key.split('/')
  return segments.every(isPlain) ? segments : null
}

/** Whether a name found in a folder can be part of a key. */
export function isKeySegment(name: string): boolean {
  return name !== ownFolder && !scratch.test(name) && !/[\\\0]/.test(name) && name.isWellFormed()
}

/**
 * The path of an encoded key. Names hold only `a-z 0-9 _ - .` and `%`, so a file system that folds case or composes accents
 * keeps all keys apart; a folder's name ends in `+`, a file's in `=`.
 */
export function encodedPath(key: string): readonly string[] {
  const encoded = key.replace(/[^a-z0-9_.-]+/g, escaped)
  const names: string[] = []
  for (let start = 0; start < encoded.length; start += pieceLength)
    names.push(encoded.slice(start, start + pieceLength))
  return names.map((name, i) => name + (i === names.length - 1 ? '=' : '+'))
}

/** What the names of an encoded path stand for, or `null` when `encodedPath` did not make them. */
export function decodedKey(names: readonly string[]): string | null {
  try {
    const key = decodeURIComponent(names.map((name) => name.slice(0, -1)).join(''))
    return encodedPath(key).join('/') === names.join('/') ? key : null
  } catch {
    // Not UTF-8: another program's file.
    return null
  }
}

/** Longest name in characters of encoded keys, and in bytes of plain ones: file systems allow 255. */
const pieceLength = 200

/** What Chromium calls a file while it is written through `createWritable`. */
const scratch = /\.crswap$/i

function isPlain(segment: string): boolean {
  if (!isKeySegment(segment)) return false
  return segment.length * 3 <= pieceLength || encoder.encode(segment).byteLength <= pieceLength
}

function escaped(text: string): string {
  let out = ''
  for (const byte of encoder.encode(text)) out += `%${byte.toString(16).padStart(2, '0')}`
  return out
}

const encoder = new TextEncoder()
