/**
 * A named queue in SQLite. A message taken by a receiver stays in its row, not ready until the lease ends; its receipt
 * changes with every delivery, so whoever holds an old one can no longer ack it.
 */
import type { Clock, QueueCapabilityInfo, QueueDriver, StoredMessage } from '@flowport/capabilities'
import { uniqueIds } from '../unique-ids.ts'
import type { Database } from './database.ts'
import { translated } from './translate-error.ts'

export interface SqliteQueueOptions {
  readonly name: string
  /** Deliveries before a message is set aside. */
  readonly maxAttempts: number
}

export class SqliteQueueDriver implements QueueDriver {
  readonly info: QueueCapabilityInfo
  readonly #clock: Pick<Clock, 'now'>
  readonly #db: Database
  readonly #name: string
  readonly #maxAttempts: number
  readonly #receipts = uniqueIds()
  readonly #sql

  constructor(
    db: Database,
    info: QueueCapabilityInfo,
    clock: Pick<Clock, 'now'>,
    { name, maxAttempts }: SqliteQueueOptions,
  ) {
    this.info = info
    this.#db = db
    this.#clock = clock
    this.#name = name
    this.#maxAttempts = maxAttempts
    this.#sql = prepare(db)
  }

  send(bodies: readonly string[], delayMs: number): readonly string[] {
    return translated(() => {
      const now = this.#now()
      const readyAt = now + Math.ceil(delayMs)
      const one = (body: string) => String(this.#sql.send.run(this.#name, readyAt, now, body).lastInsertRowid)
      return bodies.length === 1 ? bodies.map(one) : this.#db.immediate(() => bodies.map(one))
    })
  }

  receive(limit: number, leaseMs: number): readonly StoredMessage[] {
    return translated(() => {
      const now = this.#now()
      const found: Row[] = []
      // Messages whose last lease ended are set aside as they are met; others are taken in their stead.
      for (let missing = limit; missing > 0; missing = limit - found.length) {
        const rows = this.#take(missing, now, now + Math.ceil(leaseMs))
        found.push(...rows.filter(({ dead }) => dead === 0))
        if (rows.length < missing) break
      }
      return found.sort((a, b) => a.due_at - b.due_at || a.id - b.id).map(messageOf)
    })
  }

  ack(id: string, receipt: string): boolean {
    return translated(() => this.#sql.ack.run(id, this.#name, receipt).changes === 1)
  }

  retry(id: string, receipt: string, delayMs: number): boolean {
    const readyAt = this.#now() + Math.ceil(delayMs)
    return translated(
      () => this.#sql.retry.run(readyAt, this.#maxAttempts, id, this.#name, receipt).changes === 1,
    )
  }

  deadLetters(limit: number): readonly StoredMessage[] {
    return translated(() => {
      const rows = this.#sql.dead.all(this.#name, this.#now(), this.#maxAttempts, limit)
      return (rows as unknown as Row[]).map(messageOf)
    })
  }

  check(): void {
    translated(() => this.#db.check())
  }

  #take(limit: number, now: number, until: number): readonly Row[] {
    const parameters = {
      queue: this.#name,
      now,
      until,
      limit,
      most: this.#maxAttempts,
      receipt: this.#receipts.next(),
    }
    return this.#sql.take.all(parameters) as unknown as Row[]
  }

  #now(): number {
    return Math.floor(this.#clock.now())
  }
}

interface Row {
  readonly id: number
  readonly dead: number
  readonly due_at: number
  readonly sent_at: number
  readonly attempt: number
  readonly receipt: string
  readonly body: string
}

function messageOf({ id, body, attempt, sent_at, receipt }: Row): StoredMessage {
  return { id: String(id), body, attempt, sentAt: sent_at, receipt }
}

const columns = 'id, dead, due_at, sent_at, attempt, receipt, body'

function prepare(db: Database) {
  return {
    send: db.prepare(
      'INSERT INTO queue (queue, ready_at, due_at, sent_at, body) VALUES (?1, ?2, ?2, ?3, ?4)',
    ),
    // `due_at` keeps the moment it was ready, for the order among those taken together; a dead one keeps its receipt.
    take: db.prepare(
      `UPDATE queue SET
        dead = attempt >= :most,
        receipt = iif(attempt >= :most, receipt, :receipt),
        due_at = ready_at,
        ready_at = iif(attempt >= :most, ready_at, :until),
        attempt = min(attempt + 1, :most)
        WHERE id IN (SELECT id FROM queue WHERE queue = :queue AND dead = 0 AND ready_at <= :now
          ORDER BY ready_at, id LIMIT :limit)
        RETURNING ${columns}`,
    ),
    ack: db.prepare('DELETE FROM queue WHERE id = ? AND queue = ? AND receipt = ?'),
    retry: db.prepare(
      `UPDATE queue SET ready_at = ?1, dead = attempt >= ?2, receipt = iif(attempt >= ?2, receipt, NULL)
        WHERE id = ?3 AND queue = ?4 AND receipt = ?5 AND dead = 0`,
    ),
    // Also those no receiver has met since their last lease ended.
    dead: db.prepare(
      `SELECT ${columns} FROM queue WHERE queue = ?1 AND (dead = 1 OR (ready_at <= ?2 AND attempt >= ?3))
        ORDER BY id LIMIT ?4`,
    ),
  }
}
