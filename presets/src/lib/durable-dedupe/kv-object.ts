/** The Durable Object class of the key-value store. Every method is synchronous SQL inside one call: atomic. */
import { DurableObject } from 'cloudflare:workers'
import { CapabilityError } from '@flowport/capabilities'
import type { ObjectSql, ObjectState } from '../durable/object-state.ts'
import { type Outcome, outcomeOf } from '../durable/outcome.ts'
import { endOfPrefix } from '../sqlite/prefix-range.ts'
import { uniqueIds } from '../unique-ids.ts'
import { ExpiryAlarm } from './expiry-alarm.ts'
import { entryOf, type KvRow, listedBytes, recordBytes } from './kv-rows.ts'
import { LazyTable } from '../durable/lazy-table.ts'
import { answerBytes } from './limits.ts'
import type { KvCalls, KvFound, KvListed, KvPut, KvRecord } from './protocol.ts'

/** A key-value store in SQLite. Declare it under `new_sqlite_classes`. */
export class KeyValueObject extends DurableObject implements KvCalls {
  readonly #sql: ObjectSql
  readonly #alarm: ExpiryAlarm
  readonly #table: LazyTable
  readonly #versions = uniqueIds()

  constructor(ctx: ObjectState, env: unknown) {
    super(ctx, env)
    this.#sql = ctx.storage.sql
    this.#table = new LazyTable(this.#sql, 'kv', [createKv, createExpiry])
    this.#alarm = new ExpiryAlarm(ctx.storage)
    void ctx.blockConcurrencyWhile(() => this.#alarm.load())
  }

  get(key: string): Promise<Outcome<KvRecord | null>> {
    return outcomeOf(() => this.#visible(key, Date.now()) ?? null)
  }

  getMany(keys: readonly string[]): Promise<Outcome<KvFound>> {
    return outcomeOf(() => {
      const now = Date.now()
      const found: KvFound['found'][number][] = []
      let bytes = 0
      let looked = 0
      for (const key of keys) {
        looked += 1
        const record = this.#visible(key, now)
        if (record === undefined) continue
        found.push({ key, ...record })
        bytes += recordBytes(key, record)
        if (bytes > answerBytes) break
      }
      return { looked, found }
    })
  }

  put(key: string, value: string | Uint8Array, put: KvPut): Promise<Outcome<string>> {
    return outcomeOf(async () => {
      const now = Date.now()
      this.#checkConditions(key, put, now)
      // Before the entry is written, so that none is without an alarm.
      const alarm = put.expiresAt === null ? undefined : this.#alarm.by(put.expiresAt, now)
      this.#table.make()
      const version = this.#versions.next()
      this.#sql.exec(
        'INSERT OR REPLACE INTO kv (key, expires_at, version, metadata, value) VALUES (?, ?, ?, ?, ?)',
        key,
        put.expiresAt,
        version,
        put.metadata,
        value,
      )
      await alarm
      return version
    })
  }

  deleteMany(keys: readonly string[]): Promise<Outcome<null>> {
    return outcomeOf(() => {
      if (!this.#table.exists) return null
      for (const key of keys) this.#sql.exec('DELETE FROM kv WHERE key = ?', key)
      return null
    })
  }

  list(prefix: string, after: string, limit: number): Promise<Outcome<KvListed>> {
    return outcomeOf(() => {
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
        Date.now(),
      )) {
        if (keys.length === limit || bytes > answerBytes) return { keys, more: true }
        keys.push({ key, metadata, expiresAt })
        bytes += listedBytes(key, metadata)
      }
      return { keys, more: false }
    })
  }

  check(): Promise<Outcome<null>> {
    return outcomeOf(() => {
      this.#sql.exec('SELECT 1')
      return null
    })
  }

  /** Called by the platform: removes what has expired, and everything when nothing is left. */
  async alarm(): Promise<void> {
    const now = Date.now()
    const next = this.#sweep(now)
    if (next === null) this.#table.gone()
    await this.#alarm.fired(now, next)
  }

  #checkConditions(key: string, { ifAbsent, ifVersion }: KvPut, now: number): void {
    if (!ifAbsent && ifVersion === null) return
    const version = this.#version(key, now)
    if (ifAbsent && version !== undefined) {
      throw new CapabilityError('AlreadyExists', 'an entry is there already; it was left as it is')
    }
    if (ifVersion !== null && version !== ifVersion) {
      throw new CapabilityError('ConditionNotMatch', 'the entry has another version; read it again')
    }
  }

  #visible(key: string, now: number): KvRecord | undefined {
    if (!this.#table.exists) return undefined
    const [row] = this.#sql
      .exec<KvRow>(`SELECT expires_at, version, metadata, value FROM kv WHERE ${visible}`, key, now)
      .toArray()
    return row === undefined ? undefined : entryOf(row)
  }

  #version(key: string, now: number): string | undefined {
    if (!this.#table.exists) return undefined
    return this.#sql
      .exec<{ version: string }>(`SELECT version FROM kv WHERE ${visible}`, key, now)
      .toArray()[0]?.version
  }

  /** When the next entry expires; never, when those that are left do not; `null` when none is left. */
  #sweep(now: number): number | null {
    if (!this.#table.exists) return null
    this.#sql.exec('DELETE FROM kv WHERE expires_at IS NOT NULL AND expires_at <= ?', now)
    const { next } = this.#sql
      .exec<{ next: number | null }>('SELECT min(expires_at) AS next FROM kv WHERE expires_at IS NOT NULL')
      .one()
    if (next !== null) return next
    return this.#sql.exec('SELECT 1 AS one FROM kv LIMIT 1').toArray().length === 0 ? null : Infinity
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
