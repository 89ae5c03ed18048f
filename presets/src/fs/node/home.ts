/**
 * One store's directory: objects, and beside them `.staging`, on the same file system so that a rename can publish.
 * Opening it makes both, refuses links, shows others that this store is in use, and clears what ended processes left.
 */
import fs from 'node:fs'
import { CapabilityError } from '@flowport/capabilities'
import { type UniqueIds, uniqueIds } from '../../platform/unique-ids.ts'
import { kernelOf } from './identity.ts'
import { codeOf, directoryMode, mkdir, unless } from './io.ts'
import { Liveness } from './liveness.ts'
import { beatMs, ownerFile } from './owner.ts'
import {
  hasDescriptorPaths,
  openDirectoryNow,
  type Place,
  placeOf,
  Places,
  throughDescriptor,
} from './places.ts'
import { Presence } from './presence.ts'
import { sweepStaging } from './sweep.ts'
import { linked, translateError } from './translate-error.ts'

export interface HomeOptions {
  /** Whether every write is on the disk before it is confirmed. */
  readonly syncs: boolean
  /** Milliseconds of a clock that only moves forward, by which others are found silent. Default `performance.now`. */
  readonly monotonic?: (() => number) | undefined
}

/** Beats between two sweeps of the staging directory: a minute. */
const sweepEvery = 12

export class Home {
  /** The directory, absolute and free of links. Objects lie in it by their encoded names. */
  readonly root: string
  /** Precedes the names of objects and of directories in the root. */
  readonly base: string
  /** Precedes the names of files in the staging directory. */
  readonly staging: string
  readonly syncs: boolean
  readonly ids: UniqueIds
  /** What is known of the others that have the directory open. */
  readonly others: Liveness
  readonly #presence: Presence
  readonly #places = new Places()
  readonly #rootFd: number | null
  readonly #stagingFd: number | null
  readonly #background = new Set<Promise<unknown>>()
  readonly #timer: NodeJS.Timeout
  #calls = 0
  #beats = 0
  #closing: Promise<void> | undefined
  #state: 'open' | 'ended' | 'released' = 'open'

