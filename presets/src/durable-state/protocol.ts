/** What a `StateObject` answers over RPC. Names begin with `state`, so that classes that extend it have all others. */
import type {
  SqlValue,
  StateCommit,
  StateDriverPage,
  StateKeyRange,
  StoredStateEntry,
} from '@flowport/capabilities'
import type { Outcome } from '../cloudflare/durable/outcome.ts'

/** Rows as they cross the wire: the names of the columns once, bytes as `ArrayBuffer`s. */
export interface SqlBatch {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (ArrayBuffer | string | number | null)[])[]
  readonly done: boolean
}

/** A cursor that is open in the object, until the caller lets go of it. */
export interface SqlCursorCalls {
  next(): Promise<Outcome<SqlBatch>>
  /** Lets go of it: the object is told, and closes it. */
  [Symbol.dispose](): void
}

export interface StateCalls {
  stateGet(key: string): Promise<Outcome<StoredStateEntry | null>>
  statePut(key: string, value: string): Promise<Outcome<null>>
  stateDelete(key: string): Promise<Outcome<null>>
  stateList(range: StateKeyRange, limit: number): Promise<Outcome<StateDriverPage>>
  stateCommit(commit: StateCommit): Promise<Outcome<boolean>>
  stateSqlExec(query: string, params: readonly SqlValue[]): Promise<Outcome<SqlBatch>>
  stateSqlOpen(query: string, params: readonly SqlValue[]): Promise<Outcome<SqlCursorCalls>>
  stateAlarmGet(): Promise<Outcome<number | null>>
  stateAlarmSet(at: number): Promise<Outcome<null>>
  stateAlarmDelete(): Promise<Outcome<null>>
}
