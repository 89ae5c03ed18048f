/** Small records in one folder, each a file: a line of JSON, then bytes. Entries and the ledger are made of them. */
import { CapabilityError } from '@flowport/capabilities'
import { encodedKeys } from './encoded-keys.ts'
import { fileAt, folderAt, makeFolderAt } from './folders.ts'
import type { Home } from './home.ts'
import { dropMove } from './moves.ts'
import { encodedPath, type OwnFolder, ownFolder } from './names.ts'
import { afterPlacing, isNamed, isStale, orNull, unsettled } from './translate-error.ts'

export interface Entry<H> {
  readonly header: H
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** More than the longest header has. */
const headerBytes = 65_536
const attempts = 16
/** Writes between two sweeps, and how many entries one looks at: twice as many as were written. */
const sweepEvery = 32
const sweepLooksAt = 64

export class Entries<H> {
  readonly #home: Home
  readonly #name: OwnFolder
  readonly #isGone: (header: H) => boolean
  #writes = 0
  #sweeping: ReturnType<typeof encodedKeys> | undefined

  /** `isGone`: what is of no use any more, and removed some time after. */
  constructor(home: Home, name: OwnFolder, isGone: (header: H) => boolean) {
    this.#home = home
    this.#name = name
    this.#isGone = isGone
  }

  alone<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return this.#home.alone(this.#name, signal, work)
  }

  folder(): Promise<FileSystemDirectoryHandle | null> {
    return this.#home.own(this.#name)
  }

  /** The entry of the key, expired or not, or `null`. */
  async read(key: string): Promise<Entry<H> | null> {
    let failure: unknown
    for (let attempt = 0; attempt < attempts; attempt++) {
      const file = await fileAt(await this.folder(), encodedPath(key))
      if (file === null) return null
      try {
        return parsed(new Uint8Array(await file.arrayBuffer()))
      } catch (error) {
        if (!isStale(error)) throw error
        failure = error
      }
    }
    throw unsettled(failure)
  }

  /** The header only, or `null` for what is gone or none of ours. */
  async header(handle: FileSystemFileHandle): Promise<H | null> {
    let failure: unknown
    for (let attempt = 0; attempt < attempts; attempt++) {
      const file = await orNull(handle.getFile())
      if (file === null) return null
      try {
        return parsed<H>(new Uint8Array(await file.slice(0, headerBytes).arrayBuffer())).header
      } catch (error) {
        if (error instanceof CapabilityError) return null
        // Replaced meanwhile: it is there, and another one.
        if (!isStale(error)) throw error
        failure = error
      }
    }
    throw unsettled(failure)
  }

  /** Writes the entry while alone; `decide` throws where it must not be. */
  async write(
    key: string,
    header: H,
    bytes: Uint8Array<ArrayBuffer>,
    signal: AbortSignal | undefined,
    decide?: () => Promise<void>,
  ): Promise<void> {
    await this.#home.staged(bodyOf(header, bytes), signal, (staged) =>
      this.alone(signal, async () => {
        await decide?.()
        await this.#place(key, staged)
      }),
    )
  }

  /** Writes the entry. Only while alone. */
  async replace(key: string, header: H, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    await this.#home.staged(bodyOf(header, bytes), undefined, (staged) => this.#place(key, staged))
  }

  /** Removes the entry, if it is there. Only while alone. */
  async remove(key: string): Promise<void> {
    const path = encodedPath(key)
    await dropMove(this.#home, [ownFolder, this.#name, ...path])
    const folder = await folderAt(await this.folder(), path.slice(0, -1))
    try {
      await folder?.removeEntry(path.at(-1) ?? '')
    } catch (error) {
      if (!isNamed(error, 'NotFoundError')) throw error
    }
  }

  async #place(key: string, staged: Parameters<Home['place']>[0]): Promise<void> {
    const path = encodedPath(key)
    const folder = await makeFolderAt(await this.#home.makeOwn(this.#name), path.slice(0, -1))
    await this.#home.place(staged, folder, path.at(-1) ?? '')
    this.#writes += 1
    if (this.#writes % sweepEvery === 0) await afterPlacing(() => this.#sweep())
  }

  /** Looks at some entries, going round. Only while alone. */
  async #sweep(): Promise<void> {
    for (let looked = 0; looked < sweepLooksAt; looked++) {
      const folder = this.#sweeping === undefined ? await this.folder() : null
      if (folder !== null) this.#sweeping = encodedKeys(folder)
      const next = await this.#sweeping?.next()
      if (next === undefined || next.done === true) {
        this.#sweeping = undefined
        return
      }
      const header = await this.header(next.value.handle)
      if (header !== null && this.#isGone(header)) await this.remove(next.value.key)
    }
  }
}

function bodyOf(header: unknown, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const line = encoder.encode(`${JSON.stringify(header)}\n`)
  const body = new Uint8Array(line.byteLength + bytes.byteLength)
  body.set(line)
  body.set(bytes, line.byteLength)
  return body
}

function parsed<H>(bytes: Uint8Array<ArrayBuffer>): Entry<H> {
  const end = bytes.indexOf(10)
  try {
    const header = JSON.parse(decoder.decode(bytes.subarray(0, end))) as H
    return { header, bytes: bytes.slice(end + 1) }
  } catch (cause) {
    throw new CapabilityError('Corrupt', 'the entry is damaged; write it again', { cause })
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
