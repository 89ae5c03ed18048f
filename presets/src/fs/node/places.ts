/**
 * Directories of one store, opened so that what is done in them cannot be led elsewhere. On Linux a directory is opened
 * once, its place is compared with where it should be, and every call names its file through the descriptor, as `openat`
 * does: a link planted later, in the directory's place or above it, is never followed.
 */
import fs from 'node:fs'
import type { Links } from '../info.ts'
import { close, codeOf, open, realpath } from './io.ts'
import { linked } from './translate-error.ts'

/** A directory that was found where it should be. */
export interface Place {
  /** Precedes the name of a file in the directory. */
  readonly base: string
  /** The directory's descriptor; `null` on systems where files are named by path. */
  readonly fd: number | null
}

interface Kept {
  readonly fd: number
  /** Calls that name files through the descriptor right now: it is closed after the last of them. */
  users: number
  isDropped: boolean
}

/** Directories whose descriptors are kept open for the next call. */
const mostKept = 64
const { O_RDONLY, O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants
const directoryFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW

export class Places {
  readonly #kept = new Map<string, Kept>()

  /**
   * Runs `act` in the directory with this absolute path. Fails with `ENOENT` when it is missing, and with
   * `PermissionDenied` when it, or a directory above it, is a link.
   */
  async within<T>(path: string, act: (place: Place) => Promise<T>): Promise<T> {
    if (!hasDescriptorPaths) return act(await openPlace(path))
    const kept = await this.#take(path)
    try {
      return await act({ base: throughDescriptor(kept.fd), fd: kept.fd })
    } finally {
      kept.users -= 1
      if (kept.isDropped && kept.users === 0) fs.closeSync(kept.fd)
    }
  }

  close(): void {
    for (const path of this.#kept.keys()) this.#drop(path)
  }

  /** The directory's descriptor, with its place just compared, counted as used. */
  async #take(path: string): Promise<Kept> {
    const known = this.#kept.get(path)
    if (known !== undefined) {
      if (placeOf(known.fd) === path) {
        known.users += 1
        return known
      }
      // Removed or moved since: whatever is at the path by now is another directory.
      this.#drop(path)
    }
    const kept = { fd: await openDirectory(path), users: 1, isDropped: false }
    // Another call may have opened the directory at the same time.
    this.#drop(path)
    this.#kept.set(path, kept)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break
      this.#drop(oldest)
    }
    return kept
  }

  #drop(path: string): void {
    const kept = this.#kept.get(path)
    if (kept === undefined) return
    this.#kept.delete(path)
    kept.isDropped = true
    if (kept.users === 0) fs.closeSync(kept.fd)
  }
}

/** A directory for one use, found where its absolute path says. `leave` it afterwards. */
export async function openPlace(path: string): Promise<Place> {
  if (hasDescriptorPaths) {
    const fd = await openDirectory(path)
    return { base: throughDescriptor(fd), fd }
  }
  if ((await realpath(path)) !== path) throw linked()
  return { base: path.endsWith('/') ? path : `${path}/`, fd: null }
}

export async function leave({ fd }: Place): Promise<void> {
  if (fd !== null) await close(fd)
}

/** Opens the directory, and fails unless it lies where its path says. Needs `hasDescriptorPaths`. */
async function openDirectory(path: string): Promise<number> {
  let fd: number
  try {
    fd = await open(path, directoryFlags)
  } catch (error) {
    // What Linux says of a link, as of anything else that is no directory.
    if (codeOf(error) === 'ENOTDIR' && isLink(path)) throw linked()
    throw error
  }
  const place = placeOf(fd)
  if (place === path) return fd
  await close(fd)
  if (place === `${path}${deleted}`) throw Object.assign(new Error('removed meanwhile'), { code: 'ENOENT' })
  throw linked()
}

function isLink(path: string): boolean {
  try {
    return fs.lstatSync(path).isSymbolicLink()
  } catch {
    return false
  }
}

/** The same for a directory that is opened once, when a store is. */
export function openDirectoryNow(path: string): number {
  return fs.openSync(path, directoryFlags)
}

/** Whether files can be named through the descriptor of their directory: on Linux, where `/proc` is mounted. */
export const hasDescriptorPaths = process.platform === 'linux' && fs.existsSync('/proc/self/fd')

/** What a store states of links. */
export const links: Links = hasDescriptorPaths ? 'refused' : 'checked'

/** What precedes a name in the directory of the descriptor. */
export function throughDescriptor(fd: number): string {
  return `/proc/self/fd/${fd}/`
}

/** What Linux adds to the place of a file that has been removed or replaced. */
export const deleted = ' (deleted)'

/** Where Linux says the descriptor leads; `null` where it does not say. */
export function placeOf(fd: number): string | null {
  if (!hasDescriptorPaths) return null
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return null
  }
}
