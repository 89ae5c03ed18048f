/** The blob contract: the calls a node can make on `blob`. `blobConformance` tests its promises. */
import type { BlobCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

/** The properties of a stored object, without its content. */
export interface BlobObject {
  readonly key: string
  /** Bytes. */
  readonly size: number
  /** Opaque version without quotes; changes with the content. */
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

/** Progress of a transfer, in bytes. */
export interface BlobProgress {
  readonly bytes: number
  /** Absent when the length is unknown. */
  readonly total?: number
}

/** Called during a transfer. If it throws during the transfer of a stream, the transfer fails. */
export type BlobProgressListener = (progress: BlobProgress) => void

export interface BlobGetOptions extends CallOptions {
  /** Reads a part. A range that starts at or after the end is `RangeNotSatisfied`; a range past the end is shortened. */
  readonly range?: ByteRange
  /** Read only this version, else `ConditionNotMatch`. */
  readonly ifMatch?: string
  /** Receives the number of bytes delivered to the reader so far; `total` is the length of the part that is read. */
  readonly onProgress?: BlobProgressListener
}

/** An opened object. Read it one time, in one form, or `cancel()` it; a second read is `InvalidInput`. */
export interface BlobHandle extends AsyncDisposable {
  readonly object: BlobObject
  /** The bytes this handle yields: `[start, end)` of the object. */
  readonly start: number
  readonly end: number
  text(): Promise<string>
  /** `Corrupt` when the bytes are not JSON. */
  json(): Promise<unknown>
  bytes(): Promise<Uint8Array<ArrayBuffer>>
  /** Streams with backpressure. Errors with `Cancelled` when the signal given to `get` fires. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>>
  /** Cancels the rest of the read, including a stream that `stream()` returned. */
  cancel(): Promise<void>
}

export interface BlobListOptions extends CallOptions {
  readonly prefix?: string
  /** Groups keys that share the text after the prefix up to the delimiter. Each group is listed one time, in `prefixes`. */
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

/** The content that `put` accepts. A stream is read with backpressure and needs no known length. */
export type BlobBody = string | Uint8Array | ReadableStream<Uint8Array> | Blob

export interface BlobPutOptions extends CallOptions {
  /** Default: the `Blob`'s own type, else none. `Unsupported` without `features.contentType`. */
  readonly contentType?: string
  /**
   * Names match `[a-z0-9-]+` and are stored in lower case; values are printable text without spaces at either end.
   * `Unsupported` without `features.metadata`. Default: no metadata.
   */
  readonly metadata?: Readonly<Record<string, string>>
  /** Replace only this version, else `ConditionNotMatch`. */
  readonly ifMatch?: string
  /** `'*'`: create only, else `AlreadyExists`. */
  readonly ifNoneMatch?: '*'
  /** Length in bytes, if known. A body of another length is `InvalidInput` and stores nothing. */
  readonly size?: number
  /** Most bytes to accept. A longer body is `LimitExceeded` and stores nothing. Default: the store's limit. */
  readonly maxBytes?: number
  /**
   * Receives the number of bytes that the store has read so far: after each chunk of a stream or `Blob`, and one time at the
   * end for text and bytes. A retry of a `Blob` starts again at 0.
   */
  readonly onProgress?: BlobProgressListener
}

export interface BlobPresignOptions extends CallOptions {
  readonly method: 'get' | 'put'
  /** Seconds for which the URL works. */
  readonly expiresInSeconds: number
}

/** Reading side of a blob store, for nodes with `uses: { blob: 'read' }`. */
export interface BlobReader {
  readonly info: BlobCapabilityInfo
  /** Resolves the properties of the object, or `null` when it is absent. */
  head(key: string, options?: CallOptions): Promise<BlobObject | null>
  /** Opens the object, or resolves `null` when it is absent. */
  get(key: string, options?: BlobGetOptions): Promise<BlobHandle | null>
  list(options?: BlobListOptions): Promise<BlobListPage>
  /** Every object under the prefix, page after page; never truncated. */
  entries(options?: Omit<BlobListOptions, 'cursor' | 'limit' | 'delimiter'>): AsyncIterable<BlobListed>
}

/** A blob store, for nodes with `uses: { blob: 'write' }`. */
export interface BlobStore extends BlobReader {
  /** Stores the whole object or nothing: after a failed or aborted put, the previous object is unchanged. */
  put(key: string, body: BlobBody, options?: BlobPutOptions): Promise<BlobObject>
  /** Deletes the object. Deleting an absent object is no error. */
  delete(key: string, options?: CallOptions): Promise<void>
  deleteMany(keys: readonly string[], options?: CallOptions): Promise<void>
  /** Copies content, content type and metadata; `NotFound` when `from` is absent. */
  copy(from: string, to: string, options?: CallOptions): Promise<BlobObject>
  /** A URL that works without credentials; `Unsupported` without `features.presign`. */
  presign(key: string, options: BlobPresignOptions): Promise<URL>
}
