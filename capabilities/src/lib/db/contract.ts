/** The database contract: what a node may do with `db`, a SQL engine. */
import type { PlainCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

export type DbParameter = string | number | bigint | boolean | null | Date | Uint8Array

export type DbValue = DbParameter | readonly DbValue[] | { readonly [name: string]: DbValue }

export type DbRow = Readonly<Record<string, DbValue>>

export interface DbColumn {
  readonly name: string
  /** As the engine names it, such as `'BIGINT'`. */
  readonly type: string
}

export interface DbResult<R extends DbRow = DbRow> {
  readonly columns: readonly DbColumn[]
  readonly rows: readonly R[]
}

export interface DbQueryOptions extends CallOptions {
  /** Most rows to resolve; more of them is `LimitExceeded`. Default 100 000. */
  readonly maxRows?: number
}

/** A SQL engine: what a node gets for `uses: { db: 'write' }`. SQL alone does not tell whether it writes, so there is no reader. */
export interface Database {
  readonly info: PlainCapabilityInfo
  /** Runs one statement. Parameters are bound to `?` in order, never put into the text. */
  query<R extends DbRow = DbRow>(
    sql: string,
    parameters?: readonly DbParameter[],
    options?: DbQueryOptions,
  ): Promise<DbResult<R>>
}
