/** The groups of keys that the directory of a store lists, in the SQLite of its object. */
import { LazyTable } from '../cloudflare/durable/lazy-table.ts'
import type { ObjectSql } from '../cloudflare/durable/object-state.ts'
import { endOfPrefix } from '../sqlite/node/prefix-range.ts'
import type { GroupPage } from './protocol.ts'

export class GroupTable {
  readonly #sql: ObjectSql
  readonly #table: LazyTable

  constructor(sql: ObjectSql) {
    this.#sql = sql
    this.#table = new LazyTable(sql, 'groups', [
      'CREATE TABLE IF NOT EXISTS groups (name TEXT NOT NULL PRIMARY KEY) STRICT, WITHOUT ROWID',
    ])
  }

  add(names: readonly string[]): void {
    this.#table.make()
    for (const name of names) this.#sql.exec('INSERT OR IGNORE INTO groups (name) VALUES (?)', name)
  }

  remove(names: readonly string[]): void {
    if (!this.#table.exists) return
    for (const name of names) this.#sql.exec('DELETE FROM groups WHERE name = ?', name)
  }

  page(prefix: string, from: string, isIncluded: boolean, limit: number): GroupPage {
    if (!this.#table.exists) return { groups: [], more: false }
    const rows = this.#sql.exec<{ name: string }>(
      `SELECT name FROM groups
        WHERE name >= ?1 AND name ${isIncluded ? '>=' : '>'} ?2 AND (?3 IS NULL OR name < ?3)
        ORDER BY name LIMIT ?4`,
      prefix,
      from,
      endOfPrefix(prefix),
      limit + 1,
    )
    const names = rows.toArray().map(({ name }) => name)
    return { groups: names.slice(0, limit), more: names.length > limit }
  }

  get isEmpty(): boolean {
    if (!this.#table.exists) return true
    return this.#sql.exec('SELECT 1 AS one FROM groups LIMIT 1').toArray().length === 0
  }

  emptied(): void {
    this.#table.gone()
  }
}
