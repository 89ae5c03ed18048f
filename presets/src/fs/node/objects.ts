/**
 * The objects of one directory, by encoded path: written whole or not at all, replaced, created or removed atomically
 * among all processes. The blob and the key-value driver both stand on it.
 */
import fs from 'node:fs'
import { CapabilityError } from '@flowport/capabilities'
import { DeleteClaims, deletedName } from './delete-claims.ts'
import type { Header, NewHeader } from './header.ts'
import type { Home } from './home.ts'
import { removeClaim } from './claim.ts'
import { close, codeOf, fsync, link, open, rename, rmdir, unless } from './io.ts'
import { type Draft, Locks, tagOf } from './locks.ts'
import { corrupt, readHeader } from './read.ts'
import { discard, type Staged } from './stage.ts'
import { afterPublishing, beforePublishing, fenced } from './translate-error.ts'

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

/** How the new content of an object is staged. */
export interface Write {
  /** Whether it takes no longer than writing bytes that are at hand. */
  readonly isQuick: boolean
  /** Writes the file, usually at the path; what fails leaves nothing there. */
  readonly to: (path: string) => Promise<Staged>
}

/** Directories may vanish under a writer, when a deleter finds them empty, this often before it gives up. */
const mostAttempts = 100

export class Objects {
  readonly home: Home
  readonly #locks: Locks
  readonly #claims: DeleteClaims

  constructor(home: Home) {
    this.home = home
    this.#locks = new Locks(home)
    this.#claims = new DeleteClaims(home)
  }

  /** Stages by `write` and publishes at `path`. Fails early, before `write`, when the condition already does not hold. */
  async put(
    path: string,
    write: Write,
    condition: Condition,
    signal: AbortSignal | undefined,
  ): Promise<NewHeader> {
    if (condition.type !== 'always')
      this.#check(condition, await beforePublishing(() => readHeader(this.home, path)))
    const header = await this.#put(path, write, condition, signal)
    if (this.home.syncs) await afterPublishing(() => this.#sync(directoryOf(path)))
    return header
  }

  /** Removes the object, when it is there and `when` holds for it, and the directories this leaves empty. */
  async remove(path: string, when?: (current: Header) => boolean): Promise<void> {
    const directory = directoryOf(path)
    if (!(await this.#isThere(path))) return
    const isRemoved = when === undefined ? await this.#removeAny(path) : await this.#removeIf(path, when)
    if (!isRemoved) return
    await afterPublishing(async () => {
      if (this.home.syncs) await this.#sync(directory)
      await this.#removeEmpty(directory)
    })
  }

  /** Waits for what goes on in the background, and lets go of the directory. */
  close(): Promise<void> {
    return this.home.close(() => this.#claims.close())
  }

  /** Announced, like a plain put; only where the object is locked does it wait for the lock. */
  async #removeAny(path: string): Promise<boolean> {
    const claim = await this.#claims.take(tagOf(path))
    try {
      if (!this.#locks.isHeld(path)) return await this.#moveInto(claim, path)
    } finally {
      // Without the claim nobody waits for this delete any more.
      this.#claims.finish(claim)
    }
    return this.#locks.hold(path, null, (held) => this.#moveInto(held, path))
  }

  #removeIf(path: string, when: (current: Header) => boolean): Promise<boolean> {
    return this.#locks.hold(path, null, async (claim) => {
      await this.#locks.settle(path)
      const current = await readHeader(this.home, path)
      return current !== null && when(current) && (await this.#moveInto(claim, path))
    })
  }

  /** Deletes by moving the object into the claim, which fails once the claim has been removed. */
  async #moveInto(claim: string, path: string): Promise<boolean> {
    try {
      await this.home.within(directoryOf(path), ({ base }) =>
        rename(base + nameOf(path), `${claim}/${deletedName}`),
      )
      return true
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
      if (!fs.existsSync(claim)) throw fenced(error)
      return false
    }
  }

  /** `false` where nothing is. A directory of another program is not removed in an object's stead. */
  async #isThere(path: string): Promise<boolean> {
    try {
      const found = await this.home.within(directoryOf(path), async ({ base }) =>
        fs.lstatSync(base + nameOf(path), { throwIfNoEntry: false }),
      )
      if (found?.isDirectory()) throw corrupt('a directory stands where an object should be')
      return found !== undefined
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false
      throw error
    }
  }

