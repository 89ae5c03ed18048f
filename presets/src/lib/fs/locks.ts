/**
 * One holder at a time per object, among all processes: first in line within this process, then a hard link named after
 * the object. A lock whose owner has died is taken over at once; one whose owner is stuck, after it has been fenced.
 *
 * A plain put needs no lock: nobody minds which of two puts is the last. It must only not fall between the look and the
 * leap of a conditional write. So it announces itself (its staged file's name holds the object's tag) and then looks
 * for a lock; a conditional write locks and then looks for announcements. One of the two sees the other, always.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CapabilityError } from '@flowport/capabilities'
import type { Home } from './home.ts'
import { codeOf, link, unless, unlink } from './io.ts'
import { ownerFile, readOwner, type SeenOwner, stuckAfterMs } from './owner.ts'
import { fence } from './sweep.ts'

/** How long a writer waits for the others of its object. */
const patienceMs = 10_000

export class Locks {
  readonly #home: Home
  /** The last in line for each object. */
  readonly #tails = new Map<string, Promise<void>>()

  constructor(home: Home) {
    this.#home = home
  }

  /** Runs `work` while no other process or caller holds the object at `path`. */
  async hold<T>(path: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(path)
    const { promise: tail, resolve: leave } = withResolvers()
    this.#tails.set(path, tail)
    const end = () => {
      leave()
      if (this.#tails.get(path) === tail) this.#tails.delete(path)
    }
    await before
    const lock = this.#lockOf(path)
    try {
      await this.#take(lock)
    } catch (error) {
      end()
      throw error
    }
    try {
      return await work()
    } finally {
      // The caller need not wait for the lock to go; the next in line does.
      this.#home.inBackground(unless(unlink(lock), 'ENOENT').finally(end))
    }
  }

  /** Whether some process holds the object. A lookup in a directory that was written a moment ago: memory, not disk. */
  isHeld(path: string): boolean {
    return fs.existsSync(this.#lockOf(path))
  }

  /** For the holder: resolves when no put that was announced before can still be published. */
  async settle(path: string): Promise<void> {
    const tag = tagOf(path)
    const start = performance.now()
    for (let attempt = 1; ; attempt++) {
      const names = await fs.promises.readdir(this.#home.staging)
      const coming = names.filter((name) => isAnnouncement(name, tag) && !this.#isAbandoned(name))
      if (coming.length === 0) return
      // They publish or retract as soon as they are written; until then this caller can only wait.
      if (performance.now() - start > patienceMs) throw tooBusy()
      await sleep(1 + (attempt % 8))
    }
  }

  /** Removes an announced file that its owner cannot publish any more, or should have long ago. */
  #isAbandoned(name: string): boolean {
    const path = join(this.#home.staging, name)
    const owner = readOwner(ownerFile(this.#home.staging, name.slice(0, 16)))
    const isDead = owner !== null && owner !== 'unreadable' && owner.isDead
    const stat = fs.lstatSync(path, { throwIfNoEntry: false })
    if (stat !== undefined && !isDead && Date.now() - stat.mtimeMs < stuckAfterMs) return false
    fs.rmSync(path, { force: true })
    return true
  }

  #lockOf(path: string): string {
    return join(this.#home.staging, `${tagOf(path)}.lock`)
  }

  async #take(lock: string): Promise<void> {
    const start = performance.now()
    for (let attempt = 1; !(await this.#link(lock)); attempt++) {
      if (this.#breakStale(lock)) continue
      if (performance.now() - start > patienceMs) throw tooBusy()
      await sleep(1 + (attempt % 8))
    }
  }

  async #link(lock: string): Promise<boolean> {
    try {
      await link(this.#home.owner, lock)
      return true
    } catch (error) {
      const code = codeOf(error)
      if (code === 'ENOENT') this.#home.claim()
      // EMLINK: as many locks are held as the file system allows one file links.
      if (code === 'ENOENT' || code === 'EEXIST' || code === 'EMLINK') return false
      throw error
    }
  }

  /**
   * Removes the lock when its owner is gone. A second lock, `.break`, sees to it that two who find the same dead owner
   * do not both remove: the later would remove the earlier's new lock. Synchronous, to keep that moment short.
   */
  #breakStale(lock: string): boolean {
    if (!this.#isStale(readOwner(lock))) return false
    const breaking = `${lock.slice(0, -'.lock'.length)}.break`
    if (!this.#linkNow(breaking)) {
      const breaker = readOwner(breaking)
      if (this.#isStale(breaker)) fs.rmSync(breaking, { force: true })
      return false
    }
    try {
      const owner = readOwner(lock)
      if (!this.#isStale(owner)) return true
      if (!owner.isDead && owner.id !== this.#home.ids.prefix) fence(this.#home.staging, owner.id)
      fs.rmSync(lock, { force: true })
      return true
    } finally {
      fs.rmSync(breaking, { force: true })
    }
  }

  #isStale(owner: SeenOwner | 'unreadable' | null): owner is SeenOwner {
    if (owner === null || owner === 'unreadable') return false
    // Within this store callers stand in line: whoever is first knows that no other holds the lock.
    return owner.id === this.#home.ids.prefix || owner.isDead || owner.isSilent
  }

  #linkNow(path: string): boolean {
    try {
      fs.linkSync(this.#home.owner, path)
      return true
    } catch (error) {
      if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOENT') return false
      throw error
    }
  }
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

function tooBusy(): CapabilityError {
  return new CapabilityError(
    'Unavailable',
    'other processes have been writing this key for 10 seconds; try again',
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
