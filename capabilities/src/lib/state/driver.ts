/** What a provider supplies to be durable state. Values are JSON text; arguments arrive checked. */
import type { StateCapabilityInfo } from '../guarantees/info.ts'
import type { Awaitable, DriverCall } from '../kv/driver.ts'
import type { SqlRow, SqlValue } from './contract.ts'

export interface StoredStateEntry {
  /** JSON text. */
  readonly value: string
  /** Changes with every write of the key, and never comes back. */
  readonly version: string
}

/** A stretch of keys in UTF-8 byte order. */
export interface StateKeyRange {
  /** The first key, if it is there. */
  readonly from: string
  /** The first key past the end, or `null` for none. */
  readonly to: string | null
  /** Only keys past this one in the direction of reading, or `null`. */
  readonly after: string | null
  readonly reverse: boolean
}

export interface StateDriverList extends StateKeyRange, DriverCall {
  readonly limit: number
}

export interface StateDriverPage {
  readonly entries: readonly (StoredStateEntry & { readonly key: string })[]
  /** Whether another entry of the range may follow. */
  readonly more: boolean
}

/** A range a transaction has read: what it saw there, and whether it saw the end. */
export interface StateScan extends StateKeyRange {
  readonly seen: readonly { readonly key: string; readonly version: string }[]
  readonly complete: boolean
}

export interface StateCommit {
  /** Names the commit, so that a repeated one finds its own mark. */
  readonly token: string
  /** Keys read, with the version found; `null` for absent. */
  readonly reads: readonly { readonly key: string; readonly version: string | null }[]
  readonly scans: readonly StateScan[]
  /** `null` deletes. */
  readonly writes: readonly { readonly key: string; readonly value: string | null }[]
}

export interface StateDriverStatement {
  readonly query: string
  readonly params: readonly SqlValue[]
}

/** A cursor that is open at the provider. */
export interface StateDriverCursor {
  /** The next rows; `done` with or after the last ones. The cursor has then closed itself. */
  next(call: DriverCall): Awaitable<{ readonly rows: readonly SqlRow[]; readonly done: boolean }>
  /** Frees it. Called once, unless `done` was seen; does not fail, for there is nothing a caller could do. */
  close(): Awaitable<void>
}

export interface StateDriverSql {
  /** All or none. `LimitExceeded` when the rows are more than `limits.sql.maxResultBytes`. */
  exec(name: string, statement: StateDriverStatement, call: DriverCall): Awaitable<readonly SqlRow[]>
  open(name: string, statement: StateDriverStatement, call: DriverCall): Awaitable<StateDriverCursor>
}

export interface StateDriverAlarm {
  /** Milliseconds since the epoch. */
  get(name: string, call: DriverCall): Awaitable<number | null>
  set(name: string, at: number, call: DriverCall): Awaitable<void>
  delete(name: string, call: DriverCall): Awaitable<void>
}

/** Every method takes the name of the object first. */
export interface StateDriver {
  readonly info: StateCapabilityInfo
  get(name: string, key: string, call: DriverCall): Awaitable<StoredStateEntry | null>
  put(name: string, key: string, value: string, call: DriverCall): Awaitable<void>
  delete(name: string, key: string, call: DriverCall): Awaitable<void>
  list(name: string, list: StateDriverList): Awaitable<StateDriverPage>
  /**
   * Writes all, if every read and every scan would find the same again; `false` when one would not, and nothing was
   * written. A token whose writes were applied before is `true` again, without writing: at least for the last hundred
   * commits of the object.
   */
  commit(name: string, commit: StateCommit, call: DriverCall): Awaitable<boolean>
  /** Only with `features.sql`. */
  readonly sql?: StateDriverSql
  /** Only with `features.alarms`. */
  readonly alarm?: StateDriverAlarm
  check?(call: DriverCall): Awaitable<void>
  close?(): Awaitable<void>
}
