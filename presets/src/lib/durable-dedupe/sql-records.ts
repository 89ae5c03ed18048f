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
    if (this.#table.exists) addColumns(sql)
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
      `DELETE FROM ledger WHERE ends_at <= ?1
        AND (result IS NOT NULL OR (started = 0 AND ends_at <= ?1 - ${lateHolderMs}))`,
      now,
    )
    const left = this.#sql.exec<{ records: number; at: number | null }>(
      `SELECT count(*) AS records, min(CASE
          WHEN result IS NOT NULL THEN ends_at
          WHEN started = 0 THEN ends_at + ${lateHolderMs}
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
      .exec<Row>('SELECT token, fingerprint, result, ends_at, started, fence FROM ledger WHERE key = ?', key)
      .toArray()
    if (row === undefined) return undefined
    const { token, fingerprint, result, ends_at: endsAt, started, fence } = row
    return { token, fingerprint, result, endsAt, started: started === 1, fence }
  }

  #write(key: string, { token, fingerprint, result, endsAt, started, fence }: LedgerRecord): void {
    this.#table.make()
    this.#sql.exec(
      `INSERT OR REPLACE INTO ledger (key, ends_at, token, fingerprint, result, started, fence)
        VALUES (?, ?, ?, ?, ?, ?, ?)`,
      key,
      endsAt,
      token,
      fingerprint,
      result,
      started ? 1 : 0,
      fence,
    )
  }
}

/** Brings the table of an earlier version up to date. Its records count as started: nobody knows their effects. */
function addColumns(sql: ObjectSql): void {
  const known = sql.exec<{ name: string }>("SELECT name FROM pragma_table_info('ledger')").toArray()
  if (known.some(({ name }) => name === 'fence')) return
  sql.exec('ALTER TABLE ledger ADD COLUMN started INTEGER NOT NULL DEFAULT 1')
  sql.exec('ALTER TABLE ledger ADD COLUMN fence INTEGER NOT NULL DEFAULT 0')
}

type Row = {
  readonly token: string
  readonly fingerprint: string
  readonly result: string | null
  readonly ends_at: number
  readonly started: number
  readonly fence: number
}

/** No index of expiries: it would double the rows each step writes, which cost a thousand times those a sweep reads. */
const createLedger = `CREATE TABLE IF NOT EXISTS ledger (
  key TEXT NOT NULL PRIMARY KEY,
  ends_at INTEGER NOT NULL,
  token TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  result TEXT,
  started INTEGER NOT NULL DEFAULT 1,
  fence INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID`
