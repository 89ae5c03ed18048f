/** What the nodes of `storage` take and yield. */
import type { JsonValue, StorageContent, StorageEntry } from '@flowport/capabilities/storage'
import type { ByteSource } from '../body.ts'
import type { ReadAs } from './read-content.ts'

/** What every node that takes a URI takes with it. */
export interface Located {
  /** Such as `opfs://reports/2030.csv`. */
  readonly uri: string
  /** What a URI without a scheme is put behind, such as `opfs://`. Default none: such a URI is refused. */
  readonly base?: string
}

export interface StorageReadTyped extends Located {
  /** Most bytes to hold in memory; a longer file is `LimitExceeded`. Default 16 MiB. */
  readonly maxBytes?: number
}

export interface StorageReadInput extends StorageReadTyped {
  /** Default `'text'`. */
  readonly as?: ReadAs
}

export interface StorageWriteInput extends Located {
  /**
   * Text, bytes, a `Blob`, a stream or the body of a request; what else JSON has is stored as JSON. `null`, which is what a
   * node yields that did not run, is `InvalidInput`.
   */
  readonly content: StorageContent | JsonValue | ReadableStream<Uint8Array> | ByteSource
  /** Default: what the name's extension says, else none. */
  readonly contentType?: string
}

export interface StorageCopyInput {
  readonly from: string
  readonly to: string
  /** What a URI without a scheme is put behind, such as `opfs://`. Default none: such a URI is refused. */
  readonly base?: string
}

export interface StorageListInput extends Located {
  /** Default false: what is directly below, folders told once. */
  readonly recursive?: boolean
  /** Most entries, from 1 to 1000. Default 1000. */
  readonly limit?: number
  /** Of the page before. */
  readonly cursor?: string
}

export interface StorageDeleteInput extends Located {
  /** Deletes all below the URI too. Default false. */
  readonly recursive?: boolean
}

/** A file or folder as JSON. */
export interface StorageEntryJson extends Omit<StorageEntry, 'lastModified'> {
  /** ISO 8601. */
  readonly lastModified: string | null
}

export interface StorageFileJson extends StorageEntryJson {
  readonly contentType: string | null
}

export interface StorageListed {
  readonly entries: readonly StorageEntryJson[]
  readonly listComplete: boolean
  /** Present exactly when `listComplete` is false. */
  readonly cursor?: string
}

export interface StorageCopiedFile {
  readonly from: string
  readonly to: string
  /** Bytes. */
  readonly size: number
}
