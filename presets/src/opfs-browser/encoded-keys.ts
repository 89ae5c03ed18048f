/** The keys of files that have encoded names: entries, and objects that are aside. */
import { compareUtf8 } from '@flowport/capabilities'
import { decodedKey } from './names.ts'

/** Files below the folder by their keys, in no order. */
export async function* encodedKeys(
  folder: FileSystemDirectoryHandle,
  above: readonly string[] = [],
): AsyncGenerator<{ readonly key: string; readonly handle: FileSystemFileHandle }, void, void> {
  for await (const [name, handle] of folder.entries()) {
    const path = [...above, name]
    if (handle.kind === 'directory') {
      if (name.endsWith('+')) yield* encodedKeys(handle, path)
      continue
    }
    const key = name.endsWith('=') ? decodedKey(path) : null
    if (key !== null) yield { key, handle }
  }
}

/** Those that begin with the prefix and sort after the place, in UTF-8 byte order. */
export async function sortedKeys(
  folder: FileSystemDirectoryHandle | null,
  prefix: string,
  isAfter: (key: string) => boolean,
): Promise<{ readonly key: string; readonly handle: FileSystemFileHandle }[]> {
  const found: { readonly key: string; readonly handle: FileSystemFileHandle }[] = []
  if (folder === null) return found
  for await (const one of encodedKeys(folder))
    if (one.key.startsWith(prefix) && isAfter(one.key)) found.push(one)
  return found.sort((a, b) => compareUtf8(a.key, b.key))
}
