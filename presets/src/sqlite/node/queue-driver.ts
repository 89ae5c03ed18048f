/**
 * A named queue in SQLite. A message that was taken stays in its row, not ready until the lease ends; its receipt changes
 * with every delivery, so whoever holds an old one can no longer ack it. Order is the order of sending, always.
 */
import type {
  Clock,
  QueueCapabilityInfo,
  QueueDriver,
  SettleCall,
  StoredDeadLetter,
  StoredMessage,
} from '@flowport/capabilities'
import { uniqueIds } from '../../platform/unique-ids.ts'
import type { Database } from './database.ts'
import { SqliteDeadLetters } from './dead-letters.ts'
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
  readonly #letters: SqliteDeadLetters

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
    this.#letters = new SqliteDeadLetters(db, name)
  }

  send(bodies: readonly string[], delayMs: number): readonly string[] {
    const write = () => this.write(bodies, delayMs)
    return translated(() => (bodies.length === 1 ? write() : this.#db.immediate(write)))
  }

  /** Whether its rows are in this database, so that a transaction there can write them. */
  isIn(db: Database): boolean {
    return db === this.#db
  }

  /** Stores the messages one after the other; the caller has begun a transaction where there are several. */
  write(bodies: readonly string[], delayMs: number): readonly string[] {
    const now = this.#now()
    const readyAt = now + Math.ceil(delayMs)
    const state = readyAt > now ? waiting : ready
    return bodies.map((body) =>
      String(this.#sql.send.run(this.#name, state, readyAt, now, body).lastInsertRowid),
    )
  }

  receive(limit: number, leaseMs: number): readonly StoredMessage[] {
    return translated(() => {
      const now = this.#now()
      this.#wake(now)
      const rows = this.#sql.take.all(this.#receipts.next(), now + Math.ceil(leaseMs), this.#name, limit)
      // `RETURNING` has no order of its own.
      return (rows as unknown as Row[]).sort((a, b) => a.id - b.id).map(messageOf)
    })
  }

  ack(id: string, receipt: string): boolean {
    return translated(() => this.#sql.ack.run(id, this.#name, receipt).changes === 1)
  }

  retry(id: string, receipt: string, delayMs: number, { error }: Settled = {}): boolean {
    const now = this.#now()
    const readyAt = now + Math.ceil(delayMs)
    return translated(
      () =>
        this.#sql.retry.run(this.#maxAttempts, readyAt, id, this.#name, receipt, now, error ?? null)
          .changes === 1,
    )
  }

  renew(id: string, receipt: string, leaseMs: number): boolean {
    const endsAt = this.#now() + Math.ceil(leaseMs)
    return translated(() => this.#sql.renew.run(endsAt, id, this.#name, receipt).changes === 1)
  }

  reject(id: string, receipt: string, { error }: Settled = {}): boolean {
    return translated(
      () => this.#sql.reject.run(this.#now(), error ?? null, id, this.#name, receipt).changes === 1,
    )
  }

  deadLetters(limit: number): readonly StoredMessage[] {
    return translated(() => {
      this.#wake(this.#now())
      return (this.#sql.dead.all(this.#name, limit) as unknown as Row[]).map(messageOf)
    })
  }

  listDeadLetters(limit: number, after?: string): readonly StoredDeadLetter[] {
    return translated(() => {
      this.#wake(this.#now())
      return this.#letters.list(limit, after)
    })
  }

  redrive(ids: readonly string[] | null): number {
    return translated(() => {
      this.#wake(this.#now())
      return this.#letters.redrive(ids)
    })
  }

  check(): void {
    translated(() => this.#db.check())
  }

  /** Makes ready what is due; what had its last attempt is set aside. */
  #wake(now: number): void {
    // A look first: it needs no turn at writing, and most often nothing is due.
    if (this.#sql.due.get(this.#name, now) === undefined) return
    this.#sql.wake.run(this.#maxAttempts, this.#name, now)
  }

  #now(): number {
    return Math.floor(this.#clock.now())
  }
}

/** States, as the schema explains them; spelled out in the statements, where the indexes are chosen by them. */
const ready = 0
const waiting = 1

type Settled = Pick<SettleCall, 'error'>

interface Row {
  readonly id: number
  readonly sent_at: number
  readonly attempt: number
  readonly receipt: string | null
  readonly body: string
}

function messageOf({ id, body, attempt, sent_at, receipt }: Row): StoredMessage {
  return { id: String(id), body, attempt, sentAt: sent_at, receipt: receipt ?? '' }
}

function prepare(db: Database) {
  return {
    send: db.prepare('INSERT INTO queue (queue, state, ready_at, sent_at, body) VALUES (?, ?, ?, ?, ?)'),
    due: db.prepare('SELECT 1 FROM queue WHERE queue = ? AND state = 1 AND ready_at <= ? LIMIT 1'),
    wake: db.prepare(
      `UPDATE queue SET state = iif(attempt >= ?1, 2, 0), dead_at = iif(attempt >= ?1, ?3, NULL)
        WHERE queue = ?2 AND state = 1 AND ready_at <= ?3`,
    ),
    take: db.prepare(
      `UPDATE queue SET state = 1, attempt = attempt + 1, receipt = ?1 || '-' || id, ready_at = ?2
        WHERE id IN (SELECT id FROM queue WHERE queue = ?3 AND state = 0 ORDER BY id LIMIT ?4)
        RETURNING id, sent_at, attempt, receipt, body`,
    ),
    ack: db.prepare('DELETE FROM queue WHERE id = ? AND queue = ? AND receipt = ? AND state < 2'),
    retry: db.prepare(
      `UPDATE queue SET state = iif(attempt >= ?1, 2, 1), ready_at = ?2, receipt = NULL,
          dead_at = iif(attempt >= ?1, ?6, NULL), error = ?7
        WHERE id = ?3 AND queue = ?4 AND receipt = ?5 AND state < 2`,
    ),
    // A message whose lease has ended is ready again, and still its last receiver's until another takes it.
    renew: db.prepare(
      'UPDATE queue SET state = 1, ready_at = ? WHERE id = ? AND queue = ? AND receipt = ? AND state < 2',
    ),
    reject: db.prepare(
      `UPDATE queue SET state = 2, receipt = NULL, dead_at = ?, error = ?
        WHERE id = ? AND queue = ? AND receipt = ? AND state < 2`,
    ),
    dead: db.prepare(
      'SELECT id, sent_at, attempt, receipt, body FROM queue WHERE queue = ? AND state = 2 ORDER BY id LIMIT ?',
    ),
  }
}
