/**
 * A twin of Cloudflare R2: a bucket in memory that does what the deployed service does and the local emulator does not.
 * Give it to the preset as its binding, and a test meets production's refusals.
 */
import type { Clock } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import { md5 } from '@noble/hashes/legacy.js'
import type {
  R2BucketLike,
  R2GetOptionsLike,
  R2ListLike,
  R2ListOptionsLike,
  R2MultipartOptionsLike,
  R2ObjectBodyLike,
  R2ObjectLike,
  R2PutOptionsLike,
  R2UploadLike,
} from '../../cloudflare-r2/binding.ts'
import { r2Info } from '../../cloudflare-r2/info.ts'
import { toHex } from '../../object-http/encode.ts'
import { platformFixedLength } from '../../object-http/fixed-length.ts'
import { listPage } from './cloudflare-r2-list.ts'
import {
  checkObject,
  holds,
  knownLengths,
  r2Error,
  type StoredObject,
  stored,
  told,
  toldWithBody,
} from './cloudflare-r2-objects.ts'
import { TwinUploads } from './cloudflare-r2-uploads.ts'

export { FixedLengthStreamTwin } from './cloudflare-r2-objects.ts'

export interface CloudflareR2TwinOptions {
  /** Decides versions, and where listings end early. The same seed does the same. Default 1. */
  readonly seed?: number
  /** Dates objects and measures the pace of writes. Default the system clock. */
  readonly clock?: Pick<Clock, 'now'>
  /** Writes a second that one key takes; more are refused with code 10058. `Infinity` for any number. Default 1. */
  readonly writesPerSecondPerKey?: number
  /** Whether listings end early now and then. Default true. */
  readonly shortPages?: boolean
  /** Bytes of metadata a page of a listing holds where metadata is asked for. Default 131 072. */
  readonly listMetadataBytes?: number
  /** Asked before every call: R2's error code to fail it with, such as 10001, or `undefined`. Default never. */
  readonly fault?: (operation: string, key: string | undefined) => number | undefined
}

export interface CloudflareR2Twin extends R2BucketLike {
  /** Keys of multipart uploads that nobody has completed or aborted. */
  pendingUploads(): string[]
}

/** An empty bucket. */
export function cloudflareR2Twin(options: CloudflareR2TwinOptions = {}): CloudflareR2Twin {
  return new R2Twin(options)
}

class R2Twin implements CloudflareR2Twin {
  readonly #options: CloudflareR2TwinOptions
  /** By the composed form of their keys, as R2 keeps them. */
  readonly #objects = new Map<string, StoredObject>()
  readonly #lastWrite = new Map<string, number>()
  readonly #uploads: TwinUploads
  #state: number
  #names = 0

