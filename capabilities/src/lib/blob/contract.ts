/** The blob contract: what a node may do with `blob`. Its promises are the cases of `blobConformance`. */
import type { BlobCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

/** What is known of a stored object without reading it. */
export interface BlobObject {
  readonly key: string
  /** Bytes. */
  readonly size: number
  /** Opaque, without quotes; changes whenever the content does. */
  readonly etag: string
  readonly contentType: string | null
  /** User metadata; names are lower case. */
  readonly metadata: Readonly<Record<string, string>>
  readonly lastModified: Date
}

/**
 * Part of an object: `length` bytes from `offset` (to the end without `length`), or the last `suffix` bytes. An empty
 * object has no parts: every range of it is `RangeNotSatisfied`.
 */
export type ByteRange = { readonly offset: number; readonly length?: number } | { readonly suffix: number }

/** How far a transfer has come, in bytes. */
export interface BlobProgress {
  readonly bytes: number
  /** Absent where the length is not known. */
  readonly total?: number
}

/** Called in the course of a transfer. What it throws ends a transfer of a stream. */
export type BlobProgressListener = (progress: BlobProgress) => void

export interface BlobGetOptions extends CallOptions {
  /** Reads a part. One that starts at or after the end is `RangeNotSatisfied`; one that ends after it is cut. */
  readonly range?: ByteRange
  /** Read only this version, else `ConditionNotMatch`. */
  readonly ifMatch?: string
  /** Told the bytes handed on so far, as the reader takes them; `total` is what the handle yields. */
  readonly onProgress?: BlobProgressListener
}

/** An opened object. Read it once, in one form, or `cancel()` it; a second reading is `InvalidInput`. */
export interface BlobHandle extends AsyncDisposable {
  readonly object: BlobObject
  /** The bytes this handle yields: `[start, end)` of the object. */
  readonly start: number
  readonly end: number
  text(): Promise<string>
  /** `Corrupt` when the bytes are not JSON. */
  json(): Promise<unknown>
  bytes(): Promise<Uint8Array<ArrayBuffer>>
  /** Reads at the pace of its consumer. Errors with `Cancelled` when the signal given to `get` fires. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>
  /** Lets go of whatever has not been read, also of a stream that was handed out. */
  cancel(): Promise<void>
}

export interface BlobListOptions extends CallOptions {
  readonly prefix?: string
  /** Groups keys: what follows the prefix up to the delimiter is reported once, in `prefixes`. */
  readonly delimiter?: string
  readonly cursor?: string
  /** Most objects and prefixes in the page, 1 to `info.limits.maxListKeys`. Default: that maximum. */
  readonly limit?: number
}

export interface BlobListPage {
  /** In UTF-8 byte order of the key. `metadata` and `contentType` may be missing from a listing: use `head`. */
  readonly objects: readonly BlobListed[]
  readonly prefixes: readonly string[]
  readonly listComplete: boolean
  /** Present exactly when `listComplete` is false. */
  readonly cursor?: string
}

export type BlobListed = Pick<BlobObject, 'key' | 'size' | 'etag' | 'lastModified'>

/** What `put` takes. A stream is read at the store's pace and needs no known length. */
export type BlobBody = string | Uint8Array | ReadableStream<Uint8Array> | Blob

export interface BlobPutOptions extends CallOptions {
  /** Default: the `Blob`'s own type, else none. `Unsupported` where the store keeps none. */
  readonly contentType?: string
  /**
   * Names match `[a-z0-9-]+` and are kept in lower case; values are printable text without space at its ends.
   * `Unsupported` where the store keeps none.
   */
  readonly metadata?: Readonly<Record<string, string>>
  /** Replace only this version, else `ConditionNotMatch`. */
  readonly ifMatch?: string
  /** `'*'`: create only, else `AlreadyExists`. */
  readonly ifNoneMatch?: '*'
  /** Length in bytes where the caller knows it; another length is `InvalidInput` and stores nothing. */
  readonly size?: number
  /** Most bytes to accept from a stream, else `LimitExceeded` and nothing is stored. Default: the store's limit. */
  readonly maxBytes?: number
  /**
   * Told the bytes taken so far, as the store takes them: chunk by chunk of a stream or `Blob`, once at the end of text
   * and bytes. A `Blob` that is sent again counts from the start again.
   */
  readonly onProgress?: BlobProgressListener
}

export interface BlobPresignOptions extends CallOptions {
  readonly method: 'get' | 'put'
  /** Seconds the URL works. */
  readonly expiresInSeconds: number
}

/** Reading side of a blob store: what a node gets for `uses: { blob: 'read' }`. */
export interface BlobReader {
  readonly info: BlobCapabilityInfo
  /** What is stored under the key, or `null`. */
  head(key: string, options?: CallOptions): Promise<BlobObject | null>
  /** Opens the object, or resolves `null` when it is absent. */
  get(key: string, options?: BlobGetOptions): Promise<BlobHandle | null>
  list(options?: BlobListOptions): Promise<BlobListPage>
  /** Every object under the prefix, page after page; never truncated. */
  entries(options?: Omit<BlobListOptions, 'cursor' | 'limit' | 'delimiter'>): AsyncIterable<BlobListed>
}

/** A blob store: what a node gets for `uses: { blob: 'write' }`. */
export interface BlobStore extends BlobReader {
  /** Stores the whole object or nothing: a failed or aborted put leaves what was there before. */
  put(key: string, body: BlobBody, options?: BlobPutOptions): Promise<BlobObject>
  /** Deleting what is absent is no error. */
  delete(key: string, options?: CallOptions): Promise<void>
  deleteMany(keys: readonly string[], options?: CallOptions): Promise<void>
  /** Copies content, content type and metadata; `NotFound` when `from` is absent. */
  copy(from: string, to: string, options?: CallOptions): Promise<BlobObject>
  /** A URL that works without credentials; `Unsupported` without `features.presign`. */
  presign(key: string, options: BlobPresignOptions): Promise<URL>
}
