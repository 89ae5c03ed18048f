/**
 * One holder at a time per object, among all processes: first in line within this process, then a directory in staging
 * that is named after the object and holds the holder's claim (see `claim.ts`). An empty directory, or none, is free.
 *
 * Every step is one call of the file system that succeeds for one process only. A directory that holds a claim is renamed
 * into the lock's place, which fails while another claim is in it. A claim's name is never used again, so a lock can be
 * taken over by removing the claim, and released by a holder that has long lost it, without harm to the next holder. What
 * the holder changes consumes its claim, so it fails once the claim is gone.
 *
 * A plain put or delete takes no lock: of two puts either may be the last. It must only not fall between the comparison and
 * the swap of a conditional write. So it announces itself (its claim's name holds the object's tag) and then looks for a lock; a
 * conditional write locks and then looks for announcements. One of the two always sees the other.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CapabilityError } from '@flowport/capabilities'
import { removeClaim } from './claim.ts'
import type { Home } from './home.ts'
import { codeOf, mkdir, readdir, rename, rmdir, unless, unlink } from './io.ts'
import { ownerOf } from './owner.ts'
import { fenced } from './translate-error.ts'

/** How long a writer waits for the others of its object. */
const patienceMs = 10_000

/** A directory in staging that holds one claim, or will: what a lock is made of. */
export interface Draft {
  readonly directory: string
  readonly claim: string
}

export class Locks {
  readonly #home: Home
  /** The last in line for each object. */
  readonly #tails = new Map<string, Promise<void>>()

  constructor(home: Home) {
    this.#home = home
  }

