/** One page of a listing of objects: what is at its plain path and what is aside, merged in order. */
import type { BlobDriverList, BlobDriverPage, BlobListed } from '@flowport/capabilities'
import { compareUtf8, decodeCursor, encodeCursor } from '@flowport/capabilities'
import { sortedKeys } from './encoded-keys.ts'
import type { Home } from './home.ts'
import { orNull } from './translate-error.ts'
import { type Found, type Walk, walk } from './walk.ts'

/** Files asked for their size at once. */
const batchSize = 32
/** A cursor's place is a key, or a group of keys that was reported as one prefix. */
const keyMark = 'k'
const groupMark = 'g'

export async function readPage(home: Home, list: BlobDriverList): Promise<BlobDriverPage> {
  const { limit, signal } = list
  const objects: BlobListed[] = []
  const prefixes: string[] = []
  let last = ''
  for await (const batch of batches(merged(home, list), Math.min(batchSize, limit + 1))) {
    signal?.throwIfAborted()
    const files = await Promise.all(batch.map(({ handle }) => fileOf(handle)))
    for (const [i, { key, handle }] of batch.entries()) {
      const file = files[i] ?? null
      // Gone since the folder was read.
      if (handle !== null && file === null) continue
      // One more is known to follow: only now is it certain that the page is not the last.
      if (objects.length + prefixes.length === limit) return { objects, prefixes, cursor: encodeCursor(last) }
      if (file === null) prefixes.push(key)
      else objects.push(listedOf(key, file))
      last = (file === null ? groupMark : keyMark) + key
    }
  }
  return { objects, prefixes }
}

async function fileOf(handle: FileSystemFileHandle | null): Promise<File | null> {
  return handle && orNull(handle.getFile())
}

export function listedOf(key: string, file: File): BlobListed {
  return { key, size: file.size, etag: etagOf(file), lastModified: new Date(file.lastModified) }
}

/** No two files of one key have the same size and time, so these tell them apart, whoever wrote them. */
export function etagOf({ size, lastModified }: File): string {
  return `${lastModified.toString(36)}-${size.toString(36)}`
}

async function* merged(
  home: Home,
  { prefix, delimiter, cursor }: BlobDriverList,
): AsyncGenerator<Found, void, void> {
  const place = cursor === undefined ? undefined : decodeCursor(cursor)
  const mark = place?.slice(1)
  const afterGroup = place?.startsWith(groupMark) ? mark : undefined
  const options: Walk = { prefix, delimiter, after: mark, afterGroup }
  const isAfter = (key: string) =>
    mark === undefined ||
    (compareUtf8(key, mark) > 0 && (afterGroup === undefined || !key.startsWith(afterGroup)))
  const aside = (await sortedKeys(await home.own('aside'), prefix, isAfter))[Symbol.iterator]()
  const plain = walk(home, options)
  const grouped = (found: Found): Found => {
    const cut = delimiter === undefined ? -1 : found.key.indexOf(delimiter, prefix.length)
    return delimiter === undefined || cut === -1
      ? found
      : { key: found.key.slice(0, cut + delimiter.length), handle: null }
  }
  let one = await plain.next()
  let other = aside.next()
  let told: string | undefined
  while (one.done !== true || other.done !== true) {
    const order =
      one.done === true ? 1 : other.done === true ? -1 : compareUtf8(one.value.key, other.value.key)
    const found = grouped((order <= 0 ? one.value : other.value) as Found)
    // A key that has both files is the plain one.
    if (order >= 0) other = aside.next()
    if (found.handle === null) {
      if (told !== found.key) yield found
      told = found.key
      options.afterGroup = found.key
    } else yield found
    if (order <= 0) one = await plain.next()
  }
}

async function* batches<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<readonly T[], void, void> {
  let batch: T[] = []
  for await (const one of source) {
    batch.push(one)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
