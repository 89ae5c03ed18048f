/** The durable state contract: one object per name, one writer per object. `stateConformance` tests its promises. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { StateCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

export interface StateSchemaOptions<S extends StandardSchemaV1> extends CallOptions {
  /** The value is validated; a mismatch is a `Corrupt` error. */
  readonly schema: S
}

/** Bounds of a listing, compared as UTF-8 bytes. */
export interface StateRange {
  /** Only keys with this prefix. Default: all keys. */
  readonly prefix?: string
  /** Only keys equal to or above this one, in either direction of listing. Default: no bound. */
  readonly start?: string
  /** Only keys below this one. Default: no bound. */
  readonly end?: string
  /** Last key first. Default false. */
  readonly reverse?: boolean
}

export interface StateListOptions extends StateRange, CallOptions {
  /** The `cursor` of the previous page. A malformed cursor is `InvalidInput`. Default: the first page. */
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

/** A value for a `?`. Excludes bigint, boolean and Date, which SQLite lacks and would store as another type. */
export type SqlParameter = string | number | null | Uint8Array | ArrayBuffer

/** The value of a column. Integers beyond 2 ** 53 lose digits: select them as text. */
export type SqlValue = string | number | null | Uint8Array<ArrayBuffer>

export type SqlRow = Readonly<Record<string, SqlValue>>

/** A statement with its parameters; the form to use for passing a signal. */
export interface SqlStatement extends CallOptions {
  /** One statement, or several separated by `;`. The parameters belong to the last statement. */
  readonly query: string
  readonly params?: readonly SqlParameter[]
}

/** SQLite's SQL on the object's own database. `Unsupported` without `features.sql`. */
export interface StateSql {
  /**
   * Runs all statements or none, and resolves the rows of the last statement. More than `limits.sql.maxResultBytes` of rows
   * is `LimitExceeded`, and no statement takes effect.
   */
  exec(query: string | SqlStatement, ...params: readonly SqlParameter[]): Promise<readonly SqlRow[]>
  /**
   * Reads rows on demand, in batches, from a cursor that is open in the object. Leaving the loop closes the cursor. The
   * statement runs when the loop begins. A cursor lost in a restart of the object is `Unavailable`.
   */
  iterate(query: string | SqlStatement, ...params: readonly SqlParameter[]): AsyncIterable<SqlRow>
}

export interface StateAlarmReader {
  /** Resolves when the alarm is due, or `null` when no alarm is set or it has fired. */
  get(options?: CallOptions): Promise<Date | null>
}

/** The one alarm of an object. `Unsupported` without `features.alarms`. */
export interface StateAlarm extends StateAlarmReader {
  /** Sets the alarm and replaces an earlier one. An alarm set to a past moment is due immediately. */
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

/** Reads and writes of one transaction. Reads see the object's current entries and this transaction's puts and deletes. */
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
  /** Most runs of `work`. After the last one fails to commit, the call throws `ConditionNotMatch`. Default 10. */
  readonly maxAttempts?: number
}

/** One object with writes, for nodes with `uses: { state: 'write' }`. */
export interface StateHandle extends StateHandleReader {
  /** Writes the entry. `value` is any JSON value; a value that JSON cannot represent is `InvalidInput`. */
  put(key: string, value: unknown, options?: CallOptions): Promise<void>
  /** Removes the entry. Deleting an absent entry is no error. */
  delete(key: string, options?: CallOptions): Promise<void>
  /**
   * Runs `work` and writes all its puts and deletes or none, if the entries it read have not changed in the meantime. If
   * they have changed, `work` runs again on the current entries: **it may run several times, so it must only read and
   * write through `tx`**. When `work` throws, nothing is written and the call throws the same error.
   *
   * Two reads of one attempt may see the object at two moments. Such an attempt never commits, but `work` must cope with it.
   */
  transaction<T>(work: (tx: StateTransaction) => T | PromiseLike<T>, options?: TransactionOptions): Promise<T>
  readonly alarm: StateAlarm
  readonly sql: StateSql
}

/** Reading side, for nodes with `uses: { state: 'read' }`. It has no SQL, because a statement could also write. */
export interface DurableStateReader {
  readonly info: StateCapabilityInfo
  /** Returns the object with this name. Every caller reaches the same object, and no object has to be created first. */
  of(name: string): StateHandleReader
}

/** Objects by name, each the single writer of its entries, for nodes with `uses: { state: 'write' }`. */
export interface DurableState extends DurableStateReader {
  of(name: string): StateHandle
}
