/** The storage contract: the calls a node can make on `storage`, which addresses files by URI over any number of stores. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { BlobProgressListener, ByteRange } from '../blob/contract.ts'
import type { PlainCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

/** One file or folder of a listing. */
export interface StorageEntry {
  /** URI of the file or folder. A folder's URI ends in `/`. */
  readonly uri: string
  /** Last segment, without a slash. */
  readonly name: string
  readonly kind: 'file' | 'folder'
  /** Bytes; `null` for a folder. */
  readonly size: number | null
  readonly etag: string | null
  readonly lastModified: Date | null
}

/** The answer of `stat`: a listing's entry with content type and metadata. */
export interface StorageFile extends StorageEntry {
  readonly contentType: string | null
  readonly metadata: Readonly<Record<string, string>>
}

export interface StorageReadOptions extends CallOptions {
  readonly range?: ByteRange
  /** Receives the number of bytes delivered so far. */
  readonly onProgress?: BlobProgressListener
}

export interface StorageWriteOptions extends CallOptions {
  /**
   * Default: the `Blob`'s own type, else the type of the name's extension, else `application/json` for JSON content, else
   * none.
   */
  readonly contentType?: string
  readonly metadata?: Readonly<Record<string, string>>
  /** `true`: create only, else `AlreadyExists`. Default false. */
  readonly createOnly?: boolean
  /** Length of a stream in bytes. Default: unknown. */
  readonly size?: number
  readonly onProgress?: BlobProgressListener
}

export interface StorageListOptions extends CallOptions {
  /** `true`: all files below the URI. Default false: only direct children, each folder listed one time. */
  readonly recursive?: boolean
  /** Most entries in the page. Default 1000. */
  readonly limit?: number
  readonly cursor?: string
}

export interface StorageListPage {
  /** In UTF-8 byte order of the URI. */
  readonly entries: readonly StorageEntry[]
  readonly listComplete: boolean
  /** Present exactly when `listComplete` is false. */
  readonly cursor?: string
}

export interface StorageCopyOptions extends CallOptions {
  readonly onProgress?: BlobProgressListener
}

export interface StorageCopied {
  /** Bytes. */
  readonly size: number
}

export interface StorageHashOptions extends CallOptions {
  /** Default `'sha256'`. */
  readonly algorithm?: 'sha256' | 'sha384' | 'sha512' | 'md5'
  readonly onProgress?: BlobProgressListener
}

/** The content that `write` accepts. An object or array is stored as JSON. */
export type StorageContent = string | Uint8Array | Blob | JsonObject | JsonArray

export type JsonValue = string | number | boolean | null | JsonObject | JsonArray
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined
}
export type JsonArray = readonly JsonValue[]

/** Reading side of URI storage, for nodes with `uses: { storage: 'read' }`. Absent files throw `NotFound`. */
export interface UriStorageReader {
  readonly info: PlainCapabilityInfo
  /** Resolves the content as text. Throws `Corrupt` when the bytes are not UTF-8. */
  read(uri: string, options?: StorageReadOptions): Promise<string>
  readBytes(uri: string, options?: StorageReadOptions): Promise<Uint8Array<ArrayBuffer>>
  /** Resolves the parsed JSON, validated by `schema` if given. Throws `Corrupt` when it does not parse or validate. */
  readJson(uri: string, options?: StorageReadOptions): Promise<JsonValue>
  readJson<S extends StandardSchemaV1>(
    uri: string,
    options: StorageReadOptions & { readonly schema: S },
  ): Promise<StandardSchemaV1.InferOutput<S>>
  /** Streams the content with backpressure and constant memory. */
  stream(uri: string, options?: StorageReadOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>
  /** One page of the entries below the URI; an empty page when it has no entries. */
  list(uri: string, options?: StorageListOptions): Promise<StorageListPage>
  /** Every entry, page after page; never truncated. */
  entries(uri: string, options?: Omit<StorageListOptions, 'cursor' | 'limit'>): AsyncIterable<StorageEntry>
  exists(uri: string, options?: CallOptions): Promise<boolean>
  /**
   * Describes a file or a folder. A folder exists when the URI has files below it; stores with real folders, such as a disk,
   * report empty folders too.
   */
  stat(uri: string, options?: CallOptions): Promise<StorageFile>
  /** Digest of the content in hexadecimal. */
  hash(uri: string, options?: StorageHashOptions): Promise<string>
}

/** URI storage, for nodes with `uses: { storage: 'write' }`. */
export interface UriStorage extends UriStorageReader {
  /** Stores the whole file or nothing. */
  write(uri: string, content: StorageContent, options?: StorageWriteOptions): Promise<StorageFile>
  writeStream(
    uri: string,
    stream: ReadableStream<Uint8Array>,
    options?: StorageWriteOptions,
  ): Promise<StorageFile>
  /** Deletes a file. Deleting an absent file is no error. `recursive` (default false) also deletes all files below the URI. */
  delete(uri: string, options?: CallOptions & { readonly recursive?: boolean }): Promise<void>
  /** Copies the whole file or nothing. Uses the store's own copy within one store that has it, else streams the bytes. */
  copy(from: string, to: string, options?: StorageCopyOptions): Promise<StorageCopied>
  /** Copies the file, then deletes the source after the copy is complete. */
  move(from: string, to: string, options?: StorageCopyOptions): Promise<StorageCopied>
  /** Creates the folder and its parents. Does nothing on stores without real folders. */
  mkdir(uri: string, options?: CallOptions): Promise<void>
}
