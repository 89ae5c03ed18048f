/** Ledger records in the SQLite of an object. Reading and writing happen without a pause: nothing comes between. */
import type { ObjectSql } from '../durable/object-state.ts'
import { LazyTable } from '../durable/lazy-table.ts'
import { lateHolderMs, type LedgerRecord, type Step } from './ledger.ts'
import type { Records } from './records.ts'

export class SqlRecords implements Records {
  readonly #sql: ObjectSql
  readonly #table: LazyTable

  constructor(sql: ObjectSql) {
    this.#sql = sql
    this.#table = new LazyTable(sql, 'ledger', [createLedger])
  }

  change<A>(key: string, step: (found: LedgerRecord | undefined) => Step<A>): A {
    const { answer, record } = step(this.#read(key))
    if (record === null) this.#sql.exec('DELETE FROM ledger WHERE key = ?', key)
    else if (record !== undefined) this.#write(key, record)
    return answer
  }

  sweep(now: number): number | null {
    if (!this.#table.exists) return null
    this.#sql.exec(
      `DELETE FROM ledger WHERE ends_at <= ?1 AND (result IS NOT NULL OR ends_at <= ?1 - ${lateHolderMs})`,
      now,
    )
    const next = this.#sql.exec<{ at: number | null }>(
      `SELECT min(CASE WHEN result IS NULL THEN ends_at + ${lateHolderMs} ELSE ends_at END) AS at FROM ledger`,
    )
    return next.one().at
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
      .exec<Row>('SELECT token, fingerprint, result, ends_at FROM ledger WHERE key = ?', key)
      .toArray()
    if (row === undefined) return undefined
    const { token, fingerprint, result, ends_at: endsAt } = row
    return { token, fingerprint, result, endsAt }
  }

  #write(key: string, { token, fingerprint, result, endsAt }: LedgerRecord): void {
    this.#table.make()
    this.#sql.exec(
      'INSERT OR REPLACE INTO ledger (key, ends_at, token, fingerprint, result) VALUES (?, ?, ?, ?, ?)',
      key,
      endsAt,
      token,
      fingerprint,
      result,
    )
  }
}

type Row = {
  readonly token: string
  readonly fingerprint: string
  readonly result: string | null
  readonly ends_at: number
}

/** No index of expiries: it would double the rows each step writes, which cost a thousand times those a sweep reads. */
const createLedger = `CREATE TABLE IF NOT EXISTS ledger (
  key TEXT NOT NULL PRIMARY KEY,
  ends_at INTEGER NOT NULL,
  token TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  result TEXT
) STRICT, WITHOUT ROWID`