  /**
   * Runs `work` while no other process or caller holds the object at `path`. It is given the path of its claim, and what
   * it changes must consume the claim. The claim comes as a `Draft`, as the path of a staged file, or as `null` for an
   * empty directory.
   */
  async hold<T>(
    path: string,
    source: Draft | string | null,
    work: (claim: string) => Promise<T>,
  ): Promise<T> {
    const before = this.#tails.get(path)
    const { promise: tail, resolve: leave } = withResolvers()
    this.#tails.set(path, tail)
    const end = () => {
      leave()
      if (this.#tails.get(path) === tail) this.#tails.delete(path)
    }
    let draft: Draft
    try {
      draft = isDraft(source) ? source : await this.#draftOf(source)
    } catch (error) {
      void Promise.resolve(before).then(end)
      throw error
    }
    await before
    const lock = this.#lockOf(path)
    try {
      await this.#take(lock, draft.directory)
    } catch (error) {
      end()
      await removeClaim(draft.directory)
      throw error
    }
    const claim = `${lock}/${basename(draft.claim)}`
    let isConsumed = false
    try {
      const result = await work(claim)
      isConsumed = true
      return result
    } finally {
      // The caller need not wait for the lock to go; the next in line does.
      this.#home.inBackground(release(lock, claim, isConsumed).finally(end))
    }
  }

  /** Whether some process holds the object. A lookup in a directory that was written a moment ago: memory, not disk. */
  isHeld(path: string): boolean {
    return fs.existsSync(this.#lockOf(path))
  }

  /** For the holder: resolves when no change that was announced before can still be made. */
  async settle(path: string): Promise<void> {
    const tag = tagOf(path)
    const start = performance.now()
    for (let attempt = 1; ; attempt++) {
      let coming = 0
      for (const name of await readdir(this.#home.staging)) {
        if (!isAnnouncement(name, tag)) continue
        if (await this.#isAbandoned(name)) await removeClaim(this.#home.staging + name)
        else coming += 1
      }
      if (coming === 0) return
      // They publish or retract as soon as they are written; until then this caller can only wait.
      if (performance.now() - start > patienceMs) throw tooBusy()
      await pause(attempt)
    }
  }

  #lockOf(path: string): string {
    return `${this.#home.staging}${tagOf(path)}.lock`
  }

  /** Makes a directory that can become a lock. What is staged at `claim` needs no further call to be the claim in it. */
  async draft(): Promise<Draft> {
    const directory = this.#home.newStaged()
    await mkdir(directory)
    return { directory, claim: `${directory}/${basename(directory, '.tmp')}` }
  }

  async #draftOf(staged: string | null): Promise<Draft> {
    const draft = await this.draft()
    try {
      // From here on a staged file is announced no more: the holder before must not wait for it.
      await (staged === null ? mkdir(draft.claim) : rename(staged, draft.claim))
      return draft
    } catch (error) {
      await removeClaim(draft.directory)
      throw codeOf(error) === 'ENOENT' ? fenced(error) : error
    }
  }

  async #take(lock: string, draft: string): Promise<void> {
    const start = performance.now()
    for (let attempt = 1; ; attempt++) {
      // A look costs far less than an attempt, which keeps all others waiting for the directory.
      const isTaken = attempt > 1 && fs.existsSync(lock)
      try {
        if (!isTaken) return await rename(draft, lock)
      } catch (error) {
        const code = codeOf(error) ?? ''
        if (code === 'ENOENT') throw fenced(error)
        if (!heldCodes.includes(code)) throw error
      }
      if (attempt % looksEvery === 0 && (await this.#free(lock))) continue
      if (performance.now() - start > patienceMs) throw tooBusy()
      await pause(attempt)
    }
  }

  /** Removes the claim of a holder that is gone, and resolves whether it is worth trying at once. */
  async #free(lock: string): Promise<boolean> {
    let isFreed = true
    try {
      for (const claim of await readdir(lock)) {
        if (await this.#isAbandoned(claim)) await removeClaim(`${lock}/${claim}`)
        else isFreed = false
      }
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return true
      if (codeOf(error) === 'ENOTDIR') return this.#removeLockFile(lock)
      throw error
    }
    // Where a directory cannot be renamed onto an empty one, as on Windows.
    if (isFreed) await unless(rmdir(lock), ...stillHeld)
    return isFreed
  }

  /** Versions before this one locked with files. None of them may run beside this one, so the file is a leftover. */
  async #removeLockFile(lock: string): Promise<boolean> {
    if (!this.#home.others.isOverdue(basename(lock))) return false
    return unless(unlink(lock), 'ENOENT')
  }

  async #isAbandoned(claim: string): Promise<boolean> {
    const { others, ids } = this.#home
    if (others.isOverdue(claim)) return true
    // Within this store callers stand in line: a lock it finds of its own is one it failed to release.
    if (ownerOf(claim) === ids.prefix) return !claim.includes('=')
    return others.isGone(ownerOf(claim))
  }
}

/**
 * Attempts between two looks at who holds a lock: most are released within milliseconds. Windows, where no directory can
 * be renamed onto an empty one, has to look every time.
 */
const looksEvery = process.platform === 'win32' ? 1 : 4
/** What `rename` says of a directory that is not empty, and of a file, where a directory should go. */
const heldCodes =
  process.platform === 'win32'
    ? ['EPERM', 'EACCES', 'EEXIST', 'ENOTEMPTY']
    : ['EEXIST', 'ENOTEMPTY', 'ENOTDIR']
const stillHeld = ['ENOTEMPTY', 'EEXIST', 'ENOENT', 'ENOTDIR']

function isDraft(source: Draft | string | null): source is Draft {
  return typeof source === 'object' && source !== null
}

/** Frees the lock. The claim is gone when `work` has consumed it; what is left of it otherwise goes with the lock. */
async function release(lock: string, claim: string, isConsumed: boolean): Promise<void> {
  if (isConsumed && (await unless(rmdir(lock), 'ENOTEMPTY', 'EEXIST'))) return
  await removeClaim(claim)
  await unless(rmdir(lock), ...stillHeld)
}

/** An object in the names of staging: readable where it fits. `=` is in no encoded name. */
export function tagOf(path: string): string {
  if (path.length <= 190) return `=${path.replaceAll('/', '=')}`
  return `=${createHash('sha256').update(path).digest('hex')}`
}

function isAnnouncement(name: string, tag: string): boolean {
  const start = name.indexOf('=')
  return start > 0 && name.slice(start) === `${tag}.tmp`
}

function pause(attempt: number): Promise<void> {
  return sleep(1 + (attempt % 8))
}

function tooBusy(): CapabilityError {
  return new CapabilityError(
    'Unavailable',
    'other processes have been writing this key for 10 seconds; try again',
    { applied: 'no' },
  )
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
