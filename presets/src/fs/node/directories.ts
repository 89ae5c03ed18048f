/** Directories as sorted lists of what is ours in them. Large ones are remembered, so that paging does not reread them. */
import fs from 'node:fs'
import { isKind } from '@flowport/capabilities'
import type { Home } from './home.ts'
import { codeOf, readdir } from './io.ts'
import { type ByteText, decodeName } from './key-path.ts'
import type { Place } from './places.ts'

export interface Entry {
  /** What it adds to the key: a segment, with a slash for a directory that ends one. */
  readonly bytes: ByteText
  /** The file's path, or the directory's with a slash at its end. */
  readonly path: string
  readonly isDirectory: boolean
}

interface Remembered {
  readonly changed: bigint
  readonly entries: readonly Entry[]
}

/** Directories smaller than this are cheaper to read than to remember. */
const worthRemembering = 1_000
/** Entries remembered, over all directories. */
const mostRemembered = 1_000_000
/** A change this soon before reading may share its time stamp with one just after: do not trust the stamp. */
const settledAfterNs = 2_000_000_000n

export class Directories {
  readonly #home: Home
  readonly #remembered = new Map<string, Remembered>()

  constructor(home: Home) {
    this.#home = home
  }

  /** Its entries in byte order; empty when it is absent, or is a link. */
  async read(path: string): Promise<readonly Entry[]> {
    try {
      return await this.#home.within(path, (place) => this.#read(path, place))
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return []
      // A link above it: nothing below it is of this store.
      if (isKind(error, 'PermissionDenied')) return []
      throw error
    }
  }

  async #read(path: string, { base, fd }: Place): Promise<readonly Entry[]> {
    const { mtimeNs } =
      fd === null ? fs.lstatSync(base, { bigint: true }) : fs.fstatSync(fd, { bigint: true })
    const known = this.#remembered.get(path)
    if (known?.changed === mtimeNs) return known.entries
    const readAt = BigInt(Date.now()) * 1_000_000n
    const entries = sorted(path, await readdir(base))
    this.#remembered.delete(path)
    if (entries.length >= worthRemembering && readAt - mtimeNs > settledAfterNs) {
      this.#remember(path, { changed: mtimeNs, entries })
    }
    return entries
  }

  #remember(path: string, directory: Remembered): void {
    this.#remembered.set(path, directory)
    let total = 0
    for (const { entries } of this.#remembered.values()) total += entries.length
    for (const [oldest, { entries }] of this.#remembered) {
      if (total <= mostRemembered) return
      this.#remembered.delete(oldest)
      total -= entries.length
    }
  }
}

/** A directory counts with its slash: `a!` sorts before `a/b`, and `a0` after. */
function sorted(path: string, names: readonly string[]): readonly Entry[] {
  const entries: Entry[] = []
  for (const name of names) {
    const decoded = decodeName(name)
    if (decoded === null) continue
    entries.push({ ...decoded, path: decoded.isDirectory ? `${path}${name}/` : path + name })
  }
  return entries.sort((a, b) => (a.bytes < b.bytes ? -1 : a.bytes > b.bytes ? 1 : 0))
}