  async #publish(claim: string, path: string): Promise<void> {
    await this.#place(claim, path, (target) => rename(claim, target))
  }

  async #put(path: string, write: Write, condition: Condition, signal: AbortSignal | undefined) {
    const isReplacing = condition.type === 'replace'
    // A replacement is locked in any case, so it is staged where it will be the claim. A put of bytes is announced from the
    // start; a stream may take long, and is announced when it has ended.
    const draft = isReplacing ? await this.#locks.draft() : null
    const isAnnounced = condition.type === 'always' && write.isQuick
    const at = draft?.claim ?? this.home.newStaged(isAnnounced ? tagOf(path) : '')
    try {
      const staged = await beforePublishing(async () => {
        const written = await write.to(at)
        signal?.throwIfAborted()
        return written
      })
      if (condition.type === 'always') await this.#putAny(path, staged.path, isAnnounced)
      else if (draft !== null || !(await this.#create(staged.path, path)))
        await this.#putIf(path, draft ?? staged.path, condition)
      return staged.header
    } catch (error) {
      await removeClaim(draft?.directory ?? at)
      throw error
    }
  }

  /** See `locks.ts`: announced first, then a look for a lock. */
  async #putAny(path: string, staged: string, isAnnounced: boolean): Promise<void> {
    const claim = isAnnounced ? staged : await this.#announce(staged, path)
    try {
      if (this.#locks.isHeld(path)) await this.#locks.hold(path, claim, (held) => this.#publish(held, path))
      else await this.#publish(claim, path)
    } catch (error) {
      await discard(claim)
      throw error
    }
  }

  async #announce(staged: string, path: string): Promise<string> {
    const claim = this.home.newStaged(tagOf(path))
    try {
      await rename(staged, claim)
      return claim
    } catch (error) {
      throw codeOf(error) === 'ENOENT' ? fenced(error) : error
    }
  }

  #putIf(
    path: string,
    source: Draft | string,
    condition: Exclude<Condition, { type: 'always' }>,
  ): Promise<void> {
    return this.#locks.hold(path, source, async (claim) => {
      for (;;) {
        await this.#locks.settle(path)
        const found = await readHeader(this.home, path)
        this.#check(condition, found)
        if (found !== null) return this.#publish(claim, path)
        // Deleted meanwhile. Creators need no lock, so another may come before this one: then look again.
        if (await this.#create(claim, path)) return
      }
    })
  }

  /** `link` creates or fails, atomically, and needs no lock. */
  async #create(claim: string, path: string): Promise<boolean> {
    const isNew = await this.#place(claim, path, (target) => unless(link(claim, target), 'EEXIST'))
    if (isNew) await afterPublishing(() => discard(claim))
    return isNew
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
        return await this.home.within(directory, ({ base }) => move(base + nameOf(path)))
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error
        if (attempt >= mostAttempts || !fs.existsSync(staged)) throw fenced(error)
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
      await this.home.within(directory, ({ base, fd }) => (fd === null ? syncAt(base) : fsync(fd)))
    } catch (error) {
      // Emptied and removed by another process meanwhile: nothing is left to put on the disk.
      if (codeOf(error) !== 'ENOENT') throw error
    }
  }

  async #removeEmpty(directory: string): Promise<void> {
    for (let left = directory; left !== ''; ) {
      const name = left.slice(0, -1)
      left = directoryOf(name)
      const removing = this.home.within(left, ({ base }) => rmdir(base + nameOf(name)))
      if (!(await unless(removing, 'ENOTEMPTY', 'EEXIST', 'ENOENT', 'EBUSY', 'EPERM'))) return
    }
  }
}

async function syncAt(directory: string): Promise<void> {
  const fd = await open(directory, 0)
  try {
    await fsync(fd)
  } finally {
    await close(fd)
  }
}

/** The directory part of a path, with its slash; `''` for the objects directory itself. */
function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

/** The last name of a path. */
function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
