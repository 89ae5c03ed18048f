/** Converts keys to paths of a service: unchanged, or escaped so that every key of the contract has a separate path. */
import { CapabilityError, utf8Length } from '@flowport/capabilities'
import { checkedPath, pathFault } from './key.ts'
import { toPlace } from './native.ts'
import type { Place } from './place.ts'

export interface Names {
  /** The path of a key; `InvalidInput` when there is none. */
  toPath(key: string, where: Place): string
  /** The key of a path, or `null` for a path that this store did not write. */
  toKey(path: string): string | null
  /** The folder that holds every key with the prefix, `''` for the root; else it ends with `/`. */
  folderOf(prefix: string): string
}

/** Keys are paths. `hidden` folders, such as `'staging/'`, are none of the store: not listed, and their keys refused. */
export function plainNames(hidden: readonly string[]): Names {
  const isHidden = (path: string) => hidden.some((folder) => path.startsWith(folder) || `${path}/` === folder)
  return {
    toPath(key, where) {
      const path = checkedPath(key, where)
      if (!isHidden(path)) return path
      throw new CapabilityError(
        'InvalidInput',
        'keys of this folder are kept for the store itself',
        toPlace(where),
      )
    },
    toKey: (path) => (pathFault(path) !== null || isHidden(path) ? null : path),
    folderOf: (prefix) => prefix.slice(0, prefix.lastIndexOf('/') + 1),
  }
}

/** The same names within a folder, such as `'kv/'`. */
export function namesWithin(folder: string, names: Names): Names {
  return {
    toPath: (key, where) => folder + names.toPath(key, where),
    toKey: (path) => (path.startsWith(folder) ? names.toKey(path.slice(folder.length)) : null),
    folderOf: (prefix) => folder + names.folderOf(prefix),
  }
}

/** Longest part of a path on common file systems is 255 bytes. */
const partBytes = 200
/** Longest path of a key, so that a root of some length still fits in front of it. */
const pathBytes = 3_500

/**
 * Every key has a path: what a file system, a URL or OpenDAL would change is written as `%XX`. Folders end with `+`, so that
 * `a` and `a/b` are kept apart; segments longer than 200 bytes go on in folders that end with `=`. With `separator` null,
 * a key is one segment, whatever it holds.
 */
export function escapedNames(separator: '/' | null): Names {
  const pathOf = (key: string) =>
    (separator === null ? [key] : key.split(separator)).map(escapedSegment).join('+/')
  return {
    toPath(key, where) {
      if (key === '' || !key.isWellFormed() || (separator !== null && key.split('/').includes(''))) {
        const reason = 'a key is well-formed text, not empty, and without empty segments'
        throw new CapabilityError('InvalidInput', reason, toPlace(where))
      }
      const path = pathOf(key)
      if (utf8Length(path) <= pathBytes) return path
      throw new CapabilityError('LimitExceeded', 'the key is too long for a path', toPlace(where))
    },
    toKey(path) {
      const parts = path.split('/')
      const last = parts.pop() ?? ''
      let key = ''
      for (const part of parts) {
        const text = unescaped(part.slice(0, -1))
        if (text === null || !(part.endsWith('+') || part.endsWith('='))) return null
        if (part.endsWith('+') && separator === null) return null
        key += part.endsWith('+') ? `${text}/` : text
      }
      const text = /[+=]$/.test(last) ? null : unescaped(last)
      if (text === null || text === '') return null
      // What decodes but would be written otherwise is somebody else's.
      return pathOf(key + text) === path ? key + text : null
    },
    folderOf(prefix) {
      if (separator === null) return ''
      const whole = prefix.slice(0, prefix.lastIndexOf('/') + 1)
      if (whole === '') return ''
      return whole
        .split('/')
        .slice(0, -1)
        .map((segment) => `${escapedSegment(segment)}+/`)
        .join('')
    },
  }
}

/** One segment, in parts that fit, joined by `=/`. */
function escapedSegment(segment: string): string {
  const escaped = [...segment].map((character, i, all) =>
    escapedCharacter(character, i === 0, i === all.length - 1),
  )
  const parts: string[] = []
  let part = ''
  let bytes = 0
  for (const piece of escaped) {
    const length = utf8Length(piece)
    if (bytes + length > partBytes) {
      parts.push(part)
      part = ''
      bytes = 0
    }
    // A part must not end in a mark, nor start or end with space: where parts are cut is not known to the escaping above.
    part += piece
    bytes += length
  }
  return [...parts, part].join('=/')
}

/** Characters that some service, URL or file system would change, and the marks of this encoding. */
const special = /[%+=/\\\p{Cc}\p{White_Space}\ufeff:*?"<>|]/u

function escapedCharacter(character: string, first: boolean, last: boolean): string {
  // A space within a name is harmless, and common.
  if (character === ' ' && !first && !last) return character
  if (character === '.' && (first || last)) return percent(character)
  return special.test(character) ? percent(character) : character
}

function percent(character: string): string {
  return Array.from(
    encoder.encode(character),
    (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('')
}

/** The text of an escaped part, `null` when this encoding would not write it so. */
function unescaped(part: string): string | null {
  if (part === '' || /%(?![0-9A-F]{2})/.test(part)) return null
  try {
    return decodeURIComponent(part)
  } catch {
    // Not UTF-8: not written by us.
    return null
  }
}

const encoder = new TextEncoder()
