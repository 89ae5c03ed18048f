/**
 * One store's directory: objects, and beside them `.staging`, on the same file system so that a rename can publish.
 * Opening it makes both, refuses links, and clears what dead processes left behind.
 */
import fs from 'node:fs'
import { join, resolve, sep } from 'node:path'
import { CapabilityError } from '@flowport/capabilities'
import { type UniqueIds, uniqueIds } from '../unique-ids.ts'
import { mkdir, unless } from './io.ts'
import { ownerFile, thisOwner, writeOwner } from './owner.ts'
import { Places } from './places.ts'
import { sweepStaging } from './sweep.ts'
import { linked, translateError } from './translate-error.ts'

export class Home {
  /** The directory, absolute and free of links. Objects lie in it by their encoded names. */
  readonly root: string
  readonly staging: string
  /** Whether every write is on the disk before it is confirmed. */
  readonly syncs: boolean
  readonly ids: UniqueIds
  readonly #owner
  readonly #places = new Places()
  readonly #background = new Set<Promise<unknown>>()

  private constructor(root: string, syncs: boolean) {
    this.root = root
    this.staging = join(root, '.staging')
    this.syncs = syncs
    this.ids = uniqueIds()
    this.#owner = thisOwner(this.ids.prefix)
  }

  /** Opens the directory, making what is missing. */
  static open(path: string, { syncs }: { readonly syncs: boolean }): Home {
    try {
      fs.mkdirSync(path, { recursive: true })
      const home = new Home(fs.realpathSync.native(path), syncs)
      fs.mkdirSync(home.staging, { recursive: true })
      if (!fs.lstatSync(home.staging).isDirectory()) throw linked()
      home.claim()
      sweepStaging(home.staging, home.ids.prefix)
      home.#checkLinks()
      return home
    } catch (error) {
      throw misconfigured(error)
    }
  }

  /** The owner file; locks are links to it. */
  get owner(): string {
    return ownerFile(this.staging, this.ids.prefix)
  }

  /** Writes the owner file: at the start, and again should another process have taken this one for dead. */
  claim(): void {
    writeOwner(this.staging, this.#owner)
  }

  /** The absolute path of an object's file or directory. */
  at(path: string): string {
    return sep === '/' ? `${this.root}/${path}` : join(this.root, path)
  }

  /** A path for a file being written. With `tag`, those who write the object it names can see that it is coming. */
  newStaged(tag = ''): string {
    return join(this.staging, `${this.ids.next()}${tag}.tmp`)
  }

  /** Fails when the directory, or one above it within the root, is a link. Resolves `false` when it is missing. */
  verify(directory: string): Promise<boolean> {
    return directory === '' ? Promise.resolve(true) : this.#places.verify(resolve(this.at(directory)))
  }

  /** Makes the directory one level at a time, so that no link on the way is followed. Resolves those it made. */
  async make(directory: string): Promise<readonly string[]> {
    const made: string[] = []
    let path = ''
    for (const name of directory.split('/').filter(Boolean)) {
      path += `${name}/`
      if (await unless(mkdir(this.at(path)), 'EEXIST')) made.push(path)
      // Removed again by now is for the caller to notice.
      else if (fs.lstatSync(resolve(this.at(path)), { throwIfNoEntry: false })?.isDirectory() === false)
        throw linked()
    }
    return made
  }

  /** Lets work end after its caller has been answered; `close` waits for it. */
  inBackground(work: Promise<unknown>): void {
    const ended = work.catch(() => undefined).finally(() => this.#background.delete(ended))
    this.#background.add(ended)
  }

  async close(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background)
    this.#places.close()
    fs.rmSync(this.owner, { force: true })
  }

  /** Locks and create-only writes are hard links: better to learn at the start that the file system has none. */
  #checkLinks(): void {
    const probe = join(this.staging, `${this.ids.prefix}-probe.tmp`)
    fs.linkSync(this.owner, probe)
    fs.unlinkSync(probe)
  }
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
