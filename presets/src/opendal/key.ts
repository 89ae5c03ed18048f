/** Refuses keys that OpenDAL would rewrite or let out of the root, whoever the caller is. */
import { CapabilityError } from '@flowport/capabilities'
import { toPlace } from './native.ts'
import type { Place } from './place.ts'

/**
 * Keys of the contract that OpenDAL silently changes. It trims white space at both ends of a path (Rust's, which is not
 * quite JavaScript's), and where a service lists in XML, U+0085 and U+2028 come back as line feeds.
 */
export const refusedKeys = /^\p{White_Space}|\p{White_Space}$|[\u0085\u2028]/u

/** The fault of a path, or `null` when OpenDAL takes it unchanged and keeps it within the root. */
export function pathFault(path: string): string | null {
  if (typeof path !== 'string' || path === '') return 'it is empty'
  if (!path.isWellFormed() || path.includes('\0')) return 'it holds NUL or a lone surrogate'
  if (refusedKeys.test(path))
    return 'it starts or ends with space, or holds U+0085 or U+2028, which would be changed'
  // Some services take "\" for "/".
  if (path.includes('\\')) return 'it holds "\\"'
  const segments = path.split('/')
  if (segments.includes('..') || segments.includes('.')) return 'it has a segment "." or ".."'
  return segments.includes('') ? 'it starts or ends with "/", or has "//"' : null
}

/** The path, when `pathFault` finds nothing; `InvalidInput` otherwise. */
export function checkedPath(path: string, where: Place): string {
  const fault = pathFault(path)
  if (fault === null) return path
  throw new CapabilityError('InvalidInput', `the service cannot have this key: ${fault}`, toPlace(where))
}
