/** Listings of the R2 twin, which end early as the deployed service's may. */
import { compareUtf8, decodeCursor, encodeCursor } from '@flowport/capabilities'
import type { R2ListLike, R2ListOptionsLike } from '../../cloudflare-r2/binding.ts'
import { r2Info } from '../../cloudflare-r2/info.ts'
import { r2Error, type StoredObject, told } from './cloudflare-r2-objects.ts'

/**
 * One page. `most` is told how many entries were asked for and says how many the service gives; with metadata included it
 * gives no more than `metadataBytes` hold.
 */
export function listPage(
  objects: readonly StoredObject[],
  { prefix = '', cursor, delimiter, startAfter, limit = 1000, include = [] }: R2ListOptionsLike,
  most: (limit: number) => number,
  metadataBytes: number,
): R2ListLike {
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= r2Info.limits.maxListKeys)) {
    throw r2Error('list', 'MaxKeys params must be positive integer <= 1000.', 10022)
  }
  const place = placeOf(cursor, startAfter)
  const entries = objects
    .filter(({ object: { key } }) => key.startsWith(prefix) && (place === undefined || isAfter(key, place)))
    .toSorted((a, b) => compareUtf8(a.object.key, b.object.key))
  const page = { objects: [] as R2ListLike['objects'], delimitedPrefixes: [] as string[] }
  const bound = most(limit)
  let bytes = 0
  let last = ''
  for (const entry of entries) {
    const { key } = entry.object
    if (last.startsWith(groupMark) && key.startsWith(last.slice(1))) continue
    const size =
      include.length === 0
        ? 0
        : JSON.stringify([entry.object.customMetadata, entry.object.httpMetadata]).length
    const count = page.objects.length + page.delimitedPrefixes.length
    if (count === bound || (count > 0 && bytes + size > metadataBytes)) {
      return { ...page, truncated: true, cursor: encodeCursor(last) }
    }
    const cut = delimiter === undefined || delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length)
    if (cut === -1) {
      page.objects.push(included(entry, include))
      bytes += size
      last = `${keyMark}${key}`
    } else {
      const group = key.slice(0, cut + (delimiter?.length ?? 0))
      page.delimitedPrefixes.push(group)
      last = `${groupMark}${group}`
    }
  }
  return { ...page, truncated: false }
}

function placeOf(cursor: string | undefined, startAfter: string | undefined): string | undefined {
  if (cursor === undefined) return startAfter === undefined ? undefined : `${keyMark}${startAfter}`
  try {
    return decodeCursor(cursor)
  } catch {
    throw r2Error('list', 'The continuation token provided is incorrect.')
  }
}

function included(entry: StoredObject, include: readonly string[]): R2ListLike['objects'][number] {
  const { httpMetadata, customMetadata, ...object } = told(entry)
  return {
    ...object,
    ...(include.includes('httpMetadata') && httpMetadata ? { httpMetadata } : {}),
    ...(include.includes('customMetadata') && customMetadata ? { customMetadata } : {}),
  }
}

/** A place is a key, or a group of keys that was reported as one prefix. */
const keyMark = 'k'
const groupMark = 'g'

function isAfter(key: string, place: string): boolean {
  const mark = place.slice(1)
  return compareUtf8(key, mark) > 0 && !(place.startsWith(groupMark) && key.startsWith(mark))
}
