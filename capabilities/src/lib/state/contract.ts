/** The durable state contract: one object per name, one writer per object. Its promises are those of `stateConformance`. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { StateCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

export interface StateSchemaOptions<S extends StandardSchemaV1> extends CallOptions {
  /** The value is validated; a mismatch is a `Corrupt` error. */
  readonly schema: S
}

/** Which entries to list. Bounds are compared as UTF-8 bytes. */
export interface StateRange {
  /** Only keys that begin so. Default: all. */
  readonly prefix?: string
  /** Only keys from this one on, itself included, whichever way they are listed. */
  readonly start?: string
  /** Only keys before this one. */
  readonly end?: string
  /** Last key first. Default false. */
  readonly reverse?: boolean
}

export interface StateListOptions extends StateRange, CallOptions {
  /** Where to go on: the `cursor` of the page before. A malformed one is `InvalidInput`. */
  readonly cursor?: string
  /** Most entries in the page, 1 to `info.limits.maxListKeys`. Default: that maximum. */
  readonly limit?: number
}

export interface StateEntry {
  readonly key: string
  readonly value: unknown
}

export interface StateListPage {
  /** In UTF-8 byte order of the key, or the reverse of it. May be fewer than `limit` while `listComplete` is false. */
  readonly entries: readonly StateEntry[]
  readonly listComplete: boolean
  /** Present exactly when `listComplete` is false. */
  readonly cursor?: string
}

/** What a statement takes for a `?`. Not a bigint, boolean or Date: SQLite has none, and would store something else. */
export type SqlParameter = string | number | null | Uint8Array | ArrayBuffer

/** What a column holds. Integers beyond 2 ** 53 lose digits: select them as text. */
export type SqlValue = string | number | null | Uint8Array<ArrayBuffer>

export type SqlRow = Readonly<Record<string, SqlValue>>

/** A statement with its parameters, for callers with a signal. */
export interface SqlStatement extends CallOptions {
  /** One statement, or several separated by `;`. The parameters belong to the last. */
  readonly query: string
  readonly params?: readonly SqlParameter[]
}

/** SQLite's SQL on the object's own database. `Unsupported` without `features.sql`. */
export interface StateSql {
  /**
   * Runs the statements, all or none, and resolves the rows of the last. More than `limits.sql.maxResultBytes` of rows
   * is `LimitExceeded`, and nothing has been done.
   */
  exec(query: string | SqlStatement, ...params: readonly SqlParameter[]): Promise<readonly SqlRow[]>
  /**
   * Reads rows as they are asked for, in batches, from a cursor that is open in the object. Leaving the loop closes it.
   * The statement runs when the loop begins. A cursor that is lost, because the object restarted, is `Unavailable`.
   */
  iterate(query: string | SqlStatement, ...params: readonly SqlParameter[]): AsyncIterable<SqlRow>
}

export interface StateAlarmReader {
  /** When the alarm is due, or `null` when none is set or it has been called. */
  get(options?: CallOptions): Promise<Date | null>
}

/** The one alarm of an object. `Unsupported` without `features.alarms`. */
export interface StateAlarm extends StateAlarmReader {
  /** Sets the alarm, in place of the one before. A moment that has passed is due at once. */
  set(at: Date, options?: CallOptions): Promise<void>
  /** Deleting an alarm that is not set is no error. */
  delete(options?: CallOptions): Promise<void>
}

/** Reading side of one object. */
export interface StateHandleReader {
  /** The name given to `of`. */
  readonly name: string
  /** Resolves the value, or `null` when the key is absent. */
  get(key: string, options?: CallOptions): Promise<unknown>
  get<S extends StandardSchemaV1>(
    key: string,
    options: StateSchemaOptions<S>,
  ): Promise<StandardSchemaV1.InferOutput<S> | null>
  /** One page of entries. */
  list(options?: StateListOptions): Promise<StateListPage>
  /** Every entry of the range, page after page; never truncated. */
  entries(options?: StateRange & CallOptions): AsyncIterable<StateEntry>
  readonly alarm: StateAlarmReader
}

/** What a transaction sees and does. Reads see the object as it is, and what this transaction has put or deleted. */
export interface StateTransaction {
  get(key: string): Promise<unknown>
  get<S extends StandardSchemaV1>(
    key: string,
    options: { readonly schema: S },
  ): Promise<StandardSchemaV1.InferOutput<S> | null>
  /** One page of entries. Only before the transaction's first put or delete, else `InvalidInput`. */
  list(options?: Omit<StateListOptions, 'signal'>): Promise<StateListPage>
  put(key: string, value: unknown): void
  delete(key: string): void
}

export interface TransactionOptions extends CallOptions {
  /** How often `work` is run before it is given up with `ConditionNotMatch`. Default 10. */
  readonly maxAttempts?: number
}

/** One object: what a node may do with it for `uses: { state: 'write' }`. */
export interface StateHandle extends StateHandleReader {
  /** Writes the entry. `value` is any JSON value; what JSON cannot say is `InvalidInput`. */
  put(key: string, value: unknown, options?: CallOptions): Promise<void>
  /** Removes the entry. Deleting what is absent is no error. */
  delete(key: string, options?: CallOptions): Promise<void>
  /**
   * Runs `work` and writes what it put and deleted, all or none, provided that nothing it read has changed since. If
   * something has, `work` runs again on what is there now: **it may run several times, so it must do nothing but read
   * and write through `tx`**. When `work` throws, nothing is written and its error is passed on.
   *
   * Two reads of one attempt may see the object at two moments. Such an attempt never commits, but `work` can see it.
   */
  transaction<T>(work: (tx: StateTransaction) => T | PromiseLike<T>, options?: TransactionOptions): Promise<T>
  readonly alarm: StateAlarm
  readonly sql: StateSql
}

/** What a node gets for `uses: { state: 'read' }`: no SQL, for nobody can tell from a statement that it only reads. */
export interface DurableStateReader {
  readonly info: StateCapabilityInfo
  /** The object of that name. Every caller that names it reaches the same one; it need not be created. */
  of(name: string): StateHandleReader
}

/** Objects by name, each the single writer of its own entries: what a node gets for `uses: { state: 'write' }`. */
export interface DurableState extends DurableStateReader {
  of(name: string): StateHandle
}
