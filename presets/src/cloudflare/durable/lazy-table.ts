/** A table that the first write makes, so that an object that was only asked stores nothing and costs nothing. */
import type { ObjectSql } from './object-state.ts'

export class LazyTable {
  readonly #sql: ObjectSql
  readonly #statements: readonly string[]
  #exists: boolean

  /** `statements` make the table `name` and its indexes. */
  constructor(sql: ObjectSql, name: string, statements: readonly string[]) {
    this.#sql = sql
    this.#statements = statements
    const known = sql.exec('SELECT 1 AS one FROM sqlite_master WHERE type = ? AND name = ?', 'table', name)
    this.#exists = known.toArray().length > 0
  }

  get exists(): boolean {
    return this.#exists
  }

  /** Call before writing. */
  make(): void {
    if (this.#exists) return
    for (const statement of this.#statements) this.#sql.exec(statement)
    this.#exists = true
  }

  /** The storage has been emptied: the table is gone with it. */
  gone(): void {
    this.#exists = false
  }
}
