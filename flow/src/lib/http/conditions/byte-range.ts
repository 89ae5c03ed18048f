/** The `Range` header (RFC 9110, 14): the one part of an object to serve, or the reason for serving none. */
import { entityTagOf, matchesStrongly, parseTagList } from './entity-tag.ts'

export interface Part {
  readonly start: number
  /** After the last byte. */
  readonly end: number
}

/**
 * The part that `header` asks of `size` bytes. `'whole'`: it is of another unit, or asks for several parts, which
 * are answered with the whole. `'unsatisfiable'` and `'malformed'` are a 416.
 */
export function rangeOf(header: string, size: number): Part | 'whole' | 'unsatisfiable' | 'malformed' {
  if (header.slice(0, 6).toLowerCase() !== 'bytes=') return 'whole'
  const specs = header
    .slice(6)
    .split(',')
    .map((spec) => spec.trim())
    .filter((spec) => spec !== '')
  if (specs.length === 0) return 'malformed'
  const parts: Part[] = []
  for (const spec of specs) {
    const part = partOf(spec, size)
    if (part === 'malformed') return 'malformed'
    if (part !== null) parts.push(part)
  }
  const [first] = parts
  if (first === undefined) return 'unsatisfiable'
  // The last bytes of an empty object are a valid request that `Content-Range` cannot express.
  return parts.length > 1 || size === 0 ? 'whole' : first
}

/** `null` for a part that has no byte of the object. */
function partOf(spec: string, size: number): Part | null | 'malformed' {
  const [, first, last] = /^(\d*)-(\d*)$/.exec(spec) ?? []
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'malformed'
  if (first === '') {
    const length = Number(last)
    return length === 0 ? null : { start: Math.max(0, size - length), end: size }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'malformed'
  if (start >= size) return null
  return { start, end: last === '' ? size : Math.min(size, Number(last) + 1) }
}

/**
 * Whether `If-Range` lets a part be served: it must be the strong tag of the object. A date is never enough, because a
 * store cannot know that an object changed only once within that second (RFC 9110, 13.1.5 and 8.8.2.2).
 */
export function rangeApplies(ifRange: string | undefined, etag: string): boolean {
  if (ifRange === undefined) return true
  const tags = parseTagList(ifRange)
  return tags !== null && tags !== '*' && tags.length === 1 && matchesStrongly(tags, entityTagOf(etag))
}
