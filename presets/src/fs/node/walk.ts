/** Walks the tree in the byte order of the keys, entering only directories that can hold what is asked for. */
import type { Directories, Entry } from './directories.ts'
import { type ByteText, directoryOf } from './key-path.ts'

export interface Place {
  /** The key, as bytes. */
  readonly bytes: ByteText
  readonly path: string
}

export interface Walk {
  readonly prefix: ByteText
  /** Only keys that sort after this one. */
  readonly after?: ByteText | undefined
  /** Only keys that do not begin with this. */
  readonly afterGroup?: ByteText | undefined
}

/** The files under a prefix, in order. The consumer may move `walk.afterGroup` on while it iterates. */
export async function* walk(directories: Directories, walk: Walk): AsyncGenerator<Place, void, void> {
  // The prefix names directories down to its last slash: start there instead of at the root.
  const known = walk.prefix.slice(0, walk.prefix.lastIndexOf('/') + 1)
  yield* below(directories, directoryOf(known), known, walk)
}

async function* below(
  directories: Directories,
  path: string,
  base: ByteText,
  options: Walk,
): AsyncGenerator<Place, void, void> {
  const entries = await directories.read(path)
  for (let i = firstUseful(entries, base, options); i < entries.length; i++) {
    const entry = entries[i]
    if (entry === undefined) return
    const bytes = base + entry.bytes
    if (!fits(bytes, entry.isDirectory, options)) {
      if (bytes > options.prefix && !bytes.startsWith(options.prefix)) return
      continue
    }
    if (entry.isDirectory) yield* below(directories, entry.path, bytes, options)
    else yield { bytes, path: entry.path }
  }
}

/** Whether the key, or some key that begins with these bytes, is asked for. */
function fits(bytes: ByteText, isDirectory: boolean, { prefix, after, afterGroup }: Walk): boolean {
  if (!bytes.startsWith(prefix) && !(isDirectory && prefix.startsWith(bytes))) return false
  if (afterGroup !== undefined && bytes.startsWith(afterGroup)) return false
  if (after === undefined || bytes > after) return true
  return isDirectory && after.startsWith(bytes)
}

/**
 * Skips, by halving, what sorts before the prefix and the last key: a page deep in a large directory costs no scan. The
 * entry just before that point counts when it is a directory those bytes lie in; no sibling can stand between.
 */
function firstUseful(entries: readonly Entry[], base: ByteText, { prefix, after }: Walk): number {
  const from = after !== undefined && after > prefix ? after : prefix
  let low = 0
  let high = entries.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (base + (entries[middle]?.bytes ?? '') >= from) high = middle
    else low = middle + 1
  }
  const before = entries[low - 1]
  return before?.isDirectory && from.startsWith(base + before.bytes) ? low - 1 : low
}
