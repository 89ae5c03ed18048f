/** Key-value entries in a directory: one file each, value, metadata and expiry, published by one rename. */
import type {
  KvCapabilityInfo,
  KvDriver,
  KvDriverList,
  KvDriverPage,
  KvDriverPut,
  StoredKvEntry,
} from '@flowport/capabilities'
import fs from 'node:fs'
import type { FsDriverOptions } from './blob-driver.ts'
import { Directories } from './directories.ts'
import type { Header } from './header.ts'
import { Home } from './home.ts'
import { fsKvInfo, infoFor } from '../info.ts'
import { fileOfKey } from './key-path.ts'
import { type Condition, Objects } from './objects.ts'
import { readPage } from './page.ts'
import { links } from './places.ts'
import { checkWhole, openObject, readContent } from './read.ts'
import { stage } from './stage.ts'
import { translated } from './translate-error.ts'

/** Opens a key-value store in a directory. */
export function openFsKvDriver({ directory, fsync, clock, monotonic }: FsDriverOptions): FsKvDriver {
  return new FsKvDriver(
    Home.open(directory, { syncs: fsync === 'data', monotonic }),
    infoFor(fsKvInfo, { fsync, links }),
    () => clock.now(),
  )
}

/** Read with the header; larger values take a second read. */
const readAhead = 65_536

export class FsKvDriver implements KvDriver {
  readonly info: KvCapabilityInfo
  readonly #home: Home
  readonly #objects: Objects
  readonly #directories: Directories
  readonly #now: () => number

  constructor(home: Home, info: KvCapabilityInfo, now: () => number) {
    this.info = info
    this.#home = home
    this.#objects = new Objects(home)
    this.#directories = new Directories(home)
    this.#now = now
  }

  get(key: string): Promise<StoredKvEntry | null> {
    return this.#run(async () => {
      const path = fileOfKey(key)
      const opened = await openObject(this.#home, path, readAhead)
      if (opened === null) return null
      try {
        const { header } = opened
        if (this.#isExpired(header)) {
          this.#sweep(path, header)
          return null
        }
        checkWhole(opened)
        const bytes = await readContent(opened, 0, header.size)
        return {
          value: header.isText ? Buffer.from(bytes.buffer).toString('utf8') : bytes,
          metadata: metadataOf(header),
          expiresAt: header.expiresAt === 0 ? undefined : header.expiresAt,
          version: header.version,
        }
      } finally {
        fs.closeSync(opened.fd)
      }
    })
  }

  put(key: string, value: string | Uint8Array<ArrayBuffer>, put: KvDriverPut): Promise<string> {
    return this.#run(async () => {
      const isText = typeof value === 'string'
      const body = isText ? new Uint8Array(Buffer.from(value, 'utf8')) : value
      const json = put.metadata === undefined || put.metadata === null ? '' : JSON.stringify(put.metadata)
      const fields = { isText, expiresAt: put.expiresAt ?? 0, json }
      const { signal } = put
      const write = {
        isQuick: true,
        to: (at: string) => stage(this.#home, fields, body, { now: this.#now, signal, at }),
      }
      const { version } = await this.#objects.put(fileOfKey(key), write, this.#condition(put), signal)
      return version
    })
  }

  delete(key: string): Promise<void> {
    return this.#run(() => this.#objects.remove(fileOfKey(key)))
  }

  list(list: KvDriverList): Promise<KvDriverPage> {
    return this.#run(async () => {
      const page = await readPage(this.#home, this.#directories, {
        ...list,
        isVisible: (header) => !this.#isExpired(header),
        onHidden: (path, header) => this.#sweep(path, header),
      })
      return {
        keys: page.files.map(({ key, header }) => ({
          key,
          expiresAt: header.expiresAt === 0 ? undefined : header.expiresAt,
          metadata: metadataOf(header),
        })),
        cursor: page.cursor,
      }
    })
  }

  check(): Promise<void> {
    return this.#run(() => fs.promises.access(this.#home.staging, fs.constants.W_OK))
  }

  close(): Promise<void> {
    return translated(() => this.#objects.close())
  }

  #run<T>(call: () => Promise<T>): Promise<T> {
    return translated(() => this.#home.during(call))
  }

  #condition({ ifAbsent, ifVersion }: KvDriverPut): Condition {
    const countsAsNone = (header: Header) => this.#isExpired(header)
    if (ifVersion !== undefined) return { type: 'replace', version: ifVersion, countsAsNone }
    return ifAbsent === true ? { type: 'create', countsAsNone } : { type: 'always' }
  }

  #isExpired({ expiresAt }: Header): boolean {
    return expiresAt !== 0 && expiresAt <= this.#now()
  }

  /** Removes an expired entry in the background, unless it has been replaced. */
  #sweep(path: string, { version }: Header): void {
    this.#home.inBackground(this.#objects.remove(path, (current) => current.version === version))
  }
}

function metadataOf({ json }: Header): unknown {
  return json === '' ? undefined : (JSON.parse(json) as unknown)
}
