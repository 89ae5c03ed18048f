/** The dedupe ledger in SQLite. Every step is one statement that decides and writes at once. */
import type { Clock, DedupeCapabilityInfo, DedupeDriver, DriverBegin } from '@flowport/capabilities'
import type { Database } from './database.ts'
import { translated } from './translate-error.ts'

/** A record whose lease has ended still is its holder's until another takes it: it is kept this long for `complete`. */
const lateHolderMs = 86_400_000
/**
 * Every so many writes a slice of the table, in the order of keys, is cleared of what has expired: four rows a write, so
 * it comes round faster than the table grows. An index of expiries would cost every write more than this.
 */
const writesPerSlice = 32
const sliceRows = 128

export class SqliteDedupeDriver implements DedupeDriver {
  readonly info: DedupeCapabilityInfo
  readonly #clock: Pick<Clock, 'now'>
  readonly #db: Database
  readonly #sql
  #writes = 0
  /** Where the next slice begins. */
  #swept = ''

  constructor(db: Database, info: DedupeCapabilityInfo, clock: Pick<Clock, 'now'>) {
    this.info = info
    this.#db = db
    this.#clock = clock
    this.#sql = prepare(db)
  }

  reserve(key: string, token: string, ttlMs: number): boolean {
    return translated(() => {
      const now = this.#now()
      this.#sweepSome(now)
      return this.#sql.reserve.run(key, token, now + Math.ceil(ttlMs), now).changes === 1
    })
  }

  begin(key: string, token: string, leaseMs: number, fingerprint: string): DriverBegin {
    return translated(() => {
      const now = this.#now()
      this.#sweepSome(now)
      for (;;) {
        const { changes } = this.#sql.begin.run(key, token, fingerprint, now + Math.ceil(leaseMs), now)
        if (changes === 1) return { state: 'fresh' }
        const row = this.#sql.read.get(key) as Row | undefined
        // Given back by its holder between the two statements: take it.
        if (row === undefined) continue
        if (row.done === 1) return { state: 'done', fingerprint: row.fingerprint, result: row.result }
        const leaseEndsInMs = Math.max(0, row.expires_at - now)
        return { state: 'in_flight', fingerprint: row.fingerprint, leaseEndsInMs }
      }
    })
  }

  complete(key: string, token: string, result: string, ttlMs: number): boolean {
    const now = this.#now()
    return translated(
      () => this.#sql.complete.run(result, now + Math.ceil(ttlMs), key, token, now).changes === 1,
    )
  }

  release(key: string, token: string): boolean {
    return translated(() => this.#sql.release.run(key, token).changes === 1)
  }

  renew(key: string, token: string, leaseMs: number): boolean {
    const expiresAt = this.#now() + Math.ceil(leaseMs)
    return translated(() => this.#sql.renew.run(expiresAt, key, token).changes === 1)
  }

  forget(key: string): void {
    translated(() => this.#sql.forget.run(key))
  }

  check(): void {
    translated(() => this.#db.check())
  }

  #sweepSome(now: number): void {
    this.#writes += 1
    if (this.#writes % writesPerSlice !== 0) return
    const from = this.#swept
    const to = this.#sql.slice.get(from)?.['last']
    if (typeof to === 'string') this.#sql.sweep.run({ from, to, now })
    this.#swept = typeof to === 'string' ? to : ''
  }

  #now(): number {
    return Math.floor(this.#clock.now())
  }
}

interface Row {
  readonly done: number
  readonly fingerprint: string
  readonly result: string
  readonly expires_at: number
}

function prepare(db: Database) {
  return {
    reserve: db.prepare(
      `INSERT INTO dedupe (key, token, done, fingerprint, result, expires_at) VALUES (?1, ?2, 1, '', 'null', ?3)
        ON CONFLICT (key) DO UPDATE SET token = excluded.token, done = excluded.done,
          fingerprint = excluded.fingerprint, result = excluded.result, expires_at = excluded.expires_at
        WHERE dedupe.expires_at <= ?4 OR dedupe.token = excluded.token`,
    ),
    begin: db.prepare(
      `INSERT INTO dedupe (key, token, done, fingerprint, result, expires_at) VALUES (?1, ?2, 0, ?3, 'null', ?4)
        ON CONFLICT (key) DO UPDATE SET token = excluded.token, done = excluded.done,
          fingerprint = excluded.fingerprint, result = excluded.result, expires_at = excluded.expires_at
        WHERE dedupe.expires_at <= ?5 OR (dedupe.token = excluded.token AND dedupe.done = 0)`,
    ),
    read: db.prepare('SELECT done, fingerprint, result, expires_at FROM dedupe WHERE key = ?'),
    complete: db.prepare(
      `UPDATE dedupe SET done = 1, result = ?, expires_at = ?
        WHERE key = ? AND token = ? AND (done = 0 OR expires_at > ?)`,
    ),
    release: db.prepare('DELETE FROM dedupe WHERE key = ? AND token = ? AND done = 0'),
    renew: db.prepare('UPDATE dedupe SET expires_at = ? WHERE key = ? AND token = ? AND done = 0'),
    forget: db.prepare('DELETE FROM dedupe WHERE key = ?'),
    slice: db.prepare(
      `SELECT max(key) AS last FROM (SELECT key FROM dedupe WHERE key > ? ORDER BY key LIMIT ${sliceRows})`,
    ),
    sweep: db.prepare(
      `DELETE FROM dedupe WHERE key > :from AND key <= :to
        AND expires_at <= :now AND (done = 1 OR expires_at <= :now - ${lateHolderMs})`,
    ),
  }
}
