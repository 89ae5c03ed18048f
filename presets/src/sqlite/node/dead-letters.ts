/** The dead letters of one queue in SQLite: listed by page, and moved back in one statement. */
import type { StoredDeadLetter } from '@flowport/capabilities'
import type { Database } from './database.ts'

interface Row {
  readonly id: number
  readonly sent_at: number
  readonly attempt: number
  readonly dead_at: number | null
  readonly error: string | null
  readonly body: string
}

export class SqliteDeadLetters {
  readonly #name: string
  readonly #sql

  constructor(db: Database, name: string) {
    this.#name = name
    this.#sql = prepare(db)
  }

  list(limit: number, after: string | undefined): readonly StoredDeadLetter[] {
    const rows = this.#sql.list.all(this.#name, numberOf(after ?? '0') ?? 0, limit) as unknown as Row[]
    return rows.map(({ id, sent_at, attempt, dead_at, error, body }) => ({
      id: String(id),
      body,
      attempt,
      sentAt: sent_at,
      receipt: '',
      deadAt: dead_at,
      error,
    }))
  }

  /** A statement is a transaction: of two processes that move the same letter, only one counts it. */
  redrive(ids: readonly string[] | null): number {
    if (ids === null) return Number(this.#sql.redriveAll.run(this.#name).changes)
    const numbers = ids.flatMap((id) => numberOf(id) ?? [])
    return Number(this.#sql.redrive.run(this.#name, JSON.stringify(numbers)).changes)
  }
}

/** The row's number; `null` for an id that this store never gave. */
function numberOf(id: string): number | null {
  const number = Number(id)
  return /^\d+$/.test(id) && Number.isSafeInteger(number) ? number : null
}

const movedBack =
  'UPDATE queue SET state = 0, attempt = 0, receipt = NULL, dead_at = NULL, error = NULL WHERE queue = ? AND state = 2'

function prepare(db: Database) {
  return {
    list: db.prepare(
      `SELECT id, sent_at, attempt, dead_at, error, body FROM queue
        WHERE queue = ? AND state = 2 AND id > ? ORDER BY id LIMIT ?`,
    ),
    redriveAll: db.prepare(movedBack),
    redrive: db.prepare(`${movedBack} AND id IN (SELECT value FROM json_each(?))`),
  }
}
