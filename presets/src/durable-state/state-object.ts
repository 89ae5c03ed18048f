/**
 * The Durable Object class of durable state. A driver calls its `state…` methods over RPC; code that must run where the
 * entries are extends it. Methods of a class are callable over RPC by everybody who has the binding, hooks included.
 */
import { DurableObject } from 'cloudflare:workers'
import type {
  SqlValue,
  StateCommit,
  StateDriverPage,
  StateKeyRange,
  StoredStateEntry,
} from '@flowport/capabilities'
import type { ObjectState } from '../cloudflare/durable/object-state.ts'
import { type Outcome, outcomeOf } from '../cloudflare/durable/outcome.ts'
import { EntryTable } from './entry-table.ts'
import { ObjectEntries } from './object-entries.ts'
import type { SqlBatch, SqlCursorCalls, StateCalls } from './protocol.ts'
import { allRows, RowReader } from './rows.ts'
import { ObjectSockets, type ObjectSocket, type SocketAcceptance, type SocketHost } from './sockets.ts'
import { SqlCursor } from './sql-cursor.ts'
import { sqlTranslated } from './translate-sql-error.ts'

/** What the platform tells an alarm. */
export interface AlarmInfo {
  /** Milliseconds since the epoch. */
  readonly scheduledTime: number
  readonly isRetry: boolean
  readonly retryCount: number
}

/** The entries, SQL and alarm of one key. Declare it, or what extends it, under `new_sqlite_classes`. */
export class StateObject extends DurableObject implements StateCalls {
  /** The object's entries, for its own code. */
  protected readonly entries: ObjectEntries
  /** The object's WebSockets, those included that were accepted before it slept. */
  protected readonly sockets: ObjectSockets
  readonly #state: ObjectState & SocketHost
  readonly #table: EntryTable
  readonly #cursors = new Set<SqlCursor>()

  constructor(ctx: ObjectState & SocketHost, env: unknown) {
    super(ctx, env)
    this.#state = ctx
    this.#table = new EntryTable(ctx.storage)
    this.entries = new ObjectEntries(this.#table, ctx.storage)
    this.sockets = new ObjectSockets(ctx)
  }

  /**
   * Called when the alarm is due. When it throws, the platform calls it again: after 2 seconds, then twice as long each
   * time, six times at most. https://developers.cloudflare.com/durable-objects/api/alarms/
   */
  onAlarm(_alarm: AlarmInfo): void | Promise<void> {
    // Durable state by itself has nothing to do then.
  }

  /**
   * Called with a request to open a WebSocket. A `Response` refuses it; anything else accepts it, and the object may sleep
   * while it is open. Default: refused with 404.
   */
  onWebSocketUpgrade(_request: Request): SocketAcceptance | Response | Promise<SocketAcceptance | Response> {
    return new Response('this object takes no WebSockets', { status: 404 })
  }

  /** Called with each message, at most 32 MiB. */
  onWebSocketMessage(_socket: ObjectSocket, _message: string | ArrayBuffer): void | Promise<void> {
    // Nobody listens.
  }

  /** Called when the other side has closed, or its connection was lost (`wasClean` false). */
  onWebSocketClose(
    _socket: ObjectSocket,
    _code: number,
    _reason: string,
    _wasClean: boolean,
  ): void | Promise<void> {
    // Nobody listens.
  }

  /** Opens WebSockets; a class that serves other requests too overrides it and calls `super.fetch` for those. */
  async fetch(request: Request): Promise<Response> {
    if (request.headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      return new Response('this object answers WebSockets only', {
        status: 426,
        headers: { upgrade: 'websocket' },
      })
    }
    const answer = await this.onWebSocketUpgrade(request)
    return answer instanceof Response ? answer : this.sockets.accept(answer)
  }

  /** Called by the platform. */
  async alarm(alarm?: AlarmInfo): Promise<void> {
    await this.onAlarm(alarm ?? { scheduledTime: Date.now(), isRetry: false, retryCount: 0 })
  }

  /** Called by the platform. */
  async webSocketMessage(socket: ObjectSocket, message: string | ArrayBuffer): Promise<void> {
    await this.onWebSocketMessage(socket, message)
  }

  /** Called by the platform. */
  async webSocketClose(socket: ObjectSocket, code: number, reason: string, wasClean: boolean): Promise<void> {
    await this.onWebSocketClose(socket, code, reason, wasClean)
  }

  /** Called by the platform: the connection is lost. */
  async webSocketError(socket: ObjectSocket, _error: unknown): Promise<void> {
    await this.onWebSocketClose(socket, 1006, '', false)
  }

  stateGet(key: string): Promise<Outcome<StoredStateEntry | null>> {
    return outcomeOf(() => this.#table.get(key))
  }

  statePut(key: string, value: string): Promise<Outcome<null>> {
    return outcomeOf(() => done(this.#table.put(key, value)))
  }

  stateDelete(key: string): Promise<Outcome<null>> {
    return outcomeOf(() => done(this.#table.delete(key)))
  }

  stateList(range: StateKeyRange, limit: number): Promise<Outcome<StateDriverPage>> {
    return outcomeOf(() => this.#table.list(range, limit))
  }

  stateCommit(commit: StateCommit): Promise<Outcome<boolean>> {
    return outcomeOf(() => this.#table.commit(commit))
  }

  stateSqlExec(query: string, params: readonly SqlValue[]): Promise<Outcome<SqlBatch>> {
    const { storage } = this.#state
    return outcomeOf(() =>
      sqlTranslated(() => storage.transactionSync(() => allRows(storage.sql, query, params))),
    )
  }

  stateSqlOpen(query: string, params: readonly SqlValue[]): Promise<Outcome<SqlCursorCalls>> {
    const { storage } = this.#state
    return outcomeOf(() =>
      sqlTranslated(() => new SqlCursor(new RowReader(storage.sql, query, params), this.#cursors)),
    )
  }

  /** How many cursors callers hold open. */
  stateOpenCursors(): number {
    return this.#cursors.size
  }

  stateAlarmGet(): Promise<Outcome<number | null>> {
    return outcomeOf(() => this.#state.storage.getAlarm())
  }

  stateAlarmSet(at: number): Promise<Outcome<null>> {
    return outcomeOf(async () => done(await this.#state.storage.setAlarm(at)))
  }

  stateAlarmDelete(): Promise<Outcome<null>> {
    return outcomeOf(async () => done(await this.#state.storage.deleteAlarm()))
  }
}

function done(_nothing: void): null {
  return null
}
