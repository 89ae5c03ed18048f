/** A blob driver over a `Map`: for tests, local runs and browsers. Gone with the process. */
import { beforeApplying, notApplied } from '../applied.ts'
import type { BlobListed, BlobObject } from '../blob/contract.ts'
import type {
  BlobDriver,
  BlobDriverGet,
  BlobDriverList,
  BlobDriverPage,
  BlobDriverPut,
  OpenedBlob,
} from '../blob/driver.ts'
import { piecewise } from '../blob/handle.ts'
import { resolveRange } from '../blob/range.ts'
import { compareUtf8, firstIndex } from '../byte-order.ts'
import type { Clock } from '../clock/contract.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import { CapabilityError } from '../error.ts'
import type { BlobCapabilityInfo, BlobLimits } from '../guarantees/info.ts'
import { checkSize, utf8Length } from '../limits.ts'
import { checkLimits } from '../numbers.ts'
import { cancelledRead, collect } from '../stream.ts'
import { systemClock } from '../system/clock.ts'
import { SortedKeys } from './sorted-keys.ts'

export interface MemoryBlobOptions {
  /** Dates the objects. Default the system clock. */
  readonly clock?: Clock
  /** Limits to state and enforce instead of the defaults. */
  readonly limits?: Partial<BlobLimits>
}

/** What `memoryBlobDriver` states of itself, but for its limits. */
export type MemoryBlobInfo = BlobCapabilityInfo & {
  readonly provider: 'memory'
  readonly consistency: 'strong'
  readonly durability: 'ephemeral'
  readonly features: {
    readonly createOnly: true
    readonly compareAndSwap: true
    readonly ranges: true
    readonly metadata: true
    readonly contentType: true
    readonly serverCopy: true
    readonly presign: false
  }
}

export const memoryBlobLimits: BlobLimits = {
  maxKeyBytes: 1024,
  maxObjectBytes: 256 * 1024 * 1024,
  maxMetadataBytes: 2048,
  maxListKeys: 1000,
  maxBulkKeys: 1000,
}

/** A blob store in memory. A put takes effect in one step, when the last byte is there. */
export function memoryBlobDriver(
  options: MemoryBlobOptions = {},
): BlobDriver & { readonly info: MemoryBlobInfo } {
  return new MemoryBlobDriver(options)
}

interface Stored {
  readonly object: BlobObject
  /** Never written to again: readers of an old version keep it whole. */
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Objects up to this size are opened as one array, larger ones as a stream. */
const smallBytes = 65_536

class MemoryBlobDriver implements BlobDriver {
  readonly info: MemoryBlobInfo
  readonly #clock: Clock
  readonly #objects = new Map<string, Stored>()
  readonly #sorted = new SortedKeys(this.#objects)
  /** Tells the etags of this store from those of the one before it, which a client's cache may still hold. */
  readonly #born: string
  #versions = 0

  constructor({ clock = systemClock, limits = {} }: MemoryBlobOptions) {
    checkLimits('memoryBlobDriver', limits)
    this.#clock = clock
    this.#born = Math.floor(clock.now()).toString(36)
    this.info = {
      provider: 'memory',
      consistency: 'strong',
      durability: 'ephemeral',
      limits: { ...memoryBlobLimits, ...limits },
      features: {
        createOnly: true,
        compareAndSwap: true,
        ranges: true,
        metadata: true,
        contentType: true,
        serverCopy: true,
        presign: false,
      },
      extensions: {},
    }
  }

  head(key: string): BlobObject | null {
    const stored = this.#objects.get(key)
    return stored === undefined ? null : copyOf(stored.object)
  }

  get(key: string, { range, ifMatch }: BlobDriverGet): OpenedBlob | null {
    const stored = this.#objects.get(key)
    if (stored === undefined) return null
    if (ifMatch !== undefined && stored.object.etag !== ifMatch) throw otherVersion()
    const { start, end } = resolveRange(range, stored.bytes.byteLength)
    const part = stored.bytes.subarray(start, end)
    const body = part.byteLength <= smallBytes ? part.slice() : piecewise(part, smallBytes)
    return { object: copyOf(stored.object), start, end, body }
  }

