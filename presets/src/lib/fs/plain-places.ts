/** Where plain files may be: below the roots, on the way through folders that are no links. */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, realpath } from 'node:fs/promises'
import { dirname, relative, sep } from 'node:path'
import { CapabilityError } from '@flowport/capabilities'
import { codeOf } from './io.ts'
import { placeOf } from './places.ts'
import { linked } from './translate-error.ts'

export class PlainPlaces {
  readonly #roots: readonly string[]

  constructor(roots: readonly string[]) {
    this.#roots = roots
  }

  /** The path of a key; `PermissionDenied` outside of the roots. */
  pathOf(key: string): string {
    const path = `/${key}`
    if (this.#rootOf(path) !== undefined) return path
    throw new CapabilityError(
      'PermissionDenied',
      'the path is outside of the folders this storage may use; give the scheme another root',
    )
  }

  /** What is at the path, without following links; `null` where nothing is. */
  async stat(path: string): Promise<Stats | null> {
    try {
      await this.#verifyFolder(dirname(path), path)
      return await lstat(path)
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  /** The file, opened to read; `null` where there is none. */
  async open(path: string): Promise<FileHandle | null> {
    let file: FileHandle
    try {
      await this.#verifyFolder(dirname(path), path)
      file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
    // A link may have been planted since: Linux tells where the descriptor really leads.
    const place = placeOf(file.fd)
    if (place === null || this.#isSame(place, path)) return file
    await file.close()
    throw linked()
  }

  /** Makes the folder with those above it, up to a root. */
  async makeFolder(path: string): Promise<void> {
    const root = this.#rootOf(path) ?? path
    await mkdir(root, { recursive: true })
    let folder = root
    for (const name of relative(root, path).split(sep)) {
      if (name === '') continue
      folder = `${folder === '/' ? '' : folder}/${name}`
      await mkdir(folder).catch((error: unknown) => {
        if (codeOf(error) !== 'EEXIST') throw error
      })
      const found = await lstat(folder)
      if (found.isSymbolicLink()) throw linked()
      if (!found.isDirectory())
        throw new CapabilityError('AlreadyExists', 'a file stands where a folder should be')
    }
    await this.#verifyFolder(path, path)
  }

  /** Whether a folder is one, with no link between it and its root. */
  async hasFolder(path: string): Promise<boolean> {
    const found = await this.stat(path)
    if (found?.isSymbolicLink() === true) throw linked()
    return found?.isDirectory() === true
  }

  /** A root itself may be behind a link: what is below it must be where its path says. */
  async #verifyFolder(folder: string, path: string): Promise<void> {
    const root = this.#rootOf(path)
    if (root === undefined || root === path) return
    const real = await realpath(root)
    const expected = folder === root ? real : `${real === '/' ? '' : real}/${relative(root, folder)}`
    if ((await realpath(folder)) !== expected) throw linked()
  }

  #isSame(place: string, path: string): boolean {
    const root = this.#rootOf(path)
    return place === path || (root !== undefined && place.endsWith(`/${relative(root, path)}`))
  }

  #rootOf(path: string): string | undefined {
    return this.#roots.find((root) => root === '/' || path === root || path.startsWith(`${root}/`))
  }
}

export function isMissing(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}
