/** The storage contract: what a node may do with `storage`, which is addressed by URI over any number of stores. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { BlobProgressListener, ByteRange } from '../blob/contract.ts'
import type { PlainCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

/** What is known of one file or folder. */
export interface StorageEntry {
  /** Of the file or folder; a folder's ends in `/`. */
  readonly uri: string
  /** Last segment, without a slash. */
  readonly name: string
  readonly kind: 'file' | 'folder'
  /** Bytes; `null` of a folder. */
  readonly size: number | null
  readonly etag: string | null
  readonly lastModified: Date | null
}

/** What `stat` tells beside what a listing does. */
export interface StorageFile extends StorageEntry {
  readonly contentType: string | null
  readonly metadata: Readonly<Record<string, string>>
}

export interface StorageReadOptions extends CallOptions {
  readonly range?: ByteRange
  /** Told the bytes handed on so far. */
  readonly onProgress?: BlobProgressListener
}

export interface StorageWriteOptions extends CallOptions {
  /** Default: what the name's extension says, else none. */
  readonly contentType?: string
  readonly metadata?: Readonly<Record<string, string>>
  /** `true`: create only, else `AlreadyExists`. Default false. */
  readonly createOnly?: boolean
  /** Length of a stream in bytes, where it is known. */
  readonly size?: number
  readonly onProgress?: BlobProgressListener
}

export interface StorageListOptions extends CallOptions {
  /** Default false: what is directly below, folders told once. */
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

/** What `write` takes. What is neither text, bytes nor a `Blob` is stored as JSON. */
export type StorageContent = string | Uint8Array | Blob | JsonObject | JsonArray

export type JsonValue = string | number | boolean | null | JsonObject | JsonArray
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined
}
export type JsonArray = readonly JsonValue[]

/** Reading side of URI storage: what a node gets for `uses: { storage: 'read' }`. What is absent is `NotFound`. */
export interface UriStorageReader {
  readonly info: PlainCapabilityInfo
  /** As text. Bytes that are not UTF-8 are `Corrupt`. */
  read(uri: string, options?: StorageReadOptions): Promise<string>
  readBytes(uri: string, options?: StorageReadOptions): Promise<Uint8Array<ArrayBuffer>>
  /** Parsed, and validated where a schema is given; what does not fit is `Corrupt`. */
  readJson(uri: string, options?: StorageReadOptions): Promise<JsonValue>
  readJson<S extends StandardSchemaV1>(
    uri: string,
    options: StorageReadOptions & { readonly schema: S },
  ): Promise<StandardSchemaV1.InferOutput<S>>
  /** At the pace of its reader, with constant memory. */
  stream(uri: string, options?: StorageReadOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>
  /** One page of what is below the URI; an empty page where nothing is. */
  list(uri: string, options?: StorageListOptions): Promise<StorageListPage>
  /** Every entry, page after page; never truncated. */
  entries(uri: string, options?: Omit<StorageListOptions, 'cursor' | 'limit'>): AsyncIterable<StorageEntry>
  exists(uri: string, options?: CallOptions): Promise<boolean>
  /** Of a file, or of a folder: where something is below the URI, or on disk where there is an empty one. */
  stat(uri: string, options?: CallOptions): Promise<StorageFile>
  /** Digest of the content in hexadecimal. */
  hash(uri: string, options?: StorageHashOptions): Promise<string>
}

/** URI storage: what a node gets for `uses: { storage: 'write' }`. */
export interface UriStorage extends UriStorageReader {
  /** Stores the whole file or nothing. */
  write(uri: string, content: StorageContent, options?: StorageWriteOptions): Promise<StorageFile>
  writeStream(
    uri: string,
    stream: ReadableStream<Uint8Array>,
    options?: StorageWriteOptions,
  ): Promise<StorageFile>
  /** Deleting what is absent is no error. `recursive` (default false) deletes all below the URI too. */
  delete(uri: string, options?: CallOptions & { readonly recursive?: boolean }): Promise<void>
  /** Within a store at the store where it can; else streams, whole or not at all. */
  copy(from: string, to: string, options?: StorageCopyOptions): Promise<StorageCopied>
  /** Copies, then deletes the source once the copy is whole. */
  move(from: string, to: string, options?: StorageCopyOptions): Promise<StorageCopied>
  /** Stores without folders need none: there it does nothing. */
  mkdir(uri: string, options?: CallOptions): Promise<void>
}
