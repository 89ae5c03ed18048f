/** Where plain files may be: below the roots, on the way through folders that are no links. */
import { constants, type Stats } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readdir, realpath, rmdir } from 'node:fs/promises'
import { basename, dirname, relative, sep } from 'node:path'
import { CapabilityError, isKind } from '@flowport/capabilities'
import { codeOf } from './io.ts'
import { leave, openPlace, type Place } from './places.ts'
import { linked } from './translate-error.ts'

export class PlainPlaces {
  readonly #roots: readonly string[]
  /** Where each root really is: a root itself may be behind a link, what is below it must be where its path says. */
  readonly #real = new Map<string, string>()

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

  /** The folder, opened so that links planted from now on lead nowhere else (see `places.ts`). `leave` it afterwards. */
  async enter(folder: string): Promise<Place> {
    const root = this.#rootOf(folder) ?? folder
    const known = this.#real.get(root) ?? (await this.#look(root))
    try {
      return await openPlace(below(known, root, folder))
    } catch (error) {
      if (!isMissing(error) && !isKind(error, 'PermissionDenied')) throw error
      // The root may have been moved, or its link be changed, since it was looked up.
      const real = await this.#look(root)
      if (real === known) throw error
      return openPlace(below(real, root, folder))
    }
  }

  /** Runs `act` in the folder. Fails with `ENOENT` where it is missing, and with `PermissionDenied` behind a link. */
  async within<T>(folder: string, act: (place: Place) => Promise<T>): Promise<T> {
    const place = await this.enter(folder)
    try {
      return await act(place)
    } finally {
      await leave(place)
    }
  }

  /** What is at the path, without following links; `null` where nothing is. */
  async stat(path: string): Promise<Stats | null> {
    try {
      if (this.#isRoot(path)) return await this.within(path, ({ base }) => lstat(`${base}.`))
      return await this.within(dirname(path), ({ base }) => lstat(base + basename(path)))
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  /** The file, opened to read; `null` where there is none. */
  async open(path: string): Promise<FileHandle | null> {
    try {
      return await this.within(dirname(path), ({ base }) => open(base + basename(path), readFlags))
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
  }

  /** Makes the folder with those above it, up to a root. */
  async makeFolder(path: string): Promise<void> {
    const root = this.#rootOf(path) ?? path
    try {
      return await this.within(path, async () => undefined)
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    await mkdir(root, { recursive: true })
    let folder = root
    for (const name of relative(root, path).split(sep)) {
      if (name === '') continue
      await this.within(folder, ({ base }) => makeOne(base + name))
      folder = `${folder === '/' ? '' : folder}/${name}`
    }
    await this.within(path, async () => undefined)
  }

  /** Whether a folder is one, with no link between it and its root. */
  async hasFolder(path: string): Promise<boolean> {
    const found = await this.stat(path)
    if (found?.isSymbolicLink() === true) throw linked()
    return found?.isDirectory() === true
  }

  /** Removes the folder, and the folders in it, as far as they hold nothing else, such as a link. */
  async removeEmpty(path: string): Promise<void> {
    const entries = await this.within(path, ({ base }) => readdir(base, { withFileTypes: true }))
    for (const entry of entries) if (entry.isDirectory()) await this.removeEmpty(`${path}/${entry.name}`)
    const removing = this.#isRoot(path)
      ? rmdir(path)
      : this.within(dirname(path), ({ base }) => rmdir(base + basename(path)))
    await removing.catch((error: unknown) => {
      const code = codeOf(error)
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error
    })
  }

  async #look(root: string): Promise<string> {
    const real = await realpath(root)
    this.#real.set(root, real)
    return real
  }

  #isRoot(path: string): boolean {
    return this.#roots.includes(path)
  }

  #rootOf(path: string): string | undefined {
    return this.#roots.find((root) => root === '/' || path === root || path.startsWith(`${root}/`))
  }
}

// Without O_NONBLOCK a named pipe would block the thread for ever.
const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

export function isMissing(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

/** Where a folder below `root` is when the root is at `real`. */
function below(real: string, root: string, folder: string): string {
  return folder === root ? real : `${real === '/' ? '' : real}/${relative(root, folder)}`
}

async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    const found = await lstat(path)
    if (found.isSymbolicLink()) throw linked()
    if (!found.isDirectory())
      throw new CapabilityError('AlreadyExists', 'a file stands where a folder should be')
  }
}
