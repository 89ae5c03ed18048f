/** The interface a provider implements for one URI scheme: it locates a URI and opens the store. */
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
   * Environment variables that supply the field; the first one that is set wins. They are read only when no credentials are
   * set for the provider: the two sources are never mixed. Default: no variables.
   */
  readonly env?: readonly string[]
  /** Whether opening a store without this field throws an error that names it. Default false. */
  readonly required?: boolean
}

/** Everything a scheme receives to open a store. */
export interface SchemeContext<F extends string = string> {
  /** Credentials set for the scheme's provider, else from its variables; `null` when both are absent. */
  readonly credentials: Credentials<F> | null
  /** Environment variables; empty on runtimes without an environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  readonly log: Logger
  readonly clock: Clock
}

/** The target of a URI: a store of the scheme, and a key in it. */
export interface UriPlace {
  /** Name of the store, such as a bucket; `''` when the scheme has only one store. */
  readonly store: string
  /** The raw text of the URI, without percent-encoding. `''` for the store itself. */
  readonly key: string
}

/**
 * One scheme of a storage. Each scheme is a separate import, so a bundle contains only the schemes it names. `S` is the
 * scheme, `P` the provider whose credentials it needs, `F` the fields of these credentials.
 */
export interface StorageScheme<
  S extends string = string,
  P extends string = string,
  F extends string = string,
> {
  /** Such as `'s3'`. */
  readonly scheme: S
  /** The provider whose credentials it needs, such as `'s3'`, `'gcs'`, `'azblob'`. Absent for a scheme without credentials. */
  readonly provider?: P
  /** The fields of the credentials. Setting any other field throws. Default: any field. */
  readonly fields?: { readonly [N in F]: CredentialField }
  /** Whether the first segment of the URI is the store's name (`'store'`) or belongs to the key (`'key'`). */
  readonly authority: 'store' | 'key'
  /** Overrides `authority`: parses the text after `scheme://`. Throws `invalidUri` for text it cannot parse. */
  locate?(rest: string): UriPlace
  /**
   * Opens the store with this name. Called one time per store and credentials; failures are not cached. Throws
   * `Unsupported`, or `Misconfigured` with code `PRESET_UNSUPPORTED`, on a runtime that lacks the store: the storage then
   * opens its fallback.
   */
  open(store: string, context: SchemeContext<F>): Awaitable<OpenedStore>
}

export interface OpenedStore {
  readonly blob: BlobStore
  /** The origin that browsers send requests to, for the store or for one key. Used to explain CORS failures. */
  readonly web?: WebAccess | ((key: string) => WebAccess)
  /** Present when the store has real folders. */
  readonly folders?: StoreFolders
  /** Present when the scheme itself fell back to another store, such as memory. The storage logs it; `describe()` lists it. */
  readonly fallback?: { readonly provider: string; readonly reason: string }
  close?(): Awaitable<void>
}

export interface StoreFolders {
  /** Whether the folder exists, even if it is empty. Listings with a delimiter include empty folders too. */
  has(key: string, options: CallOptions): Awaitable<boolean>
  /** Creates the folder and its parents. An existing folder is no error. */
  make(key: string, options: CallOptions): Awaitable<void>
  /** Removes the empty folders at and below the key. Called after their files were deleted. */
  remove(key: string, options: CallOptions): Awaitable<void>
}

export interface WebAccess {
  /** Such as `https://bucket.s3.eu-central-1.amazonaws.com`. */
  readonly origin: string
  /** Returns the CORS rule that allows pages of an origin. */
  corsRule(pageOrigin: string): CorsRule
}

/** A CORS rule to add at the provider, and the place to add it. */
export interface CorsRule {
  /** Such as `'the CORS configuration of the bucket'`. */
  readonly where: string
  /** The rule to paste: JSON as an object, XML or headers as text. */
  readonly rule: string | object
}