  async put(
    key: string,
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const where = { capability: 'blob', operation: 'put', key }
    const { maxKeyBytes, maxObjectBytes, maxMetadataBytes } = this.info.limits
    checkSize(utf8Length(key), maxKeyBytes, 'key', where)
    checkSize(utf8Length(Object.entries(put.metadata).flat().join('')), maxMetadataBytes, 'metadata', where)
    this.#checkConditions(key, put)
    const bytes =
      body instanceof Uint8Array
        ? body
        : await beforeApplying(() => collect(body, maxObjectBytes, where, put.signal, put.size))
    checkSize(bytes.byteLength, maxObjectBytes, 'body', where)
    if (put.signal?.aborted) throw notApplied(cancelledRead(put.signal, where))
    this.#checkConditions(key, put)
    return this.#publish(key, bytes, put.contentType, put.metadata)
  }

  delete(key: string): void {
    if (this.#objects.delete(key)) this.#sorted.remove(key)
  }

  deleteMany(keys: readonly string[]): void {
    for (const key of keys) this.delete(key)
  }

  copy(from: string, to: string): BlobObject | null {
    const stored = this.#objects.get(from)
    if (stored === undefined) return null
    return this.#publish(to, stored.bytes, stored.object.contentType, stored.object.metadata)
  }

  list({ prefix, delimiter, cursor, limit }: BlobDriverList): BlobDriverPage {
    const sorted = this.#sorted.sorted()
    const objects: BlobListed[] = []
    const prefixes: string[] = []
    const place = cursor === undefined ? undefined : decodeCursor(cursor)
    let last = ''
    let i = firstIndex(
      sorted,
      (key) => compareUtf8(key, prefix) >= 0 && (place === undefined || isAfter(key, place)),
    )
    while (i < sorted.length) {
      const key = sorted[i] as string
      if (!key.startsWith(prefix)) break
      if (objects.length + prefixes.length === limit) return { objects, prefixes, cursor: encodeCursor(last) }
      const cut = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
      if (delimiter === undefined || cut === -1) {
        const { object } = this.#objects.get(key) as Stored
        objects.push({
          key,
          size: object.size,
          etag: object.etag,
          lastModified: new Date(object.lastModified),
        })
        last = `${keyMark}${key}`
        i += 1
      } else {
        const group = key.slice(0, cut + delimiter.length)
        prefixes.push(group)
        last = `${groupMark}${group}`
        i = firstIndex(sorted, (candidate) => isAfter(candidate, last))
      }
    }
    return { objects, prefixes }
  }

  #checkConditions(key: string, { ifMatch, ifNoneMatch }: BlobDriverPut): void {
    const stored = this.#objects.get(key)
    if (ifNoneMatch !== undefined && stored !== undefined) {
      throw new CapabilityError('AlreadyExists', 'an object is there already; it was left as it is')
    }
    if (ifMatch !== undefined && stored?.object.etag !== ifMatch) throw otherVersion()
  }

  #publish(
    key: string,
    bytes: Uint8Array<ArrayBuffer>,
    contentType: string | null,
    metadata: Readonly<Record<string, string>>,
  ): BlobObject {
    this.#versions += 1
    const object: BlobObject = {
      key,
      size: bytes.byteLength,
      etag: `${this.#born}-${this.#versions.toString(36)}`,
      contentType,
      metadata: { ...metadata },
      lastModified: new Date(this.#clock.now()),
    }
    if (!this.#objects.has(key)) this.#sorted.add(key)
    this.#objects.set(key, { object, bytes })
    return copyOf(object)
  }
}

/** A cursor's place is a key, or a group of keys that was reported as one prefix. */
const keyMark = 'k'
const groupMark = 'g'

function isAfter(key: string, place: string): boolean {
  const mark = place.slice(1)
  return compareUtf8(key, mark) > 0 && !(place.startsWith(groupMark) && key.startsWith(mark))
}

function otherVersion(): CapabilityError {
  return new CapabilityError('ConditionNotMatch', 'the object has another version; read it again')
}

function copyOf(object: BlobObject): BlobObject {
  return { ...object, metadata: { ...object.metadata }, lastModified: new Date(object.lastModified) }
}
