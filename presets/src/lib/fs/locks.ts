/**
 * One writer at a time per object, among all processes: first in line within this process, then a hard link named after
 * the object. A lock whose owner has died is taken over at once; one whose owner is stuck, after it has been fenced.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { CapabilityError } from '@flowport/capabilities'
import type { Home } from './home.ts'
import { codeOf, link, unless, unlink } from './io.ts'
import { readOwner, type SeenOwner } from './owner.ts'
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
    const lock = join(this.#home.staging, lockName(path))
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

  async #take(lock: string): Promise<void> {
    const start = performance.now()
    for (let attempt = 1; !(await this.#link(lock)); attempt++) {
      if (this.#breakStale(lock)) continue
      if (performance.now() - start > patienceMs) {
        throw new CapabilityError('Unavailable', 'another process has been writing this key for 10 seconds; try again')
      }
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

/** The lock's file name: readable where it fits. `=` is in no encoded name. */
function lockName(path: string): string {
  const name = path.replaceAll('/', '=')
  if (name.length <= 200) return `=${name}.lock`
  return `=${createHash('sha256').update(path).digest('hex')}.lock`
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function withResolvers(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve: () => void = () => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
