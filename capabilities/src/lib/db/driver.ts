/** What a provider supplies to be a SQL engine. Arguments arrive checked; `createDatabase` does the rest. */
import type { PlainCapabilityInfo } from '../guarantees/info.ts'
import type { Awaitable, DriverCall } from '../kv/driver.ts'
import type { DbParameter, DbResult } from './contract.ts'

export interface DbDriverQuery extends DriverCall {
  /** Most rows to resolve. With more the driver stops reading and throws `LimitExceeded`, or resolves one more. */
  readonly maxRows: number
}

export interface DbDriver {
  readonly info: PlainCapabilityInfo
  /** Runs one statement with the parameters bound in order. What was aborted leaves the engine fit for the next call. */
  query(sql: string, parameters: readonly DbParameter[], call: DbDriverQuery): Awaitable<DbResult>
  /** Throws when the engine cannot serve. */
  check?(call: DriverCall): Awaitable<void>
  close?(): Awaitable<void>
}
