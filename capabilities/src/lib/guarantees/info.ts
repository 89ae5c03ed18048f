/** The info that each capability states: guarantees, limits, features. A conformance case tests every field. */
import type { Offered } from './levels.ts'

/** Provider-specific facts under namespaced keys, such as `'com.cloudflare.kv.cacheTtl'`. */
export type Extensions = Readonly<Record<`${string}.${string}`, unknown>>

/** Upper and lower bounds of a key-value store. `Infinity` means no known limit. */
export interface KvLimits {
  /** Longest key in UTF-8 bytes. */
  readonly maxKeyBytes: number
  /** Largest value in bytes. */
  readonly maxValueBytes: number
  /** Largest metadata, in bytes of its JSON text. */
  readonly maxMetadataBytes: number
  /** Shortest time to live in seconds; `0` means any positive one. */
  readonly minTtlSeconds: number
  /** Most keys one `list` page returns. */
  readonly maxListKeys: number
  /** Most keys one bulk call takes at the provider; the portable type splits larger calls. */
  readonly maxBulkKeys: number
  /** Sustained writes per second to one key, if the provider limits them. */
  readonly writesPerSecondPerKey?: number
}

export interface KvFeatures {
  /** Keys can be listed, in UTF-8 byte order, with cursors. */
  readonly list: boolean
  /** A JSON value can be stored with each entry. */
  readonly metadata: boolean
  /** `ifAbsent` and `ifVersion` are atomic. */
  readonly conditional: boolean
  /** `getMany` and `deleteMany` are one provider call per chunk instead of one per key. */
  readonly bulk: boolean
}

export interface KvCapabilityInfo {
  readonly provider: string
  readonly consistency: Offered<'consistency'>
  readonly durability: Offered<'durability'>
  readonly ttl: Offered<'ttl'>
  readonly limits: KvLimits
  readonly features: KvFeatures
  /**
   * See `transaction` of `DedupeCapabilityInfo`. `get` then returns a version with each entry, and a cursor of `list` is
   * `encodeCursor` of the last key before it. Default: no transactions.
   */
  readonly transaction?: string
  /** See `partitioned` of `DedupeCapabilityInfo`. Default false. */
  readonly partitioned?: boolean
  readonly extensions: Extensions
}

export interface BlobLimits {
  /** Longest key in UTF-8 bytes. */
  readonly maxKeyBytes: number
  /** Largest object in bytes. */
  readonly maxObjectBytes: number
  /** Largest user metadata: bytes of all names and values together. */
  readonly maxMetadataBytes: number
  /** Most entries one `list` page returns. */
  readonly maxListKeys: number
  /** Most keys one bulk delete takes at the provider; the portable type splits larger calls. */
  readonly maxBulkKeys: number
  /** Part sizes of a multipart upload, if the provider supports it. */
  readonly multipart?: {
    readonly minPartBytes: number
    readonly maxPartBytes: number
    readonly maxParts: number
  }
}

export interface BlobFeatures {
  /** `ifNoneMatch: '*'` creates an object at most one time, also in a race. */
  readonly createOnly: boolean
  /** `ifMatch` replaces exactly the given version, also in a race. */
  readonly compareAndSwap: boolean
  /** Part of an object can be read without reading the rest. */
  readonly ranges: boolean
  /** User metadata is kept with the object. */
  readonly metadata: boolean
  /** The content type is kept with the object. */
  readonly contentType: boolean
  /** `copy` happens at the provider, without the bytes passing through the caller. */
  readonly serverCopy: boolean
  /** `presign` yields URLs that work without credentials. */
  readonly presign: boolean
  /** Objects can be listed, in UTF-8 byte order, with cursors; else `list` is `Unsupported`. Default true. */
  readonly list?: boolean
  /** Objects can be put and deleted; else every write is `Unsupported`. Default true. */
  readonly write?: boolean
}

export interface BlobCapabilityInfo {
  readonly provider: string
  readonly consistency: Offered<'consistency'>
  readonly durability: Offered<'durability'>
  readonly limits: BlobLimits
  readonly features: BlobFeatures
  readonly extensions: Extensions
}

