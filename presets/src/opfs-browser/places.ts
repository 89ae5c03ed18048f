/** Where the file of a key is: at its plain path, or aside, where that path is taken or the browser has no such name. */
import { fileAt, folderAt, makeFolderAt } from './folders.ts'
import { type Home, passed, type Staged } from './home.ts'
import { dropMove } from './moves.ts'
import { encodedPath, isKeySegment, type OwnFolder, ownFolder, plainPath } from './names.ts'
import { isNamed, orNull } from './translate-error.ts'

/** What is at a key. */
export interface Place {
  readonly file: File | null
  /** The folder of the plain path, where the file is in it or could be put there at once. */
  readonly folder: FileSystemDirectoryHandle | null
}

export class Places {
  readonly #home: Home

  constructor(home: Home) {
    this.#home = home
  }

  /** The file of the key, or `null`. The plain path comes first: what is aside was written while it was taken. */
  async find(key: string): Promise<File | null> {
    return (await this.locate(key)).file
  }

  async locate(key: string): Promise<Place> {
    const segments = key.split('/')
    const plain = segments.every(isKeySegment) ? await this.#plain(segments) : nowhere
    if (plain.file !== null) return plain
    const aside = await this.#home.own('aside')
    return aside === null ? plain : { file: await fileAt(aside, encodedPath(key)), folder: plain.folder }
  }

  /** Puts the staged file in the key's place. Only while alone, with what was found there. */
  async put(key: string, staged: Staged, { folder: known }: Place): Promise<void> {
    const segments = plainPath(key)
    const folder = segments && (known ?? (await this.#roomFor(segments)))
    if (segments === null || folder === null) {
      const path = encodedPath(key)
      const there = await makeFolderAt(await this.#home.makeOwn('aside'), path.slice(0, -1))
      return this.#home.place(staged, there, path.at(-1) ?? '')
    }
    await this.#home.place(staged, folder, segments.at(-1) ?? '')
    await this.#removeAside(key)
  }

  /** Removes the file, wherever it is, and the folders it leaves empty. Only while alone. */
  async remove(key: string): Promise<void> {
    // First what is aside: were it last, a crash in between would bring it back to light.
    await this.#removeAside(key)
    const segments = key.split('/')
    if (segments.every(isKeySegment)) await removeFile(this.#home, null, segments)
  }

  async #removeAside(key: string): Promise<void> {
    await removeFile(this.#home, 'aside', encodedPath(key))
  }

  async #plain(segments: readonly string[]): Promise<Place> {
    const folder = await folderAt(this.#home.root, segments.slice(0, -1))
    if (folder === null) return nowhere
    try {
      const handle = await folder.getFileHandle(segments.at(-1) ?? '')
      return { file: await orNull(handle.getFile()), folder }
    } catch (error) {
      if (isNamed(error, 'NotFoundError')) return { file: null, folder }
      if (isNamed(error, 'TypeMismatchError', 'TypeError')) return nowhere
      throw error
    }
  }

  /** The folder of the plain path, made where needed, or `null` where a file or folder of another key is in the way. */
  async #roomFor(segments: readonly string[]): Promise<FileSystemDirectoryHandle | null> {
    try {
      await makeFolderAt(this.#home.root, segments.slice(0, -1))
      return (await this.#plain(segments)).folder
    } catch (error) {
      if (isNamed(error, 'TypeMismatchError', 'TypeError')) return null
      throw error
    }
  }
}

const nowhere: Place = { file: null, folder: null }

/** Removes a file of one of the store's own folders, or of its root, and the folders that it leaves empty. */
export async function removeFile(home: Home, own: OwnFolder | null, path: readonly string[]): Promise<void> {
  const from = own === null ? home.root : await home.own(own)
  if (from === null) return
  await dropMove(home, own === null ? path : [ownFolder, own, ...path])
  const folders = [from]
  for (const name of path.slice(0, -1)) {
    const folder = await orNull((folders.at(-1) ?? from).getDirectoryHandle(name))
    if (folder === null) return
    folders.push(folder)
  }
  const last = folders.at(-1) ?? from
  const name = path.at(-1) ?? ''
  const handle = await orNull(last.getFileHandle(name))
  const file = handle && (await orNull(handle.getFile()))
  if (file === null) return
  // The next file under this key shall have a later time, for its etag.
  await passed(file.lastModified)
  await last.removeEntry(name)
  for (let depth = folders.length - 1; depth > 0; depth--)
    if (!(await isRemoved(folders[depth - 1] ?? from, path[depth - 1] ?? ''))) return
}

/** Removes a folder if it is empty. */
async function isRemoved(parent: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await parent.removeEntry(name)
    return true
  } catch (error) {
    if (isNamed(error, 'InvalidModificationError', 'NotFoundError', 'NoModificationAllowedError'))
      return false
    throw error
  }
}