  private constructor(root: string, { syncs, monotonic = () => performance.now() }: HomeOptions) {
    this.root = root
    this.syncs = syncs
    this.ids = uniqueIds()
    this.#rootFd = hasDescriptorPaths ? openDirectoryNow(root) : null
    this.base = this.#rootFd === null ? withSlash(root) : throughDescriptor(this.#rootFd)
    const staging = `${withSlash(root)}.staging`
    makeStaging(`${this.base}.staging`)
    this.#stagingFd = hasDescriptorPaths ? openDirectoryNow(`${this.base}.staging`) : null
    if (this.#stagingFd !== null && placeOf(this.#stagingFd) !== staging) throw linked()
    this.staging = this.#stagingFd === null ? withSlash(staging) : throughDescriptor(this.#stagingFd)
    const kernel = kernelOf(this.staging)
    this.others = new Liveness(this.staging, this.ids.prefix, kernel, monotonic)
    this.#presence = new Presence(this.staging, this.ids.prefix, kernel)
    this.#timer = setInterval(() => this.#beat(), beatMs)
    this.#timer.unref()
  }

  /** Opens the directory, making what is missing. */
  static open(path: string, options: HomeOptions): Home {
    try {
      fs.mkdirSync(path, { recursive: true, mode: directoryMode })
      const home = new Home(fs.realpathSync.native(path), options)
      home.#checkLinks()
      home.inBackground(sweepStaging(home.staging, home.ids.prefix, home.others))
      return home
    } catch (error) {
      throw misconfigured(error)
    }
  }

  /** A path that opens an object's file to read, faster than one through descriptors: compare its place afterwards. */
  at(path: string): string {
    return path.includes('/') ? this.placeOf(path) : this.base + path
  }

  /** A path for a file being written. With `tag`, those who write the object it names can see that it is coming. */
  newStaged(tag = ''): string {
    return `${this.staging}${this.ids.next()}${tag}.tmp`
  }

  /**
   * Runs `act` in a directory of objects, which is relative to the root and empty or ends with a slash. Fails with
   * `ENOENT` when it is missing, and with `PermissionDenied` when a link stands in its place or above it.
   */
  within<T>(directory: string, act: (place: Place) => Promise<T>): Promise<T> {
    if (directory === '' && this.#rootFd !== null) return act({ base: this.base, fd: this.#rootFd })
    return this.#places.within(this.placeOf(directory), act)
  }

  /** Where a file or directory of objects is, without links: what the system says of its descriptor. */
  placeOf(path: string): string {
    return withSlash(this.root) + (path.endsWith('/') ? path.slice(0, -1) : path)
  }

  /** Whether the place, as the system says it, is in the staging directory: a delete moves its object there. */
  isStaged(place: string): boolean {
    return place.startsWith(`${withSlash(this.root)}.staging/`)
  }

  /** Makes the directory one level at a time, so that no link on the way is followed. Resolves those it made. */
  async make(directory: string): Promise<readonly string[]> {
    const made: string[] = []
    let parent = ''
    for (const name of directory.split('/').filter(Boolean)) {
      const isNew = await this.within(parent, ({ base }) => unless(mkdir(base + name), 'EEXIST'))
      parent += `${name}/`
      if (isNew) made.push(parent)
    }
    return made
  }

  /** Runs one call of a driver. Descriptors stay open until the last of them has ended, also after `close`. */
  async during<T>(call: () => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) {
      throw new CapabilityError('Unavailable', 'the store has been closed', { retryable: 'never' })
    }
    this.#calls += 1
    try {
      return await call()
    } finally {
      this.#calls -= 1
      this.#release()
    }
  }

  /** Lets work end after its caller has been answered; `close` waits for it. Failures are ignored. */
  inBackground(work: Promise<unknown>): void {
    const ended = work
      .catch(() => undefined)
      .finally(() => {
        this.#background.delete(ended)
        this.#release()
      })
    this.#background.add(ended)
  }

  get isClosing(): boolean {
    return this.#closing !== undefined
  }

  /** Waits for what goes on in the background, then for `last`. Closing twice is closing once. */
  close(last?: () => Promise<void>): Promise<void> {
    this.#closing ??= this.#close(last)
    return this.#closing
  }

  async #close(last?: () => Promise<void>): Promise<void> {
    clearInterval(this.#timer)
    while (this.#background.size > 0) await Promise.all(this.#background)
    await last?.()
    this.#presence.end()
    this.#state = 'ended'
    this.#release()
  }

  /** Closes the descriptors, once the store is closed and nothing uses them any more. */
  #release(): void {
    if (this.#state !== 'ended' || this.#calls > 0 || this.#background.size > 0) return
    this.#state = 'released'
    this.#places.close()
    for (const fd of [this.#rootFd, this.#stagingFd]) if (fd !== null) fs.closeSync(fd)
  }

  #beat(): void {
    this.inBackground(this.#presence.beat())
    this.#beats += 1
    if (this.#beats % sweepEvery === 0)
      this.inBackground(sweepStaging(this.staging, this.ids.prefix, this.others))
  }

  /** Create-only writes are hard links: better to learn at the start that the file system has none. */
  #checkLinks(): void {
    const probe = this.newStaged()
    fs.linkSync(ownerFile(this.staging, this.ids.prefix), probe)
    fs.unlinkSync(probe)
  }
}

function withSlash(directory: string): string {
  return directory.endsWith('/') ? directory : `${directory}/`
}

function makeStaging(path: string): void {
  try {
    fs.mkdirSync(path, directoryMode)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  if (!fs.lstatSync(path).isDirectory()) throw linked()
}

function misconfigured(error: unknown): unknown {
  const known = translateError(error)
  const reason = known instanceof CapabilityError ? known.reason : 'it may not support hard links'
  return new CapabilityError(
    'Misconfigured',
    `the data directory (root, or FLOWPORT_DATA_DIR) cannot be used: ${reason}`,
    {
      cause: error,
    },
  )
}
