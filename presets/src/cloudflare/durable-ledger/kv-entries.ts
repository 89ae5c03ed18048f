/** The entries of a key-value store in the SQLite of an object. Every method is synchronous: nothing comes between. */
import { CapabilityError } from '@flowport/capabilities'
import { LazyTable } from '../durable/lazy-table.ts'
import type { ObjectSql } from '../durable/object-state.ts'
import { endOfPrefix } from '../../sqlite/node/prefix-range.ts'
import { entryOf, type KvRow, listedBytes, recordBytes } from './kv-rows.ts'
import { answerBytes } from './limits.ts'
import type { KvFound, KvListed, KvPut, KvRecord } from './protocol.ts'

export class KvEntries {
  readonly #sql: ObjectSql
  readonly #table: LazyTable

  constructor(sql: ObjectSql) {
    this.#sql = sql
    this.#table = new LazyTable(sql, 'kv', [createKv, createExpiry])
  }

  get(key: string, now: number): KvRecord | null {
    if (!this.#table.exists) return null
    const [row] = this.#sql
      .exec<KvRow>(`SELECT expires_at, version, metadata, value FROM kv WHERE ${visible}`, key, now)
      .toArray()
    return row === undefined ? null : entryOf(row)
  }

  getMany(keys: readonly string[], now: number): KvFound {
    const found: KvFound['found'][number][] = []
    let bytes = 0
    let looked = 0
    for (const key of keys) {
      looked += 1
      const record = this.get(key, now)
      if (record === null) continue
      found.push({ key, ...record })
      bytes += recordBytes(key, record)
      if (bytes > answerBytes) break
    }
    return { looked, found }
  }

  /** The version of the visible entry, or `null`. */
  versionOf(key: string, now: number): string | null {
    if (!this.#table.exists) return null
    const rows = this.#sql.exec<{ version: string }>(`SELECT version FROM kv WHERE ${visible}`, key, now)
    return rows.toArray()[0]?.version ?? null
  }

  /** @throws CapabilityError `AlreadyExists` or `ConditionNotMatch` when a condition of the write does not hold. */
  checkConditions(
    key: string,
    { ifAbsent, ifVersion }: Pick<KvPut, 'ifAbsent' | 'ifVersion'>,
    now: number,
  ): void {
    if (!ifAbsent && ifVersion === null) return
    const version = this.versionOf(key, now)
    if (ifAbsent && version !== null) {
      throw new CapabilityError('AlreadyExists', 'an entry is there already; it was left as it is')
    }
    if (ifVersion !== null && version !== ifVersion) {
      throw new CapabilityError('ConditionNotMatch', 'the entry has another version; read it again')
    }
  }

  /** Writes whatever is there. Set the alarm for its expiry first, so that no entry is without one. */
  write(key: string, { value, version, metadata, expiresAt }: KvRecord): void {
    this.#table.make()
    this.#sql.exec(
      'INSERT OR REPLACE INTO kv (key, expires_at, version, metadata, value) VALUES (?, ?, ?, ?, ?)',
      key,
      expiresAt,
      version,
      metadata,
      value,
    )
  }

  delete(keys: readonly string[]): void {
    if (!this.#table.exists) return
    for (const key of keys) this.#sql.exec('DELETE FROM kv WHERE key = ?', key)
  }

  list(prefix: string, after: string, limit: number, now: number): KvListed {
    const keys: KvListed['keys'][number][] = []
    if (!this.#table.exists) return { keys, more: false }
    let bytes = 0
    for (const { key, metadata, expires_at: expiresAt } of this.#sql.exec<Listed>(
      `SELECT key, metadata, expires_at FROM kv
        WHERE key >= ?1 AND key > ?2 AND (?3 IS NULL OR key < ?3) AND (expires_at IS NULL OR expires_at > ?4)
        ORDER BY key`,
      prefix,
      after,
      endOfPrefix(prefix),
      now,
    )) {
      if (keys.length === limit || bytes > answerBytes) return { keys, more: true }
      keys.push({ key, metadata, expiresAt })
      bytes += listedBytes(key, metadata)
    }
    return { keys, more: false }
  }

  /** Whether a row, visible or expired, has a key that begins with `prefix`. */
  hasRows(prefix = ''): boolean {
    if (!this.#table.exists) return false
    const rows = this.#sql.exec(
      'SELECT 1 AS one FROM kv WHERE key >= ?1 AND (?2 IS NULL OR key < ?2) LIMIT 1',
      prefix,
      endOfPrefix(prefix),
    )
    return rows.toArray().length > 0
  }

  hasRow(key: string): boolean {
    if (!this.#table.exists) return false
    return this.#sql.exec('SELECT 1 AS one FROM kv WHERE key = ?', key).toArray().length > 0
  }

  /**
   * Removes what has expired. Answers when the next entry expires; never (`Infinity`), when those that are left do not;
   * `null` when none is left.
   */
  sweep(now: number): number | null {
    if (!this.#table.exists) return null
    this.#sql.exec('DELETE FROM kv WHERE expires_at IS NOT NULL AND expires_at <= ?', now)
    const { next } = this.#sql
      .exec<{ next: number | null }>('SELECT min(expires_at) AS next FROM kv WHERE expires_at IS NOT NULL')
      .one()
    if (next !== null) return next
    return this.hasRows() ? Infinity : null
  }

  /** The storage has been emptied: the table is gone with it. */
  emptied(): void {
    this.#table.gone()
  }
}

type Listed = { readonly key: string; readonly metadata: string | null; readonly expires_at: number | null }

const visible = 'key = ? AND (expires_at IS NULL OR expires_at > ?)'

/** Keys compare as UTF-8 bytes. What may be large comes last, so that the rest is read without it. */
const createKv = `CREATE TABLE IF NOT EXISTS kv (
  key TEXT NOT NULL PRIMARY KEY,
  expires_at INTEGER,
  version TEXT NOT NULL,
  metadata TEXT,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID`

const createExpiry = 'CREATE INDEX IF NOT EXISTS kv_expiry ON kv (expires_at) WHERE expires_at IS NOT NULL'
