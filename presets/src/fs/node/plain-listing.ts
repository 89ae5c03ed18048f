/** Lists plain files in the UTF-8 order of their paths, folder by folder, from where the page before ended. */
import type { Stats } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import {
  type BlobDriverList,
  type BlobDriverPage,
  type BlobObject,
  compareUtf8,
  decodeCursor,
  encodeCursor,
} from '@flowport/capabilities'
import { leave, type Place } from './places.ts'
import { isMissing, type PlainPlaces } from './plain-places.ts'

/** Begins the names of files that are not whole yet; listings leave them out. */
export const stagedMark = '.flowport-part-'

/** @param prefix Empty, or the path of a folder with a slash at its end: what a storage asks for. */
export async function listPlain(
  places: PlainPlaces,
  { prefix, delimiter, cursor, limit, signal }: BlobDriverList,
  objectOf: (key: string, stats: Stats) => BlobObject,
): Promise<BlobDriverPage> {
  const after = cursor === undefined ? '' : decodeCursor(cursor)
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  const path = places.pathOf(folder.slice(0, -1))
  const objects: BlobObject[] = []
  const prefixes: string[] = []
  if (!(await places.hasFolder(path))) return { objects, prefixes }
  // What ends a page: the last key, or the last of a group, and all that begins with it.
  let last = after
  for await (const { key, stat } of walk(places, path, folder, after, delimiter === '/')) {
    signal?.throwIfAborted()
    if (!key.startsWith(prefix) || (last !== '' && isGroup(last, delimiter) && key.startsWith(last))) continue
    if (objects.length + prefixes.length === limit) return { objects, prefixes, cursor: encodeCursor(last) }
    const at = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
    if (delimiter !== undefined && at >= 0) {
      last = key.slice(0, at + delimiter.length)
      prefixes.push(last)
      continue
    }
    const found = await stat().catch(nullIfMissing)
    if (found?.isFile() !== true) continue
    objects.push(objectOf(key, found))
    last = key
  }
  return { objects, prefixes }
}

function isGroup(last: string, delimiter: string | undefined): boolean {
  return delimiter !== undefined && last.endsWith(delimiter)
}

interface Found {
  readonly key: string
  /** Looks at it, without following links. Only before the next one is asked for: until then its folder is open. */
  readonly stat: () => Promise<Stats>
}

/** What comes after `after`. With `flat`, folders are given instead of what is in them, empty ones too. */
async function* walk(
  places: PlainPlaces,
  path: string,
  folder: string,
  after: string,
  flat: boolean,
): AsyncGenerator<Found, void, void> {
  const place = await places.enter(path).catch(nullIfMissing)
  if (place === null) return
  try {
    for (const name of await namesIn(place)) {
      const key = folder + name
      const isPassed = after !== '' && compareUtf8(key, after) <= 0
      if (flat || !name.endsWith('/')) {
        if (!isPassed) yield { key, stat: () => lstat(place.base + name) }
      } else if (!isPassed || after.startsWith(key)) {
        yield* walk(places, `${path}/${name.slice(0, -1)}`, key, after, false)
      }
    }
  } finally {
    await leave(place)
  }
}

/** Names in a folder, those of folders with a slash at the end. */
async function namesIn({ base }: Place): Promise<readonly string[]> {
  const entries = await readdir(base, { withFileTypes: true })
  const names = entries.flatMap((entry) => {
    // Links are not followed, and what is being written is not there yet.
    if (entry.name.includes('\\') || entry.name.startsWith(stagedMark)) return []
    if (entry.isDirectory()) return [`${entry.name}/`]
    return entry.isFile() ? [entry.name] : []
  })
  return names.sort(compareUtf8)
}

export function nullIfMissing(error: unknown): null {
  if (isMissing(error)) return null
  throw error
}
