/** A blob store over a key-value store: the content is the value, what is known of it the metadata. `KeyValue` is the next stop. */
import { createBlobStore } from '../blob/blob-store.ts'
import type { BlobListed, BlobObject, BlobStore } from '../blob/contract.ts'
import type {
  BlobDriver,
  BlobDriverGet,
  BlobDriverList,
  BlobDriverPage,
  BlobDriverPut,
  OpenedBlob,
} from '../blob/driver.ts'
import { resolveRange } from '../blob/range.ts'
import type { Clock } from '../clock/contract.ts'
import { decodeCursor, encodeCursor } from '../cursor.ts'
import { CapabilityError } from '../error.ts'
import type { BlobCapabilityInfo } from '../guarantees/info.ts'
import type { KeyValue } from '../kv/contract.ts'
import type { DriverCall } from '../kv/driver.ts'
import { collect } from '../stream.ts'

export function kvStore(kv: KeyValue, clock: Pick<Clock, 'now'>): BlobStore {
  return createBlobStore(new KvBlobDriver(kv, clock))
}

/** Beside each value; short names, as stores count them. */
interface Kept {
  readonly size: number
  readonly etag: string
  readonly at: number
  readonly type?: string
  readonly meta?: Readonly<Record<string, string>>
}

class KvBlobDriver implements BlobDriver {
  readonly info: BlobCapabilityInfo
  readonly #kv: KeyValue
  readonly #clock: Pick<Clock, 'now'>

  constructor(kv: KeyValue, clock: Pick<Clock, 'now'>) {
    const { provider, consistency, durability, limits, features } = kv.info
    this.#kv = kv
    this.#clock = clock
    this.info = {
      provider: `kv-${provider}`,
      consistency,
      durability,
      limits: {
        maxKeyBytes: limits.maxKeyBytes,
        maxObjectBytes: limits.maxValueBytes,
        // Room for what is kept beside the user's own.
        maxMetadataBytes: Math.max(0, limits.maxMetadataBytes - keptBytes),
        maxListKeys: limits.maxListKeys,
        maxBulkKeys: limits.maxBulkKeys,
      },
      features: {
        createOnly: features.conditional,
        compareAndSwap: false,
        ranges: true,
        metadata: features.metadata,
        contentType: features.metadata,
        serverCopy: false,
        presign: false,
        list: features.list,
      },
      extensions: {},
    }
  }

  async head(key: string, call: DriverCall): Promise<BlobObject | null> {
    return (await this.#read(key, call))?.object ?? null
  }

  async get(key: string, { range, ifMatch, signal }: BlobDriverGet): Promise<OpenedBlob | null> {
    const found = await this.#read(key, { signal })
    if (found === null) return null
    const { object, bytes } = found
    if (ifMatch !== undefined && object.etag !== ifMatch)
      throw new CapabilityError('ConditionNotMatch', 'the file has another version; read it again')
    const { start, end } = resolveRange(range, object.size)
    return { object, start, end, body: bytes.slice(start, end) }
  }

  async put(
    key: string,
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    { contentType, metadata, ifNoneMatch, signal }: BlobDriverPut,
  ): Promise<BlobObject> {
    const where = { capability: 'kv', operation: 'put', key }
    const bytes =
      body instanceof Uint8Array ? body : await collect(body, this.info.limits.maxObjectBytes, where, signal)
    const kept: Kept = {
      size: bytes.byteLength,
      etag: await etagOf(bytes),
      at: this.#clock.now(),
      ...(contentType === null ? {} : { type: contentType }),
      ...(Object.keys(metadata).length === 0 ? {} : { meta: metadata }),
    }
    await this.#kv.put(key, bytes, {
      signal,
      ...(this.info.features.metadata ? { metadata: { ...kept } } : {}),
      ...(ifNoneMatch === '*' ? { ifAbsent: true } : {}),
    })
    return objectOf(key, kept)
  }

  async delete(key: string, { signal }: DriverCall): Promise<void> {
    await this.#kv.delete(key, { signal })
  }

  async deleteMany(keys: readonly string[], { signal }: DriverCall): Promise<void> {
    await this.#kv.deleteMany(keys, { signal })
  }

  async list({ prefix, delimiter, cursor, limit, signal }: BlobDriverList): Promise<BlobDriverPage> {
    // A folder may go on over pages of the store below: it is told on the first of them.
    let [inner, told] = cursor === undefined ? [undefined, ''] : placeIn(cursor)
    for (;;) {
      const page = await this.#kv.list({
        prefix,
        limit,
        signal,
        ...(inner === undefined ? {} : { cursor: inner }),
      })
      const objects: BlobListed[] = []
      const prefixes: string[] = []
      for (const { key, metadata } of page.keys) {
        const at = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length)
        const group = key.slice(0, at + (delimiter?.length ?? 0))
        if (at < 0) {
          // What others put there, or a store without metadata: only the value tells.
          const object = isKept(metadata) ? objectOf(key, metadata) : await this.head(key, { signal })
          if (object !== null) objects.push(object)
        } else if (group !== told) {
          told = group
          prefixes.push(group)
        }
      }
      inner = page.cursor
      if (inner === undefined) return { objects, prefixes }
      if (objects.length + prefixes.length > 0)
        return { objects, prefixes, cursor: encodeCursor(JSON.stringify([inner, told])) }
    }
  }

  async #read(key: string, { signal }: DriverCall) {
    const entry = await this.#kv.getWithMetadata(key, { as: 'bytes', signal })
    if (entry === null) return null
    const { value: bytes, metadata } = entry
    const kept =
      isKept(metadata) && metadata.size === bytes.byteLength
        ? metadata
        : { size: bytes.byteLength, etag: await etagOf(bytes), at: 0 }
    return { object: objectOf(key, kept), bytes }
  }
}

function objectOf(
  key: string,
  { size, etag, at, type = null, meta = {} }: Kept | (Omit<Kept, 'type'> & { type?: null }),
): BlobObject {
  return { key, size, etag, contentType: type, metadata: meta, lastModified: new Date(at) }
}

function placeIn(cursor: string): [string, string] {
  const [inner, told] = JSON.parse(decodeCursor(cursor)) as [string, string]
  return [inner, told]
}

function isKept(metadata: unknown): metadata is Kept {
  if (typeof metadata !== 'object' || metadata === null) return false
  const { size, etag, at } = metadata as Partial<Record<keyof Kept, unknown>>
  return typeof size === 'number' && typeof etag === 'string' && typeof at === 'number'
}

async function etagOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
  return Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

const keptBytes = 256
