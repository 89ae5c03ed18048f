/** The folder of a store: its files, its locks, and the place where files are written before they take their names. */
import { uniqueIds } from '../platform/unique-ids.ts'
import type { DomFileHandle, DomFolderHandle, DomLockManager } from './dom-types.ts'
import { rootFolder } from './folders.ts'
import { finishMoves, moveInto } from './moves.ts'
import { type OwnFolder, ownFolder } from './names.ts'
import { isNamed, isVanished, orNull, unsettled } from './translate-error.ts'
import type { Writers } from './writers.ts'

export type Body = Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array<ArrayBuffer>>

/** A file that is written and has no name yet. */
export interface Staged {
  readonly handle: DomFileHandle
  /** Its size and time. */
  readonly file: File
}

export class Home {
  readonly writers: Writers
  readonly #locks: DomLockManager
  readonly #path: readonly string[]
  readonly #ids = uniqueIds()
  /** What has its name: nothing of it is left in staging. */
  readonly #placed = new WeakSet<Staged>()
  readonly #own = new Map<OwnFolder | '', DomFolderHandle>()
  #root: DomFolderHandle

  /** `path` leads from the root of OPFS to `root`. */
  constructor(root: DomFolderHandle, path: readonly string[], writers: Writers, locks: DomLockManager) {
    this.#root = root
    this.#path = path
    this.writers = writers
    this.#locks = locks
  }

  get root(): DomFolderHandle {
    return this.#root
  }

  /** Looks for the folder of the store anew, and makes it where it is gone. */
  async renew(): Promise<void> {
    this.#own.clear()
    try {
      this.#root = await rootFolder(this.#path)
    } catch {
      // The error that led here says more. The next call tries again.
    }
  }

  /** Runs when no other tab or worker does anything to this part of the store. */
  alone<T>(part: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the lock's callback decides what comes back
    return this.#locks.request(
      this.#lockName(part),
      signal === undefined ? {} : { signal },
      work,
    ) as Promise<T>
  }

  /** One of the store's own folders, or `null` where it is not there yet. */
  async own(name: OwnFolder): Promise<DomFolderHandle | null> {
    const known = this.#own.get(name)
    if (known !== undefined) return known
    const own = this.#own.get('') ?? (await orNull(this.root.getDirectoryHandle(ownFolder)))
    const folder = own === null ? null : await orNull(own.getDirectoryHandle(name))
    if (own !== null) this.#own.set('', own)
    if (folder !== null) this.#own.set(name, folder)
    return folder
  }

  /** The same, made where it is not there. */
  async makeOwn(name: OwnFolder): Promise<DomFolderHandle> {
    const known = this.#own.get(name)
    if (known !== undefined) return known
    await (await this.root.getDirectoryHandle(ownFolder, { create: true })).getDirectoryHandle(name, {
      create: true,
    })
    return (await this.own(name)) ?? this.makeOwn(name)
  }

  /** Writes the whole body to a file of its own and lends it out; what has not been placed by then is removed. */
  async staged<T>(
    body: Body,
    signal: AbortSignal | undefined,
    use: (staged: Staged) => Promise<T>,
  ): Promise<T> {
    const id = this.#ids.next()
    // Held by who is writing: what lies in staging without its lock was left by a page that is gone.
    return this.alone(`staging:${id}`, undefined, async () => {
      signal?.throwIfAborted()
      const staged = await this.#write(id, body, signal)
      try {
        return await use(staged)
      } finally {
        if (!this.#placed.delete(staged)) await end(() => this.#discard(id))
      }
    })
  }

  /** Gives the file its name, in place of the one that had it. A kill leaves the old file or the new one. */
  async place(staged: Staged, folder: DomFolderHandle, name: string): Promise<void> {
    try {
      await moveInto(this, staged.handle, folder, name)
      this.#placed.add(staged)
    } catch (error) {
      // A folder that was removed meanwhile is made again by the next try.
      await this.renew()
      throw error
    }
  }

  /**
   * The staged file, written again until its time is after that of the one it replaces: etags are made of size and time.
   */
  async after<T>(staged: Staged, replaced: File | null, use: (staged: Staged) => Promise<T>): Promise<T> {
    // A clock that was set back is not waited for.
    const isLate = replaced !== null && replaced.lastModified < Date.now() + 2_000
    if (!isLate || staged.file.lastModified > replaced.lastModified) return use(staged)
    await passed(replaced.lastModified)
    return this.staged(staged.file, undefined, (again) => this.after(again, replaced, use))
  }

  /** Rejects when the file system cannot be used. */
  async check(): Promise<void> {
    await this.renew()
    await this.makeOwn('staging')
  }

  /** Finishes what a killed browser left half done. Nothing may be read before. */
  recover(): Promise<void> {
    return finishMoves(this)
  }

  /** Removes what pages that are gone left in staging. */
  async sweep(): Promise<void> {
    const staging = await this.makeOwn('staging')
    for await (const name of staging.keys()) {
      const id = name.split('.', 1)[0] ?? name
      await this.#locks.request(this.#lockName(`staging:${id}`), { ifAvailable: true }, async (lock) => {
        if (lock !== null) await removeIfThere(staging, name)
      })
    }
  }

  async #write(id: string, body: Body, signal: AbortSignal | undefined): Promise<Staged> {
    const writer = await this.#openWriter(id)
    let size: number
    try {
      size = await pour(body, writer.write, this.writers.chunkBytes)
      signal?.throwIfAborted()
    } catch (error) {
      await end(() => writer.abort())
      await end(() => this.#discard(id))
      // A file that is replaced while it is copied: browsers tell no more than a TypeError.
      throw body instanceof Blob && isNamed(error, 'TypeError') ? unsettled(error) : error
    }
    try {
      await writer.close()
      const handle = await (await this.makeOwn('staging')).getFileHandle(id)
      const file = await handle.getFile()
      if (file.size !== size) throw new DOMException('the file was not written whole', 'QuotaExceededError')
      return { handle, file }
    } catch (error) {
      await end(() => this.#discard(id))
      throw error
    }
  }

  async #openWriter(id: string) {
    const path = [...this.#path, ownFolder, 'staging', id]
    try {
      return await this.writers.open(await this.makeOwn('staging'), id, path)
    } catch (error) {
      await end(() => this.#discard(id))
      if (!isVanished(error)) throw error
      await this.renew()
      return this.writers.open(await this.makeOwn('staging'), id, path)
    }
  }

  async #discard(id: string): Promise<void> {
    const staging = await this.makeOwn('staging')
    await removeIfThere(staging, id)
  }

  #lockName(part: string): string {
    return `flowport:opfs:${this.#path.join('/')}:${part}`
  }
}

