/** Fills one page of a listing from a walk, a batch of files at a time. */
import { decodeCursor, encodeCursor, isKind } from '@flowport/capabilities'
import type { Directories } from './directories.ts'
import type { Header } from './header.ts'
import type { Home } from './home.ts'
import { codeOf } from './io.ts'
import { fromByteText, toByteText } from './key-path.ts'
import { readHeader } from './read.ts'
import { walk } from './walk.ts'

export interface PageRequest {
  readonly prefix: string
  readonly delimiter?: string | undefined
  readonly cursor?: string | undefined
  readonly limit: number
  readonly signal?: AbortSignal | undefined
  /** Entries to leave out, such as expired ones. */
  readonly isVisible: (header: Header) => boolean
  /** Told of those. */
  readonly onHidden?: (path: string, header: Header) => void
}

export interface Page {
  readonly files: readonly { readonly key: string; readonly header: Header }[]
  readonly groups: readonly string[]
  readonly cursor?: string
}

/** Headers read at once. */
const batchSize = 32
/** A cursor's place is a key, or a group of keys that was reported as one prefix. */
const keyMark = 'k'
const groupMark = 'g'

export async function readPage(home: Home, directories: Directories, request: PageRequest): Promise<Page> {
  const { limit, signal, isVisible, onHidden } = request
  const files: { key: string; header: Header }[] = []
  const groups: string[] = []
  let last = ''
  for await (const batch of batches(candidates(home, directories, request), limit)) {
    signal?.throwIfAborted()
    const headers = await Promise.all(
      batch.map(({ path, isGroup }) => (isGroup ? Promise.resolve(null) : headerOf(home, path))),
    )
    for (const [i, { name, path, isGroup }] of batch.entries()) {
      const header = headers[i] ?? null
      if (!isGroup && header === null) continue
      if (header !== null && !isVisible(header)) {
        onHidden?.(path, header)
        continue
      }
      // One more is known to follow: only now is it certain that the page is not the last.
      if (files.length + groups.length === limit) return { files, groups, cursor: encodeCursor(last) }
      if (header === null) groups.push(name)
      else files.push({ key: name, header })
      last = (isGroup ? groupMark : keyMark) + name
    }
  }
  return { files, groups }
}

/** A file, or a group of files that is known to hold a visible one. */
interface Candidate {
  readonly name: string
  readonly path: string
  readonly isGroup: boolean
}

async function* candidates(
  home: Home,
  directories: Directories,
  { prefix, delimiter, cursor, isVisible }: PageRequest,
): AsyncGenerator<Candidate, void, void> {
  const place = cursor === undefined ? undefined : decodeCursor(cursor)
  const mark = place === undefined ? undefined : toByteText(place.slice(1))
  const options = {
    prefix: toByteText(prefix),
    after: mark,
    afterGroup: place?.startsWith(groupMark) ? mark : undefined,
  }
  for await (const { bytes, path } of walk(directories, options)) {
    const key = fromByteText(bytes)
    if (key === null) continue
    const cut = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
    if (delimiter === undefined || cut === -1) {
      yield { name: key, path, isGroup: false }
      continue
    }
    const header = await headerOf(home, path)
    if (header === null || !isVisible(header)) continue
    const group = key.slice(0, cut + delimiter.length)
    // The group's other files are of no use any more, nor their directories.
    options.afterGroup = toByteText(group)
    yield { name: group, path, isGroup: true }
  }
}

async function* batches(
  source: AsyncIterable<Candidate>,
  limit: number,
): AsyncGenerator<readonly Candidate[], void, void> {
  const size = Math.min(batchSize, limit + 1)
  let batch: Candidate[] = []
  for await (const candidate of source) {
    batch.push(candidate)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** `null` also for what vanished meanwhile, and for links and foreign files, which are no objects. */
async function headerOf(home: Home, path: string): Promise<Header | null> {
  try {
    return await readHeader(home, path)
  } catch (error) {
    if (codeOf(error) === 'ELOOP' || isKind(error, 'Corrupt')) return null
    throw error
  }
}
