/** Ledger records in the SQLite of an object. Reading and writing happen without a pause: nothing comes between. */
import type { ObjectSql } from '../durable/object-state.ts'
import { LazyTable } from '../durable/lazy-table.ts'
import { type Change, lateHolderMs, type LedgerRecord } from './ledger.ts'
import type { Records, Unlisted, UnknownSlice } from './records.ts'

/** Rows that one page of unknown keys reads at most, so that listing a large ledger blocks no other step for long. */
const sliceRows = 2000
/** Unknown keys that an index is told of by one alarm. */
const unlistedRows = 50

export class SqlRecords implements Records {
  readonly #sql: ObjectSql
  readonly #table: LazyTable

  constructor(sql: ObjectSql) {
    this.#sql = sql
    this.#table = new LazyTable(sql, 'ledger', [createLedger])
    if (this.#table.exists) addColumns(sql)
  }

  change<A>(key: string, step: (found: LedgerRecord | undefined) => Change<A>): A {
    const { answer, record } = step(this.#read(key))
    if (record === null) this.#sql.exec('DELETE FROM ledger WHERE key = ?', key)
    else if (record !== undefined) this.#write(key, record)
    return answer
  }

  unknowns(after: string, limit: number, now: number): UnknownSlice {
    if (!this.#table.exists) return { keys: [], next: null }
    const { last, looked } = this.#sql
      .exec<{ last: string | null; looked: number }>(
        `SELECT max(key) AS last, count(*) AS looked
          FROM (SELECT key FROM ledger WHERE key > ? ORDER BY key LIMIT ${sliceRows})`,
        after,
      )
      .one()
    const rows = this.#sql
      .exec<{ key: string; fence: number; ends_at: number }>(
        `SELECT key, fence, ends_at FROM ledger
          WHERE key > ? AND key <= ? AND ${isUnknown} ORDER BY key LIMIT ?`,
        after,
        last ?? '',
        now,
        limit + 1,
      )
      .toArray()
    const keys = rows
      .slice(0, limit)
      .map(({ key, fence, ends_at: endsAt }) => ({ key, fence, sinceMs: now - endsAt }))
    if (rows.length > limit) return { keys, next: keys.at(-1)?.key ?? null }
    return { keys, next: looked === sliceRows ? last : null }
  }

  unlisted(now: number): readonly Unlisted[] {
    if (!this.#table.exists) return []
    return this.#sql
      .exec<{ key: string; fence: number; index: string }>(
        `SELECT key, fence, unlisted_in AS "index" FROM ledger
          WHERE unlisted_in IS NOT NULL AND ${isUnknown} LIMIT ${unlistedRows}`,
        now,
      )
      .toArray()
  }

  hasIndex(): boolean {
    if (!this.#table.exists) return false
    const found = this.#sql.exec('SELECT 1 AS one FROM ledger WHERE unlisted_in IS NOT NULL LIMIT 1')
    return found.toArray().length > 0
  }

  sweep(now: number): number | null {
    if (!this.#table.exists) return null
    this.#sql.exec(
      `DELETE FROM ledger WHERE ends_at <= ?1
        AND (result IS NOT NULL OR (started = 0 AND ends_at <= ?1 - ${lateHolderMs}))`,
      now,
    )
    const left = this.#sql.exec<{ records: number; at: number | null }>(
      `SELECT count(*) AS records, min(CASE
          WHEN result IS NOT NULL THEN ends_at
          WHEN started = 0 THEN ends_at + ${lateHolderMs}
          WHEN unlisted_in IS NOT NULL THEN ends_at
        END) AS at FROM ledger`,
    )
    const { records, at } = left.one()
    // Unknown records have no time of their own: the object keeps them until somebody settles them.
    return records === 0 ? null : (at ?? Infinity)
  }

  emptied(): void {
    this.#table.gone()
  }

  check(): void {
    this.#sql.exec('SELECT 1')
  }

  #read(key: string): LedgerRecord | undefined {
    if (!this.#table.exists) return undefined
    const [row] = this.#sql
      .exec<Row>(
        `SELECT token, fingerprint, result, ends_at, started, fence, unlisted_in FROM ledger WHERE key = ?`,
        key,
      )
      .toArray()
    if (row === undefined) return undefined
    const { token, fingerprint, result, ends_at: endsAt, started, fence, unlisted_in: index } = row
    return { token, fingerprint, result, endsAt, started: started === 1, fence, index }
  }

  #write(key: string, { token, fingerprint, result, endsAt, started, fence, index }: LedgerRecord): void {
    this.#table.make()
    this.#sql.exec(
      `INSERT OR REPLACE INTO ledger (key, ends_at, token, fingerprint, result, started, fence, unlisted_in)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      key,
      endsAt,
      token,
      fingerprint,
      result,
      started ? 1 : 0,
      fence,
      index,
    )
  }
}

/** Brings the table of an earlier version up to date. Its records count as started: nobody knows their effects. */
function addColumns(sql: ObjectSql): void {
  const rows = sql.exec<{ name: string }>("SELECT name FROM pragma_table_info('ledger')").toArray()
  const known = new Set(rows.map(({ name }) => name))
  if (!known.has('started')) sql.exec('ALTER TABLE ledger ADD COLUMN started INTEGER NOT NULL DEFAULT 1')
  if (!known.has('fence')) sql.exec('ALTER TABLE ledger ADD COLUMN fence INTEGER NOT NULL DEFAULT 0')
  if (!known.has('unlisted_in')) sql.exec('ALTER TABLE ledger ADD COLUMN unlisted_in TEXT')
}

type Row = {
  readonly token: string
  readonly fingerprint: string
  readonly result: string | null
  readonly ends_at: number
  readonly started: number
  readonly fence: number
  readonly unlisted_in: string | null
}

/** Takes the moment. */
const isUnknown = 'result IS NULL AND started = 1 AND ends_at <= ?'

/** No index of expiries: it would double the rows each step writes, which cost a thousand times those a sweep reads. */
const createLedger = `CREATE TABLE IF NOT EXISTS ledger (
  key TEXT NOT NULL PRIMARY KEY,
  ends_at INTEGER NOT NULL,
  token TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  result TEXT,
  started INTEGER NOT NULL DEFAULT 1,
  fence INTEGER NOT NULL DEFAULT 0,
  unlisted_in TEXT
) STRICT, WITHOUT ROWID`