export interface DedupeCapabilityInfo {
  readonly provider: string
  readonly reservation: Offered<'reservation'>
  readonly consistency: Offered<'consistency'>
  readonly durability: Offered<'durability'>
  readonly limits: {
    /** Longest key in UTF-8 bytes. */
    readonly maxKeyBytes: number
    /** Largest stored result, in bytes of its JSON text. */
    readonly maxResultBytes: number
    /** Shortest lease or time to live in milliseconds. */
    readonly minTtlMs: number
    /** Most milliseconds a record may outlive its lease or TTL; it never expires early. Default 0. */
    readonly expirySlackMs?: number
  }
  readonly features?: {
    /**
     * `unknowns` lists the keys with a started effect and no recorded outcome, `look` reads one, `takeOver` takes one over
     * to settle it. Default false.
     */
    readonly unknowns?: boolean
    /**
     * `start` records the start of an effect in one transaction with its first writes, to stores with the same
     * `transaction`. Default false.
     */
    readonly startsWithWrites?: boolean
  }
  /**
   * Identity of the database that holds the data. `commit` of a dedupe store writes its record in one transaction with changes
   * to stores that state the same identity. Default: no transactions.
   */
  readonly transaction?: string
  /**
   * A transaction covers only one partition of the database, so an atomic node must name its `partition`. Default false: a
   * transaction covers the whole database.
   */
  readonly partitioned?: boolean
  readonly extensions: Extensions
}

export interface QueueCapabilityInfo {
  readonly provider: string
  readonly delivery: Offered<'delivery'>
  readonly ordering: Offered<'ordering'>
  readonly durability: Offered<'durability'>
  readonly limits: {
    /** Largest message, in bytes of its JSON text. */
    readonly maxMessageBytes: number
    /** Most messages one batch takes at the provider; the portable type splits larger ones. */
    readonly maxBatchMessages: number
    /** Longest delay in milliseconds. */
    readonly maxDelayMs: number
    /** Longest lease in milliseconds. Default: no known limit. */
    readonly maxLeaseMs?: number
  }
  readonly features: {
    /** A message that failed too often becomes a dead letter and can be read back. */
    readonly deadLetter: boolean
    /** A receiver can extend the lease of a message while it processes it. */
    readonly renew: boolean
    /** Dead letters can be listed with their last errors and moved back to the queue. Default false. */
    readonly redrive?: boolean
  }
  /** See `transaction` of `DedupeCapabilityInfo`. Default: no transactions. */
  readonly transaction?: string
  /** See `partitioned` of `DedupeCapabilityInfo`. A message is kept in the partition of its transaction. Default false. */
  readonly partitioned?: boolean
  readonly extensions: Extensions
}

/** Limits of one SQL statement, for a store with SQL. */
export interface StateSqlLimits {
  /** Longest text of one call's statements in UTF-8 bytes. */
  readonly maxStatementBytes: number
  /** Most bound parameters. */
  readonly maxParameters: number
  /** Most columns of a table or a result. */
  readonly maxColumns: number
  /** Most arguments of a function. */
  readonly maxFunctionArguments: number
  /** Longest `LIKE` or `GLOB` pattern in UTF-8 bytes. */
  readonly maxLikePatternBytes: number
  /** Largest text, blob or row in bytes. */
  readonly maxRowBytes: number
  /** Most bytes that `exec` or one batch of `iterate` returns, as the store counts them. */
  readonly maxResultBytes: number
}

export interface StateLimits {
  /** Longest name of an object in UTF-8 bytes. */
  readonly maxNameBytes: number
  /** Longest key of an entry in UTF-8 bytes. */
  readonly maxKeyBytes: number
  /** Largest value, in bytes of its JSON text. */
  readonly maxValueBytes: number
  /** Key and value of one entry together, in bytes. */
  readonly maxEntryBytes: number
  /** Most entries one `list` page returns; a page of large values may hold fewer. */
  readonly maxListKeys: number
  /** Most entries one transaction reads, and most it writes. */
  readonly maxTransactionEntries: number
  /** Most bytes of keys and values one transaction writes. */
  readonly maxTransactionBytes: number
  /** Present with `features.sql`. */
  readonly sql?: StateSqlLimits
}

export interface StateFeatures {
  /** `sql.exec` and `sql.iterate` run SQLite's SQL on the object's own database. */
  readonly sql: boolean
  /** An object can set one alarm; when it is due, the object's own code is called. */
  readonly alarms: boolean
}

export interface StateCapabilityInfo {
  readonly provider: string
  readonly consistency: Offered<'consistency'>
  readonly durability: Offered<'durability'>
  readonly limits: StateLimits
  readonly features: StateFeatures
  readonly extensions: Extensions
}

export interface CacheCapabilityInfo {
  readonly provider: string
  readonly limits: { readonly maxKeyBytes: number; readonly maxEntries: number }
  readonly extensions: Extensions
}

/** The info of the small capabilities (clock, rng, http, secrets). */
export interface PlainCapabilityInfo {
  readonly provider: string
  readonly extensions: Extensions
}
