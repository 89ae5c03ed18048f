/** Plain files as blobs: the bytes of a file are its content, its path is its key, and nothing is kept beside it. */
import type { Stats } from 'node:fs'
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, rename, unlink } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import {
  type BlobCapabilityInfo,
  type BlobDriver,
  type BlobDriverGet,
  type BlobDriverList,
  type BlobDriverPage,
  type BlobDriverPut,
  type BlobObject,
  CapabilityError,
  type OpenedBlob,
  resolveRange,
} from '@flowport/capabilities'
import { codeOf, fsync } from './io.ts'
import { links, type Place } from './places.ts'
import { listPlain, nullIfMissing, stagedMark } from './plain-listing.ts'
import { isMissing, PlainPlaces } from './plain-places.ts'
import { afterPublishing, beforePublishing, translated } from './translate-error.ts'

type Body = Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>

export interface PlainFileOptions {
  readonly roots: readonly string[]
  readonly readOnly: boolean
}

export const plainFileInfo = {
  provider: 'file',
  consistency: 'strong',
  durability: 'durable',
  // A name has at most 255 bytes on common file systems, a path 4096 on Linux.
  limits: {
    maxKeyBytes: 4000,
    maxObjectBytes: 5 * 1024 ** 4,
    maxMetadataBytes: 0,
    maxListKeys: 1000,
    maxBulkKeys: 1000,
  },
  features: {
    createOnly: true,
    compareAndSwap: false,
    ranges: true,
    metadata: false,
    contentType: false,
    serverCopy: false,
    presign: false,
  },
  extensions: { 'dev.flowport.fs.links': 'refused' },
} as const satisfies BlobCapabilityInfo

export class PlainFileDriver implements BlobDriver {
  readonly info: BlobCapabilityInfo
  readonly returnsBytes = true
  readonly #places: PlainPlaces

  constructor({ roots, readOnly }: PlainFileOptions) {
    this.#places = new PlainPlaces(roots)
    const info = { ...plainFileInfo, extensions: { 'dev.flowport.fs.links': links } }
    this.info = readOnly
      ? { ...info, features: { ...plainFileInfo.features, createOnly: false, write: false } }
      : info
  }

  head(key: string): Promise<BlobObject | null> {
    return translated(async () => {
      const found = await this.#places.stat(this.#places.pathOf(key))
      return found?.isFile() === true ? objectOf(key, found) : null
    })
  }

  get(key: string, { range, ifMatch }: BlobDriverGet): Promise<OpenedBlob | null> {
    return translated(async () => {
      const file = await this.#places.open(this.#places.pathOf(key))
      if (file === null) return null
      let isHandedOver = false
      try {
        const found = await file.stat()
        if (!found.isFile()) return null
        const object = objectOf(key, found)
        if (ifMatch !== undefined && object.etag !== ifMatch)
          throw new CapabilityError('ConditionNotMatch', 'the file has another version; read it again')
        const { start, end } = resolveRange(range, object.size)
        isHandedOver = true
        return { object, start, end, body: contentOf(file, start, end) }
      } finally {
        if (!isHandedOver) await file.close()
      }
    })
  }

