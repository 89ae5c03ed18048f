/** The dedupe ledger in SQLite. Every step is one statement that decides and writes at once. */
import {
  type BeginCall,
  type Changes,
  type Clock,
  type CommitOutcome,
  type CommitRecord,
  type DedupeCapabilityInfo,
  type DedupeDriver,
  type DriverBegin,
  type DriverLook,
  type DriverUnknownPage,
  ledgerSteps,
  type RenewCall,
  type StartOutcome,
  type StartRecord,
} from '@flowport/capabilities'
import { holdIn, writeInto } from './commit.ts'
import type { Database } from './database.ts'
import { translated } from './translate-error.ts'

/** A record that had not begun its effect is kept this long after its lease: its holder may still complete it. */
const lateHolderMs = 86_400_000
/**
 * Every so many writes a slice of the table, in the order of keys, is cleared of what has expired: four rows a write, so
 * it comes round faster than the table grows. An index of expiries would cost every write more than this.
 */
const writesPerSlice = 32
const sliceRows = 128
/** Rows that a page of unknown keys reads at most: the process does nothing else meanwhile. */
const listedRows = 10_000

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
      return this.#sql.reserve.run({ key, token, expiresAt: now + Math.ceil(ttlMs), now }).changes === 1
    })
  }

  begin(
    key: string,
    token: string,
    leaseMs: number,
    fingerprint: string,
    { started = false, over }: BeginCall,
  ): DriverBegin {
    return translated(() => {
      const now = this.#now()
      this.#sweepSome(now)
      const expiresAt = now + Math.ceil(leaseMs)
      for (;;) {
        const taken = this.#sql.begin.get(
          key,
          token,
          fingerprint,
          expiresAt,
          now,
          started ? 1 : 0,
          over ?? -1,
        )
        if (taken !== undefined) return { state: 'fresh', fence: Number(taken['fence']) }
        const row = this.#sql.read.get(key) as Row | undefined
        const found = row === undefined ? undefined : stateOf(row, token, now)
        if (found !== undefined) return found
      }
    })
  }

  complete(key: string, token: string, result: string, ttlMs: number): boolean {
    const now = this.#now()
    return translated(
      () => this.#sql.complete.run(result, now + Math.ceil(ttlMs), key, token, now).changes === 1,
    )
  }

  commit({ key, token, result, ttlMs }: CommitRecord, { reads, writes }: Changes): CommitOutcome {
    return translated(() =>
      this.#db.immediate(() => {
        const isSo = holdIn(this.#db, reads)
        const expiresAt = this.#now() + Math.ceil(ttlMs)
        if (isSo && this.#sql.finish.run(result, expiresAt, key, token).changes === 1) {
          writeInto(this.#db, writes)
          return 'committed'
        }
        const standing = this.#standing(key, token)
        if (standing === 'done') return 'committed'
        return standing === 'held' ? 'conflict' : 'fenced'
      }),
    )
  }

  start({ key, token, leaseMs }: StartRecord, { reads, writes }: Changes): StartOutcome {
    return translated(() =>
      this.#db.immediate(() => {
        if (!holdIn(this.#db, reads))
          return { state: this.#standing(key, token) === 'held' ? 'conflict' : 'fenced' }
        if (!this.renew(key, token, leaseMs, { started: true })) return { state: 'fenced' }
        return { state: 'started', ids: writeInto(this.#db, writes) }
      }),
    )
  }

  release(key: string, token: string): boolean {
    return translated(() => this.#sql.release.run(key, token).changes === 1)
  }

  renew(key: string, token: string, leaseMs: number, { started = false }: RenewCall): boolean {
    const expiresAt = this.#now() + Math.ceil(leaseMs)
    return translated(() => this.#sql.renew.run(expiresAt, started ? 1 : 0, key, token).changes === 1)
  }

  unknowns(cursor: string | null, limit: number): DriverUnknownPage {
    return translated(() => {
      const now = this.#now()
      const from = cursor ?? ''
      const { last, looked } = this.#sql.listed.get(from) as { last: string | null; looked: number }
      if (last === null) return { keys: [], cursor: null }
      const rows = this.#sql.unknowns.all(now, from, last, limit + 1)
      const keys = rows.slice(0, limit).map(({ key, fence, expires_at }) => ({
        key: String(key),
        fence: Number(fence),
        sinceMs: now - Number(expires_at),
      }))
      if (rows.length > limit) return { keys, cursor: keys.at(-1)?.key ?? null }
      return { keys, cursor: looked === listedRows ? last : null }
    })
  }

  look(key: string): DriverLook {
    return translated(() => {
      const row = this.#sql.read.get(key) as Row | undefined
      return ledgerSteps.look(row === undefined ? undefined : recordOf(row), { now: this.#now() })
    })
  }

  takeOver(key: string, token: string, leaseMs: number, over: number): number | null {
    return translated(() => {
      const now = this.#now()
      const taken = this.#sql.takeOver.get({ key, token, over, expiresAt: now + Math.ceil(leaseMs), now })
      return taken === undefined ? null : Number(taken['fence'])
    })
  }

  forget(key: string): void {
    translated(() => this.#sql.forget.run(key))
  }

  check(): void {
    translated(() => this.#db.check())
  }

  /** How the key stands for the holder with this token. Asked where a step was refused. */
  #standing(key: string, token: string): 'held' | 'done' | 'lost' {
    const found = this.#sql.holder.get(key)
    if (found?.['token'] !== token) return 'lost'
    return found['done'] === 1 ? 'done' : 'held'
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
  readonly token: string
  readonly done: number
  readonly fingerprint: string
  readonly result: string
  readonly expires_at: number
  readonly started: number
  readonly fence: number
}

function recordOf({ token, done, fingerprint, result, expires_at, started, fence }: Row) {
  return {
    token,
    fingerprint,
    result: done === 1 ? result : null,
    endsAt: expires_at,
    started: started === 1,
    fence,
  }
}

/** How a key stands that was not taken; `undefined` when it became free between the two statements. */
function stateOf(row: Row, token: string, now: number): DriverBegin | undefined {
  const { done, fingerprint, result, expires_at, started, fence } = row
  if (done === 0 && row.token === token) return { state: 'fresh', fence }
  if (expires_at > now)
    return done === 1
      ? { state: 'done', fingerprint, result }
      : { state: 'in_flight', fingerprint, leaseEndsInMs: expires_at - now }
  return done === 0 && started === 1
    ? { state: 'unknown', fingerprint, fence, sinceMs: now - expires_at }
    : undefined
}

/** Above every fence of a record that was removed, and growing with time. */
const minFence = minFenceAt(':now')

function minFenceAt(now: string): string {
  return `max(${now}, (SELECT fence FROM dedupe_removed) + 1)`
}

function prepare(db: Database) {
  return {
    reserve: db.prepare(
      `INSERT INTO dedupe (key, token, done, fingerprint, result, expires_at, started, fence)
        VALUES (:key, :token, 1, '', 'null', :expiresAt, 1, ${minFence})
        ON CONFLICT (key) DO UPDATE SET token = excluded.token, done = excluded.done,
          fingerprint = excluded.fingerprint, result = excluded.result, expires_at = excluded.expires_at,
          started = 1, fence = max(excluded.fence, dedupe.fence + 1)
        WHERE (dedupe.expires_at <= :now AND (dedupe.done = 1 OR dedupe.started = 0))
          OR dedupe.token = excluded.token`,
    ),
    // Whoever takes over an unknown key keeps its request and its doubt. Numbers, as names take a seventh longer to bind.
    begin: db.prepare(
      `INSERT INTO dedupe (key, token, done, fingerprint, result, expires_at, started, fence)
        VALUES (?1, ?2, 0, ?3, 'null', ?4, ?6, ${minFenceAt('?5')})
        ON CONFLICT (key) DO UPDATE SET token = excluded.token, done = 0, result = 'null',
          fingerprint = iif(dedupe.done = 0 AND dedupe.started = 1, dedupe.fingerprint, excluded.fingerprint),
          started = excluded.started OR (dedupe.done = 0 AND dedupe.started = 1),
          expires_at = excluded.expires_at, fence = max(excluded.fence, dedupe.fence + 1)
        WHERE dedupe.expires_at <= ?5 AND (dedupe.done = 1 OR dedupe.started = 0 OR dedupe.fence = ?7)
        RETURNING fence`,
    ),
    read: db.prepare(
      'SELECT token, done, fingerprint, result, expires_at, started, fence FROM dedupe WHERE key = ?',
    ),
    holder: db.prepare('SELECT token, done FROM dedupe WHERE key = ?'),
    unknowns: db.prepare(
      `SELECT key, fence, expires_at FROM dedupe
        WHERE done = 0 AND started = 1 AND expires_at <= ? AND key > ? AND key <= ? ORDER BY key LIMIT ?`,
    ),
    listed: db.prepare(
      `SELECT max(key) AS last, count(*) AS looked
        FROM (SELECT key FROM dedupe WHERE key > ? ORDER BY key LIMIT ${listedRows})`,
    ),
    // A call that comes twice finds its own token, and changes nothing.
    takeOver: db.prepare(
      `UPDATE dedupe SET token = :token,
          expires_at = iif(token = :token, expires_at, :expiresAt),
          fence = iif(token = :token, fence, max(${minFence}, fence + 1))
        WHERE key = :key AND done = 0
          AND (token = :token OR (started = 1 AND expires_at <= :now AND fence = :over))
        RETURNING fence`,
    ),
    complete: db.prepare(
      `UPDATE dedupe SET done = 1, result = ?, expires_at = ?
        WHERE key = ? AND token = ? AND (done = 0 OR expires_at > ?)`,
    ),
    finish: db.prepare(
      'UPDATE dedupe SET done = 1, result = ?, expires_at = ? WHERE key = ? AND token = ? AND done = 0',
    ),
    release: db.prepare('DELETE FROM dedupe WHERE key = ? AND token = ? AND done = 0'),
    renew: db.prepare(
      'UPDATE dedupe SET expires_at = ?, started = max(started, ?) WHERE key = ? AND token = ? AND done = 0',
    ),
    forget: db.prepare('DELETE FROM dedupe WHERE key = ?'),
    slice: db.prepare(
      `SELECT max(key) AS last FROM (SELECT key FROM dedupe WHERE key > ? ORDER BY key LIMIT ${sliceRows})`,
    ),
    sweep: db.prepare(
      `DELETE FROM dedupe WHERE key > :from AND key <= :to
        AND expires_at <= :now AND (done = 1 OR (started = 0 AND expires_at <= :now - ${lateHolderMs}))`,
    ),
  }
}
