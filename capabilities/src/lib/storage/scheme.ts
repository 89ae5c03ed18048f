/** What a provider supplies for one URI scheme: where a URI points, and the store it points into. */
import type { BlobStore } from '../blob/contract.ts'
import type { Clock } from '../clock/contract.ts'
import type { CallOptions } from '../kv/contract.ts'
import type { Awaitable } from '../kv/driver.ts'
import type { Logger } from '../logger.ts'

/** Credentials of one provider by field, such as `{ accessKeyId: …, secretAccessKey: … }`. */
export type Credentials<F extends string = string> = { readonly [N in F]?: string }

/** One field of a provider's credentials. */
export interface CredentialField {
  /**
   * Variables of the environment that give it; the first that is set wins. They are asked only where no credentials are
   * set for the provider: those of both places are never mixed. Default none.
   */
  readonly env?: readonly string[]
  /** Without it the storage refuses to open a store, and says what is missing. Default false. */
  readonly required?: boolean
}

/** What a scheme is lent while it opens a store. */
export interface SchemeContext<F extends string = string> {
  /** Those set for the scheme's provider; else those its variables give; `null` where there are none. */
  readonly credentials: Credentials<F> | null
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

/**
 * One scheme of a storage. Each is an import of its own: a bundle holds what it names. `S` is the scheme, `P` whose
 * credentials it takes, `F` their fields.
 */
export interface StorageScheme<
  S extends string = string,
  P extends string = string,
  F extends string = string,
> {
  /** Such as `'s3'`. */
  readonly scheme: S
  /** Whose credentials it takes, such as `'s3'`, `'gcs'`, `'azblob'`. Absent where it takes none. */
  readonly provider?: P
  /** The fields of those credentials: others are refused when they are set. Default: any. */
  readonly fields?: { readonly [N in F]: CredentialField }
  /** Whether the first segment of the URI is the store's name (`'store'`), or of the key (`'key'`). */
  readonly authority: 'store' | 'key'
  /** Instead of `authority`, where that does not tell: reads what follows `scheme://`, and refuses with `invalidUri`. */
  locate?(rest: string): UriPlace
  /**
   * Opens the store of that name. Called once per store and credentials; failures are not remembered. `Unsupported`, or
   * `Misconfigured` with code `PRESET_UNSUPPORTED`, where the runtime has no such store: then a fallback takes its place.
   */
  open(store: string, context: SchemeContext<F>): Awaitable<OpenedStore>
}

export interface OpenedStore {
  readonly blob: BlobStore
  /** Where browsers reach it, or a key of it: what a request that fails without an answer is explained with. */
  readonly web?: WebAccess | ((key: string) => WebAccess)
  /** Of stores that have folders by themselves. */
  readonly folders?: StoreFolders
  /** Where the scheme itself keeps its files elsewhere, such as in memory: the storage warns and `describe()` tells. */
  readonly fallback?: { readonly provider: string; readonly reason: string }
  close?(): Awaitable<void>
}

export interface StoreFolders {
  /** Whether the folder is there, be it empty. Listings with a delimiter tell such folders too. */
  has(key: string, options: CallOptions): Awaitable<boolean>
  /** Makes the folder, and those above it. One that is there is no error. */
  make(key: string, options: CallOptions): Awaitable<void>
  /** Removes the empty folders at and below the key, after what they held. */
  remove(key: string, options: CallOptions): Awaitable<void>
}

export interface WebAccess {
  /** Such as `https://bucket.s3.eu-central-1.amazonaws.com`. */
  readonly origin: string
  /** What lets pages of an origin in. */
  corsRule(pageOrigin: string): CorsRule
}

/** What has to be added at the provider, and where. */
export interface CorsRule {
  /** Such as `'the CORS configuration of the bucket'`. */
  readonly where: string
  /** To paste: JSON as an object, XML or headers as text. */
  readonly rule: string | object
}