  constructor(options: CloudflareR2TwinOptions) {
    this.#options = options
    this.#state = ((options.seed ?? 1) * 2_654_435_761) >>> 0 || 1
    this.#uploads = new TwinUploads({
      now: () => this.#now(),
      name: () => this.#name(),
      step: (operation, key) => this.#step(operation, key),
      finish: (upload) => {
        this.#paced('completeMultipartUpload', upload.key)
        return this.#keep({ ...upload, checksums: {} })
      },
    })
  }

  pendingUploads(): string[] {
    return this.#uploads.keys()
  }

  async head(key: string): Promise<R2ObjectLike | null> {
    this.#step('head', key)
    const kept = this.#find(key)
    return kept === undefined ? null : told(kept)
  }

  async get(key: string, options: R2GetOptionsLike = {}): Promise<R2ObjectLike | R2ObjectBodyLike | null> {
    this.#step('get', key)
    const kept = this.#find(key)
    if (kept === undefined) return null
    const { range, onlyIf } = options
    if (onlyIf !== undefined && !holds(kept, onlyIf)) return told(kept)
    const { size } = kept.object
    if (range === undefined) return toldWithBody(kept, 0, size)
    const start = 'suffix' in range ? Math.max(0, size - range.suffix) : range.offset
    if (start >= size) throw r2Error('get', 'The requested range is not satisfiable', 10039)
    const end = 'suffix' in range ? size : Math.min(size, start + (range.length ?? size))
    return toldWithBody(kept, start, end)
  }

  async put(
    key: string,
    value: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    options: R2PutOptionsLike = {},
  ): Promise<R2ObjectLike | null> {
    this.#step('put', key)
    checkObject('put', key, options)
    const bytes = value instanceof ReadableStream ? await readKnown(value) : new Uint8Array(value)
    const { onlyIf, sha256 } = options
    if (onlyIf !== undefined && !holds(this.#find(key), onlyIf)) return null
    if (sha256 !== undefined && sha256.toLowerCase() !== (await sha256Hex(bytes))) {
      throw r2Error('put', 'The SHA-256 checksum you specified did not match what we received.', 10037)
    }
    // Once more: another write may have come while the digest was made.
    if (onlyIf !== undefined && !holds(this.#find(key), onlyIf)) return null
    this.#paced('put', key)
    const digest = md5(bytes)
    return this.#keep({ ...options, key, bytes, etag: toHex(digest), checksums: { md5: digest.buffer } })
  }

  async createMultipartUpload(key: string, options: R2MultipartOptionsLike = {}): Promise<R2UploadLike> {
    this.#step('createMultipartUpload', key)
    checkObject('createMultipartUpload', key, options)
    return this.#uploads.begin(key, options)
  }

  async delete(keys: string | string[]): Promise<void> {
    const all = typeof keys === 'string' ? [keys] : keys
    this.#step('delete', typeof keys === 'string' ? keys : undefined)
    const { maxBulkKeys } = r2Info.limits
    if (all.length > maxBulkKeys)
      throw r2Error('delete', `At most ${maxBulkKeys} keys can be deleted at once.`)
    for (const key of all) checkObject('delete', key)
    for (const key of all) this.#objects.delete(key.normalize('NFC'))
  }

  async list(options: R2ListOptionsLike = {}): Promise<R2ListLike> {
    this.#step('list', undefined)
    const { shortPages = true, listMetadataBytes = 131_072 } = this.#options
    const most = (limit: number) => (shortPages ? 1 + Math.floor(this.#random() * limit) : limit)
    return listPage([...this.#objects.values()], options, most, listMetadataBytes)
  }

  #find(key: string): StoredObject | undefined {
    return this.#objects.get(key.normalize('NFC'))
  }

  #keep(made: Omit<Parameters<typeof stored>[0], 'version' | 'now'>): R2ObjectLike {
    const kept = stored({ ...made, version: this.#name(), now: this.#now() })
    this.#objects.set(made.key.normalize('NFC'), kept)
    return told(kept)
  }

  #step(operation: string, key: string | undefined): void {
    const code = this.#options.fault?.(operation, key)
    if (code !== undefined) throw r2Error(operation, 'The twin was asked to fail.', code)
  }

  /** https://developers.cloudflare.com/r2/platform/limits/ */
  #paced(operation: string, key: string): void {
    const { writesPerSecondPerKey = 1 } = this.#options
    const name = key.normalize('NFC')
    const last = this.#lastWrite.get(name)
    if (last !== undefined && this.#now() - last < 1000 / writesPerSecondPerKey) {
      throw r2Error(operation, 'Reduce your concurrent request rate for the same object.', 10058)
    }
    this.#lastWrite.set(name, this.#now())
  }

  #now(): number {
    return (this.#options.clock ?? systemClock).now()
  }

  #name(): string {
    this.#names += 1
    return `${Math.floor(this.#random() * 2 ** 32)
      .toString(16)
      .padStart(8, '0')}${this.#names.toString(16)}`
  }

  /** In [0, 1), from the seed. */
  #random(): number {
    this.#state ^= this.#state << 13
    this.#state ^= this.#state >>> 17
    this.#state ^= this.#state << 5
    return (this.#state >>> 0) / 2 ** 32
  }
}

/** Where the platform has streams of known length itself, they cannot be told from others. */
async function readKnown(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
  if (!knownLengths.has(stream) && platformFixedLength() === undefined) {
    throw new TypeError(
      'Provided readable stream must have a known length (request/response body or readable half of FixedLengthStream)',
    )
  }
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}