/** Waits until the clock is past the moment. */
export async function passed(moment: number): Promise<void> {
  while (Date.now() <= moment && moment - Date.now() < 2_000)
    await new Promise((resolve) => setTimeout(resolve, 1))
}

/** Removes a file; what is gone, or held by somebody who is not done with it, is left to the next sweep. */
async function removeIfThere(folder: DomFolderHandle, name: string): Promise<void> {
  try {
    await folder.removeEntry(name)
  } catch (error) {
    if (!isNamed(error, 'NotFoundError', 'NoModificationAllowedError')) throw error
  }
}

/** Cleans up after a failure, whose error tells more than one of the clean-up; the next sweep removes what is left. */
async function end(close: () => Promise<void>): Promise<void> {
  try {
    await close()
  } catch {
    // See above.
  }
}

/** Hands all bytes to `write`, small chunks joined. Resolves how many there were. */
async function pour(
  body: Body,
  write: (data: Uint8Array<ArrayBuffer> | Blob) => Promise<void>,
  chunkBytes: number,
): Promise<number> {
  if (!(body instanceof ReadableStream)) {
    await write(body)
    return body instanceof Blob ? body.size : body.byteLength
  }
  const reader = body.getReader()
  const joined = new Uint8Array(chunkBytes)
  let used = 0
  let size = 0
  const flush = async () => {
    if (used > 0) await write(joined.subarray(0, used))
    used = 0
  }
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const { value } = read
      size += value.byteLength
      if (used + value.byteLength > chunkBytes) await flush()
      if (value.byteLength >= chunkBytes) {
        await write(value)
        continue
      }
      joined.set(value, used)
      used += value.byteLength
    }
    await flush()
    return size
  } catch (error) {
    await end(() => reader.cancel(error))
    throw error
  } finally {
    reader.releaseLock()
  }
}
