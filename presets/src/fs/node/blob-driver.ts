/** Blobs in a directory: one file each, header and content, published by one rename. */
import type {
  BlobCapabilityInfo,
  BlobDriver,
  BlobDriverGet,
  BlobDriverList,
  BlobDriverPage,
  BlobDriverPut,
  BlobObject,
  Clock,
  DriverCall,
  OpenedBlob,
} from '@flowport/capabilities'
import { CapabilityError, resolveRange } from '@flowport/capabilities'
import fs from 'node:fs'
import { contentStream } from './content-stream.ts'
import { Directories } from './directories.ts'
import type { NewHeader } from './header.ts'
import { Home } from './home.ts'
import { type Fsync, fsBlobInfo, infoFor } from '../info.ts'
import { fileOfKey } from './key-path.ts'
import { type Condition, Objects } from './objects.ts'
import { readPage } from './page.ts'
import { links } from './places.ts'
import { checkWhole, openObject, readContent, readHeader } from './read.ts'
import { type Body, stage, stageCopy, type Staged } from './stage.ts'
import { translated } from './translate-error.ts'

export interface FsDriverOptions {
  /** The store's own directory. */
  readonly directory: string
  readonly fsync: Fsync
  /** Dates the objects, and decides what has expired. */
  readonly clock: Pick<Clock, 'now'>
  /** Milliseconds of a clock that only moves forward. Default `performance.now`. */
  readonly monotonic?: () => number
}

/** Opens a blob store in a directory. */
export function openFsBlobDriver({ directory, fsync, clock, monotonic }: FsDriverOptions): FsBlobDriver {
  return new FsBlobDriver(
    Home.open(directory, { syncs: fsync === 'data', monotonic }),
    infoFor(fsBlobInfo, { fsync, links }),
    () => clock.now(),
  )
}

/** What is read with the header: an object that ends within it needs no second call. */
const readAheadBytes = 16 * 1024
/** Content up to this size is read in one call and handed over as bytes; larger content is streamed. */
const wholeBytes = 1024 * 1024

export class FsBlobDriver implements BlobDriver {
  readonly info: BlobCapabilityInfo
  readonly returnsBytes = true
  readonly #home: Home
  readonly #objects: Objects
  readonly #directories: Directories
  readonly #now: () => number

  constructor(home: Home, info: BlobCapabilityInfo, now: () => number) {
    this.info = info
    this.#home = home
    this.#objects = new Objects(home)
    this.#directories = new Directories(home)
    this.#now = now
  }

  head(key: string): Promise<BlobObject | null> {
    return this.#run(async () => {
      const header = await readHeader(this.#home, fileOfKey(key))
      return header === null ? null : objectOf(key, header)
    })
  }

  get(key: string, { range, ifMatch }: BlobDriverGet): Promise<OpenedBlob | null> {
    return this.#run(async () => {
      const opened = await openObject(this.#home, fileOfKey(key), readAheadBytes)
      if (opened === null) return null
      let isHandedOver = false
      try {
        const { header, fd } = opened
        checkWhole(opened)
        if (ifMatch !== undefined && header.version !== ifMatch) {
          throw new CapabilityError('ConditionNotMatch', 'the object has another version; read it again')
        }
        const { start, end } = resolveRange(range, header.size)
        isHandedOver = end - start > wholeBytes
        const body = isHandedOver
          ? contentStream(fd, header.length + start, end - start)
          : await readContent(opened, start, end)
        return { object: objectOf(key, header), start, end, body }
      } finally {
        if (!isHandedOver) fs.closeSync(opened.fd)
      }
    })
  }

  put(key: string, body: Body, put: BlobDriverPut): Promise<BlobObject> {
    const { contentType, metadata, signal } = put
    const fields = { isText: false, expiresAt: 0, json: jsonOf(contentType, metadata) }
    return this.#run(async () => {
      const write = {
        isQuick: body instanceof Uint8Array,
        to: (at: string) => stage(this.#home, fields, body, { now: this.#now, signal, at }),
      }
      return objectOf(key, await this.#objects.put(fileOfKey(key), write, conditionOf(put), signal))
    })
  }

  delete(key: string): Promise<void> {
    return this.#run(() => this.#objects.remove(fileOfKey(key)))
  }

  copy(from: string, to: string, { signal }: DriverCall): Promise<BlobObject | null> {
    return this.#run(async () => {
      const source = fileOfKey(from)
      for (;;) {
        const opened = await openObject(this.#home, source, 1024)
        if (opened === null) return null
        let staged: Staged | null
        try {
          checkWhole(opened)
          staged = await stageCopy(this.#home, source, opened, this.#now)
        } finally {
          fs.closeSync(opened.fd)
        }
        // Replaced between reading and copying: copy what is there now.
        if (staged === null) continue
        const copied = staged
        const write = { isQuick: false, to: () => Promise.resolve(copied) }
        return objectOf(to, await this.#objects.put(fileOfKey(to), write, { type: 'always' }, signal))
      }
    })
  }

  list(list: BlobDriverList): Promise<BlobDriverPage> {
    return this.#run(async () => {
      const page = await readPage(this.#home, this.#directories, { ...list, isVisible: () => true })
      return {
        objects: page.files.map(({ key, header: { size, version, modified } }) => ({
          key,
          size,
          etag: version,
          lastModified: new Date(modified),
        })),
        prefixes: page.groups,
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
}

function conditionOf({ ifMatch, ifNoneMatch }: BlobDriverPut): Condition {
  if (ifMatch !== undefined) return { type: 'replace', version: ifMatch, countsAsNone: () => false }
  return ifNoneMatch === undefined ? { type: 'always' } : { type: 'create', countsAsNone: () => false }
}

function jsonOf(contentType: string | null, metadata: Readonly<Record<string, string>>): string {
  if (contentType === null && Object.keys(metadata).length === 0) return ''
  return JSON.stringify({ contentType, metadata })
}

function objectOf(key: string, { size, version, modified, json }: NewHeader): BlobObject {
  const extra =
    json === ''
      ? plain
      : (JSON.parse(json) as { contentType: string | null; metadata: Record<string, string> })
  return {
    key,
    size,
    etag: version,
    ...extra,
    metadata: { ...extra.metadata },
    lastModified: new Date(modified),
  }
}

const plain: { contentType: string | null; metadata: Readonly<Record<string, string>> } = {
  contentType: null,
  metadata: {},
}
