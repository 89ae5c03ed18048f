/** The key-value contract: the calls a node can make on `kv`. `kvConformance` tests its promises. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { KvCapabilityInfo } from '../guarantees/info.ts'

/** Options that every operation accepts. */
export interface CallOptions {
  /** Ends the wait with a `Cancelled` error when it fires. */
  readonly signal?: AbortSignal | undefined
}

export type KvFormat = 'text' | 'json' | 'bytes' | 'stream'

/** The type that `get` resolves for each format. `json` is `unknown`: pass a `schema` to get a type. */
export interface KvFormats {
  text: string
  json: unknown
  bytes: Uint8Array<ArrayBuffer>
  stream: ReadableStream<Uint8Array<ArrayBuffer>>
}

export interface KvGetOptions<F extends KvFormat = KvFormat> extends CallOptions {
  /** Form of the value. Default `'text'`. */
  readonly as?: F
  /** Seconds an edge cache may serve the value; ignored by stores without one. */
  readonly cacheTtlSeconds?: number
}

export interface KvSchemaOptions<S extends StandardSchemaV1> extends CallOptions {
  /** The value is parsed as JSON and validated; a mismatch is a `Corrupt` error. */
  readonly schema: S
  readonly cacheTtlSeconds?: number
}

/** A value with its metadata, expiry and version. */
export interface KvEntry<V> {
  readonly value: V
  /** The JSON value given to `put`, or `null`. */
  readonly metadata: unknown
  /** When the entry expires; `null` when it never does, and for providers that report expiry only in lists. */
  readonly expiresAt: Date | null
  /** Opaque version that changes with every put; `null` when the store has no conditional writes. */
  readonly version: string | null
}

export interface KvKey {
  readonly key: string
  readonly expiresAt?: Date
  readonly metadata?: unknown
}

export interface KvListOptions extends CallOptions {
  readonly prefix?: string
  /** The `cursor` of the previous page. A malformed cursor is `InvalidInput`. Default: the first page. */
  readonly cursor?: string
  /** Most keys in the page, 1 to `info.limits.maxListKeys`. Default: that maximum. */
  readonly limit?: number
}

export interface KvListPage {
  /** In UTF-8 byte order of the key. May be fewer than `limit` while `listComplete` is false. */
  readonly keys: readonly KvKey[]
  readonly listComplete: boolean
  /** Present exactly when `listComplete` is false. */
  readonly cursor?: string
}

export interface KvPutOptions extends CallOptions {
  /** Seconds until the entry expires. Cannot be combined with `expiresAt`. */
  readonly ttlSeconds?: number
  /** The moment the entry expires. Cannot be combined with `ttlSeconds`. */
  readonly expiresAt?: Date
  /** A JSON value stored with the entry. Default `null`. */
  readonly metadata?: unknown
  /** Write only when no entry is visible under the key, else `AlreadyExists`. */
  readonly ifAbsent?: boolean
  /** Write only when the entry's version is this one, else `ConditionNotMatch`. */
  readonly ifVersion?: string
}

export interface KvPutResult {
  /** The version just written; `null` when the store has no conditional writes. */
  readonly version: string | null
}

/** Reading side of a key-value store, for nodes with `uses: { kv: 'read' }`. */
export interface KvReader {
  readonly info: KvCapabilityInfo
  /** Resolves the value, or `null` when the key is absent or expired. JSON that does not parse is `Corrupt`. */
  get(key: string, options?: KvGetOptions<'text'>): Promise<string | null>
  get<S extends StandardSchemaV1>(
    key: string,
    options: KvSchemaOptions<S>,
  ): Promise<StandardSchemaV1.InferOutput<S> | null>
  get<F extends KvFormat>(key: string, options: KvGetOptions<F>): Promise<KvFormats[F] | null>
  /** As `get`, with metadata, expiry and version. */
  getWithMetadata(key: string, options?: KvGetOptions<'text'>): Promise<KvEntry<string> | null>
  getWithMetadata<F extends KvFormat>(
    key: string,
    options: KvGetOptions<F>,
  ): Promise<KvEntry<KvFormats[F]> | null>
  /** Resolves one map entry for each distinct key, `null` when the key is absent. Accepts any number of keys. */
  getMany(keys: readonly string[], options?: KvGetOptions<'text'>): Promise<Map<string, string | null>>
  getMany<F extends KvFormat>(
    keys: readonly string[],
    options: KvGetOptions<F>,
  ): Promise<Map<string, KvFormats[F] | null>>
  /** One page of keys. */
  list(options?: KvListOptions): Promise<KvListPage>
  /** Every key under the prefix, page after page; never truncated. */
  keys(options?: Omit<KvListOptions, 'cursor' | 'limit'>): AsyncIterable<KvKey>
}

/** The value that `put` accepts: text, bytes, a byte stream (read up to the value limit), or `{ json }`. */
export type KvValue = string | Uint8Array | ReadableStream<Uint8Array> | { readonly json: unknown }

/** A key-value store, for nodes with `uses: { kv: 'write' }`. */
export interface KeyValue extends KvReader {
  /** Writes the whole entry: value, metadata and expiry replace the previous entry. */
  put(key: string, value: KvValue, options?: KvPutOptions): Promise<KvPutResult>
  /** Removes the entry. Deleting an absent entry is no error. */
  delete(key: string, options?: CallOptions): Promise<void>
  /** Removes any number of entries. */
  deleteMany(keys: readonly string[], options?: CallOptions): Promise<void>
}
