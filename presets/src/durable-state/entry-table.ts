/** The entries of one object in its SQLite database. Every method is synchronous, so every step is atomic. */
import type {
  StateCommit,
  StateDriverPage,
  StateKeyRange,
  StateScan,
  StoredStateEntry,
} from '@flowport/capabilities'
import type { ObjectSql, ObjectStorage, SqlBinding } from '../cloudflare/durable/object-state.ts'
import { LazyTable } from '../cloudflare/durable/lazy-table.ts'
import { durableStateLimits } from './limits.ts'

/** Commits an object remembers, so that a repeated one is not applied twice. */
const rememberedCommits = 100

export class EntryTable {
  readonly #storage: ObjectStorage
  readonly #sql: ObjectSql
  readonly #entries: LazyTable
  readonly #commits: LazyTable

  constructor(storage: ObjectStorage) {
    this.#storage = storage
    this.#sql = storage.sql
    // Without rowid a row is written once, not once more for the index of its key.
    this.#entries = new LazyTable(this.#sql, '_flowport_entries', [
      `CREATE TABLE _flowport_entries (key TEXT PRIMARY KEY, value TEXT NOT NULL, version INTEGER NOT NULL)
        WITHOUT ROWID`,
    ])
    this.#commits = new LazyTable(this.#sql, '_flowport_commits', [
      'CREATE TABLE _flowport_commits (one INTEGER PRIMARY KEY CHECK (one = 1), tokens TEXT NOT NULL)',
    ])
  }

  get(key: string): StoredStateEntry | null {
    if (!this.#entries.exists) return null
    const [row] = this.#sql
      .exec<Row>('SELECT key, value, version FROM _flowport_entries WHERE key = ?', key)
      .toArray()
    return row === undefined ? null : { value: row.value, version: String(row.version) }
  }

  put(key: string, value: string): void {
    this.#entries.make()
    this.#sql.exec(
      `INSERT INTO _flowport_entries (key, value, version) VALUES (?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, version = excluded.version`,
      key,
      value,
      newVersion(),
    )
  }

  delete(key: string): void {
    if (this.#entries.exists) this.#sql.exec('DELETE FROM _flowport_entries WHERE key = ?', key)
  }

  /** Ends a page early rather than let it grow past what one RPC carries. */
  list(range: StateKeyRange, limit: number): StateDriverPage {
    if (!this.#entries.exists) return { entries: [], more: false }
    const entries: (StoredStateEntry & { key: string })[] = []
    let bytes = 0
    for (const { key, value, version } of this.#select<Row>('key, value, version', range, limit + 1)) {
      bytes += key.length + value.length
      const isFull = entries.length === limit || bytes > durableStateLimits.maxTransactionBytes
      if (isFull && entries.length > 0) return { entries, more: true }
      entries.push({ key, value, version: String(version) })
    }
    return { entries, more: false }
  }

  commit({ token, reads, scans, writes }: StateCommit): boolean {
    return this.#storage.transactionSync(() => {
      const known = this.#knownCommits()
      if (known.includes(token)) return true
      const holds =
        reads.every(({ key, version }) => this.#version(key) === version) &&
        scans.every((scan) => this.#holds(scan))
      if (!holds) return false
      for (const { key, value } of writes) {
        if (value === null) this.delete(key)
        else this.put(key, value)
      }
      if (writes.length > 0) this.#remember([...known.slice(1 - rememberedCommits), token])
      return true
    })
  }

  #version(key: string): string | null {
    if (!this.#entries.exists) return null
    const [row] = this.#sql
      .exec<Pick<Row, 'version'>>('SELECT version FROM _flowport_entries WHERE key = ?', key)
      .toArray()
    return row === undefined ? null : String(row.version)
  }

  /** Whether the range holds what was seen, and nothing more if its end was. */
  #holds({ seen, complete, ...range }: StateScan): boolean {
    if (!this.#entries.exists) return seen.length === 0
    const found = [
      ...this.#select<Pick<Row, 'key' | 'version'>>('key, version', range, seen.length + (complete ? 1 : 0)),
    ]
    return (
      found.length === seen.length &&
      seen.every(
        ({ key, version }, index) => found[index]?.key === key && String(found[index].version) === version,
      )
    )
  }

  #select<R extends Partial<Row>>(
    columns: string,
    { from, to, after, reverse }: StateKeyRange,
    limit: number,
  ): Iterable<R> {
    const bounds: SqlBinding[] = [from]
    let where = 'key >= ?'
    if (to !== null) {
      where += ' AND key < ?'
      bounds.push(to)
    }
    if (after !== null) {
      where += reverse ? ' AND key < ?' : ' AND key > ?'
      bounds.push(after)
    }
    const order = reverse ? 'DESC' : 'ASC'
    const query = `SELECT ${columns} FROM _flowport_entries WHERE ${where} ORDER BY key ${order} LIMIT ?`
    return this.#sql.exec<never>(query, ...bounds, limit)
  }

  #knownCommits(): readonly string[] {
    if (!this.#commits.exists) return []
    const [row] = this.#sql.exec<{ tokens: string }>('SELECT tokens FROM _flowport_commits').toArray()
    return row?.tokens.split(' ') ?? []
  }

  #remember(tokens: readonly string[]): void {
    this.#commits.make()
    this.#sql.exec('INSERT OR REPLACE INTO _flowport_commits (one, tokens) VALUES (1, ?)', tokens.join(' '))
  }
}

// A type, for an interface is no record of SQL values.
type Row = {
  readonly key: string
  readonly value: string
  readonly version: number
}

/** An integer that SQLite and JavaScript both hold, and that no write of the key has had or will have. */
function newVersion(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2))
  return (high >>> 11) * 2 ** 32 + low
}
