/** What is below a folder, as pages of entries in the order of their URIs. */
import type { BlobListed, BlobStore } from '../blob/contract.ts'
import { compareUtf8 } from '../byte-order.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import { CapabilityError, isCapabilityError } from '../error.ts'
import type { CallOptions } from '../kv/contract.ts'
import { countRule, numberFault } from '../numbers.ts'
import type { StorageEntry, StorageListOptions, StorageListPage } from './contract.ts'
import type { OpenedStore } from './scheme.ts'
import { below } from './uri.ts'

export interface Folder {
  readonly blob: BlobStore
  /** As it was asked for. */
  readonly uri: string
  /** Key of the folder; `''` for the root. */
  readonly key: string
}

export async function listPage(
  { blob, uri, key }: Folder,
  { recursive = false, limit = defaultLimit, cursor, signal }: StorageListOptions,
): Promise<StorageListPage> {
  const fault = numberFault(limit, countRule())
  if (fault !== null) throw new CapabilityError('InvalidInput', `limit ${fault}`)
  const prefix = prefixOf(key)
  const mark = `${recursive ? 'all' : 'one'} ${folderUri(uri)}\n`
  const page = await blob.list({
    prefix,
    limit: Math.min(limit, blob.info.limits.maxListKeys),
    signal,
    ...(recursive ? {} : { delimiter: '/' }),
    ...(cursor === undefined ? {} : { cursor: innerCursor(cursor, mark) }),
  })
  const found = [
    ...page.objects.map((object) => ({ key: object.key, object })),
    ...page.prefixes.map((each) => ({ key: each, object: null })),
  ].filter((each) => isPath(each.key.slice(prefix.length), each.object === null))
  found.sort((a, b) => compareUtf8(a.key, b.key))
  return {
    entries: found.map(({ key: full, object }) => entryOf(below(uri, full.slice(prefix.length)), object)),
    listComplete: page.listComplete,
    ...(page.cursor === undefined ? {} : { cursor: encodeCursor(mark + page.cursor) }),
  }
}

/** Keys of everything below, page after page; safe to delete as they come. */
export async function* keysBelow(
  { blob, key }: Omit<Folder, 'uri'>,
  { signal }: CallOptions,
): AsyncGenerator<readonly string[], void, void> {
  let cursor: string | undefined
  do {
    const page = await blob.list({
      prefix: prefixOf(key),
      signal,
      ...(cursor === undefined ? {} : { cursor }),
    })
    yield page.objects.map((object) => object.key).filter((each) => isPath(each, false))
    cursor = page.cursor
  } while (cursor !== undefined)
}

/** Whether it is a folder by itself, or anything is below. Stores that cannot list have no folders. */
export async function isFolder(
  { blob, folders }: Pick<OpenedStore, 'blob' | 'folders'>,
  key: string,
  { signal }: CallOptions,
): Promise<boolean> {
  if (folders !== undefined && key !== '') return folders.has(key, { signal })
  try {
    let cursor: string | undefined
    do {
      const page = await blob.list({
        prefix: prefixOf(key),
        limit: 1,
        signal,
        ...(cursor === undefined ? {} : { cursor }),
      })
      // What a listing leaves out makes no folder.
      const prefix = prefixOf(key)
      if (key === '' || page.objects.some((each) => isPath(each.key.slice(prefix.length), false))) return true
      cursor = page.cursor
    } while (cursor !== undefined)
    return false
  } catch (error) {
    if (isCapabilityError(error) && error.kind === 'Unsupported') return false
    throw error
  }
}

export function folderEntry(uri: string): StorageEntry {
  return entryOf(folderUri(uri), null)
}

/** With a slash at its end. */
function folderUri(uri: string): string {
  return below(uri, '')
}

function entryOf(uri: string, object: BlobListed | null): StorageEntry {
  const name = uri.replace(/\/$/, '').replace(/^.*\//s, '')
  return object === null
    ? { uri, name, kind: 'folder', size: null, etag: null, lastModified: null }
    : {
        uri,
        name,
        kind: 'file',
        size: object.size,
        etag: object.etag,
        lastModified: object.lastModified,
      }
}

/** Whether a URI can name it: others write keys that end in a slash, or have empty segments. */
function isPath(path: string, isFolderPath: boolean): boolean {
  const bare = isFolderPath ? path.replace(/\/$/, '') : path
  return !bare.includes('\\') && bare.split('/').every((each) => each !== '' && each !== '.' && each !== '..')
}

function prefixOf(key: string): string {
  return key === '' ? '' : `${key}/`
}

function innerCursor(cursor: string, mark: string): string {
  const text = decodeCursor(cursor)
  if (text.startsWith(mark)) return text.slice(mark.length)
  throw new CapabilityError(
    'InvalidInput',
    'the cursor is of another listing: give it with the URI and options it came from',
  )
}

const defaultLimit = 1000
