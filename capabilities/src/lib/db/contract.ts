/** The database contract: the calls a node can make on `db`, a SQL engine. */
import type { PlainCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

export type DbParameter = string | number | bigint | boolean | null | Date | Uint8Array

export type DbValue = DbParameter | readonly DbValue[] | { readonly [name: string]: DbValue }

export type DbRow = Readonly<Record<string, DbValue>>

export interface DbColumn {
  readonly name: string
  /** The engine's name of the type, such as `'BIGINT'`. */
  readonly type: string
}

export interface DbResult<R extends DbRow = DbRow> {
  readonly columns: readonly DbColumn[]
  readonly rows: readonly R[]
}

export interface DbQueryOptions extends CallOptions {
  /** Most rows to resolve; a larger result is `LimitExceeded`. Default 100 000. */
  readonly maxRows?: number
}

/** A SQL engine, for nodes with `uses: { db: 'write' }`. It has no read access, because any SQL statement could write. */
export interface Database {
  readonly info: PlainCapabilityInfo
  /** Runs one statement. Parameters are bound to `?` in order and never inserted into the text. */
  query<R extends DbRow = DbRow>(
    sql: string,
    parameters?: readonly DbParameter[],
    options?: DbQueryOptions,
  ): Promise<DbResult<R>>
}