  put(key: string, body: Body, { ifNoneMatch, signal }: BlobDriverPut): Promise<BlobObject> {
    return translated(async () => {
      this.#checkWritable()
      const path = this.#places.pathOf(key)
      await this.#places.makeFolder(dirname(path))
      const isNew = ifNoneMatch === '*'
      await this.#places.within(dirname(path), (place) => publish(place, basename(path), body, isNew, signal))
      const found = await afterPublishing(() => this.#places.stat(path))
      if (found?.isFile() === true) return objectOf(key, found)
      throw new CapabilityError('Unavailable', 'the file was replaced just after it was written; look again')
    })
  }

  delete(key: string): Promise<void> {
    return translated(async () => {
      this.#checkWritable()
      const path = this.#places.pathOf(key)
      const removing = this.#places.within(dirname(path), async ({ base }) => {
        const found = await lstat(base + basename(path))
        // A link is not a file of this store, and a folder none at all.
        if (found.isFile()) await unlink(base + basename(path))
      })
      await removing.catch(unlessMissing)
    })
  }

  list(list: BlobDriverList): Promise<BlobDriverPage> {
    return translated(() => listPlain(this.#places, list, (key, stats) => objectOf(key, stats)))
  }

  has(key: string): Promise<boolean> {
    return translated(() => this.#places.hasFolder(this.#places.pathOf(key)))
  }

  make(key: string): Promise<void> {
    return translated(() => {
      this.#checkWritable()
      return this.#places.makeFolder(this.#places.pathOf(key))
    })
  }

  /** Folders that hold something, such as a link or a file that came meanwhile, stay. */
  remove(key: string): Promise<void> {
    return translated(async () => {
      this.#checkWritable()
      const path = this.#places.pathOf(key)
      if (await this.#places.hasFolder(path)) await this.#places.removeEmpty(path)
    })
  }

  #checkWritable(): void {
    if (this.info.features.write === false)
      throw new CapabilityError(
        'Unsupported',
        'this storage only reads files; give the scheme readOnly: false to write',
      )
  }
}

/** Changes with every write: a new file takes the place of the old one. Its own change time would change with its links. */
function objectOf(key: string, { size, ino, mtimeMs, mtime }: Stats): BlobObject {
  const etag = [ino, size, Math.round(mtimeMs * 1000)].map((each) => each.toString(36)).join('-')
  return { key, size, etag, contentType: null, metadata: {}, lastModified: mtime }
}

function contentOf(file: FileHandle, start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let position = start
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const length = Math.min(chunkBytes, end - position)
          const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, position)
          position += bytesRead
          if (bytesRead > 0) controller.enqueue(buffer.subarray(0, bytesRead))
          if (bytesRead > 0 && position < end) return
          await file.close()
          controller.close()
        } catch (error) {
          await file.close().catch(() => undefined)
          throw error
        }
      },
      cancel: () => file.close(),
    },
    { highWaterMark: 0 },
  )
}

async function write(file: FileHandle, body: Body) {
  if (body instanceof Uint8Array) return file.writeFile(body)
  for await (const chunk of body) {
    for (let offset = 0; offset < chunk.byteLength; ) {
      const { bytesWritten } = await file.write(chunk, offset)
      offset += bytesWritten
    }
  }
}

/** Writes the file beside its target, where a rename is one step, and moves it there. */
async function publish(
  place: Place,
  name: string,
  body: Body,
  isNew: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const target = place.base + name
  if ((await lstat(target).catch(nullIfMissing))?.isDirectory() === true)
    throw new CapabilityError('AlreadyExists', 'a folder has this name')
  const staged = place.base + stagedName(name)
  const file = await open(staged, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o666)
  let isStaged = true
  try {
    await beforePublishing(async () => {
      try {
        await write(file, body)
        signal?.throwIfAborted()
        await file.datasync()
      } finally {
        await file.close()
      }
    })
    if (isNew) await linkNew(staged, target)
    else {
      await rename(staged, target)
      isStaged = false
    }
    await afterPublishing(() => syncFolder(place))
  } finally {
    if (isStaged) await unlink(staged).catch(() => undefined)
  }
}

/** Fails where the name is taken, in one step with taking it. */
async function linkNew(staged: string, path: string): Promise<void> {
  try {
    await link(staged, path)
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw new CapabilityError('AlreadyExists', 'there is such a file already')
    throw error
  }
}

async function syncFolder({ base, fd }: Place): Promise<void> {
  if (fd !== null) return fsync(fd)
  const folder = await open(base, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error
}

function stagedName(name: string): string {
  return `${stagedMark}${crypto.randomUUID()}-${name.slice(0, 40)}`
}

const chunkBytes = 256 * 1024
