/** What a Durable Object is given, as far as the classes here use it. Cloudflare's own types are assignable to these. */

/** The `ctx` of a Durable Object. */
export interface ObjectState {
  readonly id: { toString(): string; readonly name?: string }
  readonly storage: ObjectStorage
  /** Holds back all calls until the callback is done; a callback that fails resets the object. */
  blockConcurrencyWhile<T>(callback: () => Promise<T>): Promise<T>
  waitUntil(promise: Promise<unknown>): void
  abort(reason?: string): void
}

/** The storage of both kinds of classes. A method of the other kind throws. */
export interface ObjectStorage {
  /** Only in SQLite classes. */
  readonly sql: ObjectSql
  /** Only in SQLite classes: rolls back when the callback throws. The callback must not be async: that is not noticed. */
  transactionSync<T>(callback: () => T): T
  get<T>(key: string): Promise<T | undefined>
  /** At most 128 keys. */
  get<T>(keys: string[]): Promise<Map<string, T>>
  put(key: string, value: unknown): Promise<void>
  /** At most 128 entries, all or none. */
  put(entries: Record<string, unknown>): Promise<void>
  delete(key: string): Promise<boolean>
  /** At most 128 keys, all or none. */
  delete(keys: string[]): Promise<number>
  /** In UTF-8 byte order. */
  list<T>(options?: ObjectListOptions): Promise<Map<string, T>>
  /** Empties the storage; what was written before is gone, what is written after is kept. */
  deleteAll(): Promise<void>
  getAlarm(): Promise<number | null>
  /** There is one alarm: setting it replaces the one before. */
  setAlarm(scheduledTime: number): Promise<void>
  deleteAlarm(): Promise<void>
  sync(): Promise<void>
}

export interface ObjectListOptions {
  readonly prefix?: string
  readonly start?: string
  readonly startAfter?: string
  /** Exclusive. */
  readonly end?: string
  readonly limit?: number
}

/** What SQL reads. Integers are numbers: past 2^53 they lose precision. */
export type SqlValue = ArrayBuffer | string | number | null

/** What SQL is given. Not boolean, bigint or Date: workerd makes text of the first and last and refuses the other. */
export type SqlBinding = ArrayBuffer | ArrayBufferView | string | number | null

/** The SQL of a SQLite class. Statements written since the last `await` are committed together. */
export interface ObjectSql {
  exec<Row extends Record<string, SqlValue>>(query: string, ...bindings: SqlBinding[]): ObjectSqlCursor<Row>
  readonly databaseSize: number
}

export interface ObjectSqlCursor<Row> extends Iterable<Row> {
  toArray(): Row[]
  /** The only row; throws when there are none or more. */
  one(): Row
  readonly columnNames: string[]
  readonly rowsRead: number
  /** Rows written, those of indexes included: not the number of rows that matched. */
  readonly rowsWritten: number
}
