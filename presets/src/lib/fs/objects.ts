/**
 * The objects of one directory, by encoded path: written whole or not at all, replaced, created or removed atomically
 * among all processes. The blob and the key-value driver both stand on it.
 */
import fs from 'node:fs'
import { CapabilityError } from '@flowport/capabilities'
import type { Header, NewHeader } from './header.ts'
import type { Home } from './home.ts'
import { close, codeOf, fsync, link, open, rename, rmdir, unless, unlink } from './io.ts'
import { Locks, tagOf } from './locks.ts'
import { readHeader } from './read.ts'
import { discard, type Staged } from './stage.ts'

/** When a staged object may be published. */
export type Condition =
  | { readonly type: 'always' }
  /** Only where no object is, or one that counts as none. */
  | { readonly type: 'create'; readonly countsAsNone: (current: Header) => boolean }
  /** Only in place of this version. */
  | {
      readonly type: 'replace'
      readonly version: string
      readonly countsAsNone: (current: Header) => boolean
    }

/** Directories may vanish under a writer, when a deleter finds them empty, this often before it gives up. */
const mostAttempts = 100

export class Objects {
  readonly home: Home
  readonly #locks: Locks

  constructor(home: Home) {
    this.home = home
    this.#locks = new Locks(home)
  }

  /** Stages by `write` and publishes at `path`. Fails early, before `write`, when the condition already does not hold. */
  async put(
    path: string,
    write: (tag: string | undefined) => Promise<Staged>,
    condition: Condition,
    signal: AbortSignal | undefined,
  ): Promise<NewHeader> {
    if (condition.type !== 'always') this.#check(condition, await readHeader(this.home, path))
    const tag = condition.type === 'always' ? tagOf(path) : undefined
    let staged = await write(tag)
    try {
      signal?.throwIfAborted()
      if (condition.type !== 'always') {
        await this.#publishIf(condition, staged.path, path)
      } else {
        // See `locks.ts`: announced first, then a look for a lock.
        if (!staged.isAnnounced) staged = await this.#rename(staged, this.home.newStaged(tag))
        const isHeld = this.#locks.isHeld(path)
        if (isHeld) staged = await this.#rename(staged, this.home.newStaged())
        await this.#publish(staged.path, path, isHeld)
      }
    } catch (error) {
      await discard(staged.path)
      throw error
    }
    if (this.home.syncs) await this.#sync(directoryOf(path))
    return staged.header
  }

  /** Removes the object, when it is there and `when` holds for it, and the directories this leaves empty. */
  async remove(path: string, when?: (current: Header) => boolean): Promise<void> {
    const directory = directoryOf(path)
    if (!(await this.home.verify(directory))) return
    const isRemoved = await this.#locks.hold(path, async () => {
      if (when !== undefined) {
        await this.#locks.settle(path)
        const current = await readHeader(this.home, path)
        if (current === null || !when(current)) return false
      }
      return unless(unlink(this.home.at(path)), 'ENOENT')
    })
    if (!isRemoved) return
    if (this.home.syncs) await this.#sync(directory)
    await this.#removeEmpty(directory)
  }

  /** Waits for what goes on in the background, and lets go of the directory. */
  close(): Promise<void> {
    return this.home.close()
  }

  async #publish(staged: string, path: string, isHeld: boolean): Promise<void> {
    const publish = () => this.#place(staged, path, (target) => rename(staged, target))
    return isHeld ? this.#locks.hold(path, publish) : publish()
  }

  async #rename(staged: Staged, to: string): Promise<Staged> {
    try {
      await rename(staged.path, to)
      return { ...staged, path: to }
    } catch (error) {
      throw codeOf(error) === 'ENOENT' ? lost(error) : error
    }
  }

  async #publishIf(
    condition: Exclude<Condition, { type: 'always' }>,
    staged: string,
    path: string,
  ): Promise<void> {
    if (condition.type === 'create') {
      // `link` creates or fails, atomically, and needs no lock.
      const isNew = await this.#place(staged, path, (target) => unless(link(staged, target), 'EEXIST'))
      if (isNew) return discard(staged)
    }
    await this.#locks.hold(path, async () => {
      await this.#locks.settle(path)
      this.#check(condition, await readHeader(this.home, path))
      await this.#place(staged, path, (target) => rename(staged, target))
    })
  }

  #check(condition: Exclude<Condition, { type: 'always' }>, found: Header | null): void {
    const current = found === null || condition.countsAsNone(found) ? null : found
    if (condition.type === 'create') {
      if (current === null) return
      throw new CapabilityError('AlreadyExists', 'something is stored under the key; it was left as it is')
    }
    if (current?.version === condition.version) return
    throw new CapabilityError('ConditionNotMatch', 'another version is stored under the key; read it again')
  }

  /** Moves the staged file to its place, making the directories it lacks. */
  async #place<T>(staged: string, path: string, move: (target: string) => Promise<T>): Promise<T> {
    const directory = directoryOf(path)
    for (let attempt = 1; ; attempt++) {
      try {
        if (await this.home.verify(directory)) return await move(this.home.at(path))
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error
        if (attempt >= mostAttempts || !fs.existsSync(staged)) throw lost(error)
      }
      await this.#make(directory)
    }
  }

  async #make(directory: string): Promise<void> {
    let made: readonly string[] = []
    try {
      made = await this.home.make(directory)
    } catch (error) {
      // A deleter removed a directory between two steps: the next attempt makes it again.
      if (codeOf(error) !== 'ENOENT') throw error
    }
    if (!this.home.syncs) return
    for (const each of made) await this.#sync(directoryOf(each.slice(0, -1)))
  }

  /** Puts the names in a directory on the disk; without it a power failure may undo a rename that was confirmed. */
  async #sync(directory: string): Promise<void> {
    // Windows cannot open directories; NTFS logs renames.
    if (process.platform === 'win32') return
    try {
      const fd = await open(this.home.at(directory), 0)
      try {
        await fsync(fd)
      } finally {
        await close(fd)
      }
    } catch (error) {
      // Emptied and removed by another process meanwhile: nothing is left to put on the disk.
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }

  async #removeEmpty(directory: string): Promise<void> {
    for (let left = directory; left !== ''; left = directoryOf(left.slice(0, -1))) {
      const gone = await unless(rmdir(this.home.at(left)), 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY', 'EPERM')
      if (!gone) return
    }
  }
}

/** The directory part of a path, with its slash; `''` for the objects directory itself. */
function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

function lost(cause: unknown): CapabilityError {
  return new CapabilityError(
    'Unavailable',
    'another process took over while this one stood still; try again',
    {
      code: 'FS_FENCED',
      cause,
    },
  )
}
