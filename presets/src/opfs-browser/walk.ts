/** Walks folders in the byte order of keys, entering only those that can hold what is asked for. */
import { compareUtf8 } from '@flowport/capabilities'
import { folderAt } from './folders.ts'
import type { Home } from './home.ts'
import { isKeySegment } from './names.ts'

export interface Walk {
  readonly prefix: string
  /** Groups keys. A folder whose keys are all of one group is not read for them. */
  readonly delimiter: string | undefined
  /** Only keys that sort after this one. */
  readonly after: string | undefined
  /** Only keys that do not begin with this. The reader may move it on. */
  afterGroup: string | undefined
}

/** A file, or the group a whole folder belongs to. */
export interface Found {
  readonly key: string
  readonly handle: FileSystemFileHandle | null
}

export async function* walk(home: Home, options: Walk): AsyncGenerator<Found, void, void> {
  // The prefix names folders down to its last slash: start there.
  const path = options.prefix.split('/').slice(0, -1)
  const folder = path.every(isKeySegment) ? await folderAt(home.root, path) : null
  if (folder !== null) yield* below(folder, path.map((name) => `${name}/`).join(''), options)
}

async function* below(
  folder: FileSystemDirectoryHandle,
  base: string,
  options: Walk,
): AsyncGenerator<Found, void, void> {
  const { prefix, delimiter } = options
  for (const { key, handle } of await entriesOf(folder, base, options)) {
    if (!fits(key, options)) continue
    if (handle.kind === 'file') {
      yield { key, handle }
      continue
    }
    const cut =
      delimiter === undefined || !key.startsWith(prefix) ? -1 : key.indexOf(delimiter, prefix.length)
    if (delimiter === undefined || cut === -1) yield* below(handle, key, options)
    else if (await holdsFile(handle)) yield { key: key.slice(0, cut + delimiter.length), handle: null }
  }
}

interface Entry {
  /** Of a folder: with a slash at its end. */
  readonly key: string
  readonly handle: FileSystemDirectoryHandle | FileSystemFileHandle
}

/** What is of use in a folder, in order. */
async function entriesOf(
  folder: FileSystemDirectoryHandle,
  base: string,
  options: Walk,
): Promise<readonly Entry[]> {
  const found: Entry[] = []
  for await (const [name, handle] of folder.entries()) {
    if (!isKeySegment(name)) continue
    const key = base + name + (handle.kind === 'directory' ? '/' : '')
    if (fits(key, options)) found.push({ key, handle })
  }
  return found.sort((a, b) => compareUtf8(a.key, b.key))
}

/** Whether the key, or some key in the folder, is asked for. */
function fits(key: string, { prefix, after, afterGroup }: Walk): boolean {
  const isFolder = key.endsWith('/')
  if (!key.startsWith(prefix) && !(isFolder && prefix.startsWith(key))) return false
  if (afterGroup !== undefined && key.startsWith(afterGroup)) return false
  return after === undefined || compareUtf8(key, after) > 0 || (isFolder && after.startsWith(key))
}

async function holdsFile(folder: FileSystemDirectoryHandle): Promise<boolean> {
  for await (const [name, handle] of folder.entries()) {
    if (isKeySegment(name) && (handle.kind === 'file' || (await holdsFile(handle)))) return true
  }
  return false
}
