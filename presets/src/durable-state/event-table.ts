/** The events of a sequencer in its SQLite database, in the order they were accepted. Every method is synchronous. */
import type { ObjectSql, ObjectStorage } from '../cloudflare/durable/object-state.ts'
import { LazyTable } from '../cloudflare/durable/lazy-table.ts'
import type { SequencerStatus, StoredDeadEvent } from './sequencer-protocol.ts'

export interface StoredEvent {
  readonly seq: number
  readonly id: string
  readonly body: string
  /** Attempts begun. */
  readonly attempts: number
  readonly notBefore: number
}

/** States of an event, spelled out in the statements. A handled one is kept without its body, to know its id again. */
const waiting = 0
const handled = 1
const dead = 2

/** Handled events each completion looks at, so that old ones go without a timer. */
const sweepRows = 4

export class EventTable {
  readonly #storage: ObjectStorage
  readonly #sql: ObjectSql
  readonly #table: LazyTable

  constructor(storage: ObjectStorage) {
    this.#storage = storage
    this.#sql = storage.sql
    this.#table = new LazyTable(this.#sql, '_flowport_events', [
      `CREATE TABLE _flowport_events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        state INTEGER NOT NULL,
        body TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        not_before INTEGER NOT NULL DEFAULT 0,
        handled_at INTEGER NOT NULL DEFAULT 0,
        error TEXT NOT NULL DEFAULT ''
      )`,
      'CREATE INDEX _flowport_events_state ON _flowport_events (state, seq)',
    ])
  }

  /** `false` when an event of this id is there already, whatever became of it. */
  add(id: string, body: string): boolean {
    this.#table.make()
    return (
      this.#sql
        .exec(
          'INSERT INTO _flowport_events (id, state, body) VALUES (?, 0, ?) ON CONFLICT DO NOTHING RETURNING seq',
          id,
          body,
        )
        .toArray().length === 1
    )
  }

  /** The first that waits. */
  head(): StoredEvent | null {
    if (!this.#table.exists) return null
    const [row] = this.#sql
      .exec<EventRow>(
        `SELECT seq, id, body, attempts, not_before AS notBefore FROM _flowport_events
          WHERE state = ${waiting} ORDER BY seq LIMIT 1`,
      )
      .toArray()
    return row ?? null
  }

  /** Counts an attempt before it is made: one that takes the object down with it counts too. */
  begin({ seq }: StoredEvent): void {
    this.#sql.exec('UPDATE _flowport_events SET attempts = attempts + 1 WHERE seq = ?', seq)
  }

  /** Keeps the id for `rememberMs`, and lets go of some that are older. */
  finish({ seq }: StoredEvent, now: number, rememberMs: number): void {
    this.#storage.transactionSync(() => {
      this.#sql.exec(
        `UPDATE _flowport_events SET state = ${handled}, body = '', error = '', handled_at = ? WHERE seq = ?`,
        now,
        seq,
      )
      this.#sql.exec(
        `DELETE FROM _flowport_events WHERE seq IN
          (SELECT seq FROM _flowport_events WHERE state = ${handled} ORDER BY seq LIMIT ${sweepRows})
          AND handled_at <= ?`,
        now - rememberMs,
      )
    })
  }

  postpone({ seq }: StoredEvent, notBefore: number, error: string): void {
    this.#sql.exec(
      'UPDATE _flowport_events SET not_before = ?, error = ? WHERE seq = ?',
      notBefore,
      error,
      seq,
    )
  }

  bury({ seq }: StoredEvent, error: string): void {
    this.#sql.exec(`UPDATE _flowport_events SET state = ${dead}, error = ? WHERE seq = ?`, error, seq)
  }

  dead(limit: number): readonly StoredDeadEvent[] {
    if (!this.#table.exists) return []
    return this.#sql
      .exec<DeadRow>(
        `SELECT id, body AS event, attempts, error FROM _flowport_events WHERE state = ${dead} ORDER BY seq LIMIT ?`,
        limit,
      )
      .toArray()
  }

  /** Makes a dead event the last that waits, with all its attempts again. */
  redrive(id: string): boolean {
    if (!this.#table.exists) return false
    return this.#storage.transactionSync(() => {
      const [row] = this.#sql
        .exec<{ body: string }>(
          `DELETE FROM _flowport_events WHERE id = ? AND state = ${dead} RETURNING body`,
          id,
        )
        .toArray()
      return row !== undefined && this.add(id, row.body)
    })
  }

  status(): SequencerStatus {
    const head = this.head()
    return {
      pending: this.#count(waiting),
      dead: this.#count(dead),
      head: head && { id: head.id, attempts: head.attempts, notBefore: head.notBefore },
    }
  }

  #count(state: number): number {
    if (!this.#table.exists) return 0
    return this.#sql
      .exec<{ count: number }>('SELECT count(*) AS count FROM _flowport_events WHERE state = ?', state)
      .one().count
  }
}

// Types, for interfaces are no records of SQL values.
type EventRow = {
  readonly seq: number
  readonly id: string
  readonly body: string
  readonly attempts: number
  readonly notBefore: number
}

type DeadRow = {
  readonly id: string
  readonly event: string
  readonly attempts: number
  readonly error: string
}
