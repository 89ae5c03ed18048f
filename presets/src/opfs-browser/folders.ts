/** Folders and files by the names that lead to them. */
import { orNull } from './translate-error.ts'

/** The folder of a store in the OPFS of this origin, made where it is not there. */
export async function rootFolder(path: readonly string[]): Promise<FileSystemDirectoryHandle> {
  return makeFolderAt(await navigator.storage.getDirectory(), path)
}

/** The folder the names lead to, or `null` where it is not there. */
export async function folderAt(
  from: FileSystemDirectoryHandle | null,
  path: readonly string[],
): Promise<FileSystemDirectoryHandle | null> {
  let folder = from
  for (const name of path) folder = folder && (await orNull(folder.getDirectoryHandle(name)))
  return folder
}

/** The same, made where it is not there. */
export async function makeFolderAt(
  from: FileSystemDirectoryHandle,
  path: readonly string[],
): Promise<FileSystemDirectoryHandle> {
  let folder = from
  for (const name of path) folder = await folder.getDirectoryHandle(name, { create: true })
  return folder
}

/** The file the names lead to as it is now, or `null`. */
export async function fileAt(
  from: FileSystemDirectoryHandle | null,
  path: readonly string[],
): Promise<File | null> {
  const folder = await folderAt(from, path.slice(0, -1))
  const handle = folder && (await orNull(folder.getFileHandle(path.at(-1) ?? '')))
  return handle && orNull(handle.getFile())
}
