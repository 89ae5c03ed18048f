/** The blob driver over the R2 binding of a Worker: reading, deleting, listing. `BindingPuts` is the next stop of a put. */
import {
  type BlobDriver,
  type BlobDriverGet,
  type BlobDriverList,
  type BlobDriverPage,
  type BlobDriverPut,
  type BlobObject,
  type BlobPresignOptions,
  CapabilityError,
  decodeCursor,
  type DriverCall,
  encodeCursor,
  type Logger,
  type OpenedBlob,
  resolveRange,
} from '@flowport/capabilities'
import type { FixedLengthClass } from '../object-http/fixed-length.ts'
import { BindingPuts, blobObjectOf, type R2WriteOptions } from './binding-puts.ts'
import type { R2BucketLike, R2GetOptionsLike, R2ObjectLike } from './binding.ts'
import { r2InfoWith } from './info.ts'
import { checkR2Key } from './key.ts'
import { codeOf, invalidRange, translated } from './translate-error.ts'

export interface R2BindingDriverOptions {
  readonly bucket: R2BucketLike
  readonly log: Pick<Logger, 'warn'>
  /** Bytes of a part. */
  readonly partBytes: number
  /** Makes URLs, where there are credentials. */
  readonly presign?: BlobDriver['presign'] | undefined
  /** Gives a stream its length. Default: the platform's `FixedLengthStream`, where it has one. */
  readonly fixedLength?: FixedLengthClass | undefined
  /** Largest body of one put. Default: R2's. */
  readonly maxUploadBytes?: number
  /** What every put carries. Default nothing. */
  readonly write?: R2WriteOptions
}

export class R2BindingDriver implements BlobDriver {
  readonly info: BlobDriver['info']
  readonly presign?: NonNullable<BlobDriver['presign']>
  readonly #bucket: R2BucketLike
  readonly #puts: BindingPuts

  constructor(options: R2BindingDriverOptions) {
    const { bucket, presign } = options
    this.info = r2InfoWith({ presign: presign !== undefined })
    this.#bucket = bucket
    this.#puts = new BindingPuts(options)
    if (presign !== undefined) {
      this.presign = (key: string, how: BlobPresignOptions) => {
        checkR2Key(key)
        return presign(key, how)
      }
    }
  }

  async head(key: string, _call: DriverCall): Promise<BlobObject | null> {
    const object = await this.details(key)
    return object === null ? null : blobObjectOf(object)
  }

  /** All R2 tells of an object, or `null`. */
  details(key: string): Promise<R2ObjectLike | null> {
    checkR2Key(key)
    return translated(() => this.#bucket.head(key))
  }

  async get(key: string, { range, ifMatch }: BlobDriverGet): Promise<OpenedBlob | null> {
    checkR2Key(key)
    const options: R2GetOptionsLike = {
      ...(range === undefined ? {} : { range }),
      ...(ifMatch === undefined ? {} : { onlyIf: { etagMatches: ifMatch } }),
    }
    const found = await translated(() =>
      this.#bucket.get(key, options).catch((error: unknown) => this.#outOfRange(key, range, error)),
    )
    if (found === null) return null
    if (!('body' in found)) {
      throw new CapabilityError('ConditionNotMatch', 'the object has another version; read it again')
    }
    return { object: blobObjectOf(found), ...resolveRange(range, found.size), body: found.body }
  }

  put(
    key: string,
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    checkR2Key(key)
    return translated(() =>
      body instanceof Uint8Array ? this.#puts.whole(key, body, put) : this.#puts.stream(key, body, put),
    )
  }

  delete(key: string): Promise<void> {
    checkR2Key(key)
    return translated(() => this.#bucket.delete(key))
  }

  async deleteMany(keys: readonly string[]): Promise<void> {
    for (const key of keys) checkR2Key(key)
    await translated(() => this.#bucket.delete([...keys]))
  }

  /** R2 may end a page early, even with nothing on it; only its cursor says that there is no more. */
  async list({ prefix, delimiter, cursor, limit, signal }: BlobDriverList): Promise<BlobDriverPage> {
    let place = cursor === undefined ? undefined : decodeCursor(cursor)
    for (;;) {
      signal?.throwIfAborted()
      const options = {
        prefix,
        limit,
        ...(delimiter === undefined ? {} : { delimiter }),
        ...(place === undefined ? {} : { cursor: place }),
      }
      const page = await translated(() => this.#bucket.list(options))
      const objects = page.objects.map(({ key, size, etag, uploaded }) => ({
        key,
        size,
        etag,
        lastModified: uploaded,
      }))
      const prefixes = page.delimitedPrefixes
      if (!page.truncated || page.cursor === undefined) return { objects, prefixes }
      if (objects.length + prefixes.length > 0) {
        return { objects, prefixes, cursor: encodeCursor(page.cursor) }
      }
      place = page.cursor
    }
  }

  async check(): Promise<void> {
    await translated(() => this.#bucket.list({ limit: 1 }))
  }

  /** Tells a range past the end by the object's size, which some versions of R2 answer as a failure of their own. */
  async #outOfRange(key: string, range: BlobDriverGet['range'], error: unknown): Promise<never> {
    const code = codeOf(error)
    if (range !== undefined && (code === invalidRange || code === 0)) {
      const object = await this.#bucket.head(key)
      if (object !== null) resolveRange(range, object.size)
    }
    throw error
  }
}
