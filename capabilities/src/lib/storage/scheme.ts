/** What a provider supplies for one URI scheme: where a URI points, and the store it points into. */
import type { BlobStore } from '../blob/contract.ts'
import type { Clock } from '../clock/contract.ts'
import type { Awaitable } from '../kv/driver.ts'
import type { Logger } from '../logger.ts'

/** Credentials of one provider by field, such as `{ accessKeyId: …, secretAccessKey: … }`. */
export type Credentials = Readonly<Record<string, string>>

/** What a scheme is lent while it opens a store. */
export interface SchemeContext {
  /** Those set for the scheme's provider; else those its variables give; `null` where there are none. */
  readonly credentials: Credentials | null
  /** Variables of the environment; empty where there is none. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Logger
  readonly clock: Clock
}

/** Where a URI points: a store of the scheme, and a key in it. */
export interface UriPlace {
  /** Name of the store, such as a bucket; `''` where the scheme has one store only. */
  readonly store: string
  /** Raw, without percent-coding: the text of the URI. `''` for the store itself. */
  readonly key: string
}

/** One scheme of a storage. Each is an import of its own: a bundle holds what it names. */
export interface StorageScheme<S extends string = string> {
  /** Such as `'s3'`. */
  readonly scheme: S
  /** Whose credentials it takes, such as `'s3'`, `'gcs'`, `'azblob'`. Absent where it takes none. */
  readonly provider?: string
  /** Whether the first segment of the URI is the store's name (`'store'`), or of the key (`'key'`). */
  readonly authority: 'store' | 'key'
  /** Instead of `authority`, where that does not tell: reads what follows `scheme://`. */
  locate?(rest: string): UriPlace
  /** Opens the store of that name. Called once per store and credentials; failures are not remembered. */
  open(store: string, context: SchemeContext): Awaitable<OpenedStore>
}

export interface OpenedStore {
  readonly blob: BlobStore
  close?(): Awaitable<void>
}
