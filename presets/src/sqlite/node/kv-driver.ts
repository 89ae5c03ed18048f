/** Key-value entries in SQLite. Every method is one statement, so every write is atomic among all processes. */
import {
  CapabilityError,
  type Clock,
  decodeCursor,
  encodeCursor,
  type KvCapabilityInfo,
  type KvDriver,
  type KvDriverList,
  type KvDriverPage,
  type KvDriverPut,
  type PutWrite,
  type StoredKvEntry,
} from '@flowport/capabilities'
import { uniqueIds } from '../../platform/unique-ids.ts'
import type { Database } from './database.ts'
import { endOfPrefix } from './prefix-range.ts'
import { Sweeper, sweepRows } from './sweeper.ts'
import { translated } from './translate-error.ts'

export class SqliteKvDriver implements KvDriver {
  readonly info: KvCapabilityInfo
  readonly #clock: Pick<Clock, 'now'>
  readonly #db: Database
  readonly #versions = uniqueIds()
  readonly #sql
  readonly #sweeper: Sweeper

  constructor(db: Database, info: KvCapabilityInfo, clock: Pick<Clock, 'now'>) {
    this.info = info
    this.#db = db
    this.#clock = clock
    this.#sql = prepare(db)
    this.#sweeper = new Sweeper(this.#sql.sweep)
  }

  get(key: string): StoredKvEntry | null {
    return translated(() => {
      const row = this.#sql.get.get(key, this.#now()) as Row | undefined
      return row === undefined ? null : entryOf(row)
    })
  }

  getMany(keys: readonly string[]): ReadonlyMap<string, StoredKvEntry> {
    return translated(() => {
      const rows = this.#sql.getMany.all(JSON.stringify(keys), this.#now()) as unknown as Row[]
      return new Map(rows.map((row) => [row.key, entryOf(row)]))
    })
  }

  put(
    key: string,
    value: string | Uint8Array,
    { expiresAt, metadata, ifAbsent, ifVersion }: KvDriverPut,
  ): string {
    return translated(() => {
      const now = this.#now()
      this.#sweeper.beforeWrite(now)
      const version = this.#versions.next()
      const json = jsonOf(metadata)
      const expiry = expiryOf(expiresAt)
      if (ifVersion !== undefined) {
        const { changes } = this.#sql.replace.run(value, json, expiry, version, key, ifVersion, now)
        if (changes === 1) return version
        throw new CapabilityError('ConditionNotMatch', 'the entry has another version; read it again')
      }
      if (ifAbsent !== true) {
        this.#sql.put.run(key, value, json, expiry, version)
        return version
      }
      if (this.#sql.create.run(key, value, json, expiry, version, now).changes === 1) return version
      throw new CapabilityError('AlreadyExists', 'an entry is there already; it was left as it is')
    })
  }

  delete(key: string): void {
    translated(() => this.#sql.delete.run(key))
  }

  deleteMany(keys: readonly string[]): void {
    translated(() => this.#sql.deleteMany.run(JSON.stringify(keys)))
  }

  list({ prefix, cursor, limit }: KvDriverList): KvDriverPage {
    const after = cursor === undefined ? '' : decodeCursor(cursor)
    return translated(() => {
      const { list } = this.#sql
      // One more than asked for tells whether more follow.
      const rows = list.all({ prefix, end: endOfPrefix(prefix), after, now: this.#now(), limit: limit + 1 })
      const page = (rows as unknown as Row[]).slice(0, limit)
      const keys = page.map(({ key, expires_at, metadata }) => ({
        key,
        expiresAt: expires_at ?? undefined,
        metadata: metadata === null ? undefined : (JSON.parse(metadata) as unknown),
      }))
      return { keys, cursor: rows.length > limit ? encodeCursor(page.at(-1)?.key ?? '') : undefined }
    })
  }

  /** Whether its rows are in this database, so that a transaction there can write them. */
  isIn(db: Database): boolean {
    return db === this.#db
  }

  /** The version of the visible entry, or `null`. */
  versionOf(key: string): string | null {
    const row = this.#sql.version.get(key, this.#now())
    return row === undefined ? null : String(row['version'])
  }

  /** Writes the entry under the version it comes with, whatever is there. */
  write({ key, value, version, expiresAt, metadata }: PutWrite): void {
    this.#sweeper.beforeWrite(this.#now())
    this.#sql.put.run(key, value, jsonOf(metadata), expiryOf(expiresAt), version)
  }

  check(): void {
    translated(() => this.#db.check())
  }

  #now(): number {
    return Math.floor(this.#clock.now())
  }
}

interface Row {
  readonly key: string
  readonly value: string | Uint8Array<ArrayBuffer>
  readonly metadata: string | null
  readonly expires_at: number | null
  readonly version: string
}

function entryOf({ value, metadata, expires_at, version }: Row): StoredKvEntry {
  return {
    value,
    metadata: metadata === null ? undefined : (JSON.parse(metadata) as unknown),
    expiresAt: expires_at ?? undefined,
    version,
  }
}

const columns = 'key, value, metadata, expires_at, version'
function jsonOf(metadata: unknown): string | null {
  return metadata === undefined || metadata === null ? null : JSON.stringify(metadata)
}

function expiryOf(expiresAt: number | undefined): number | null {
  return expiresAt === undefined ? null : Math.ceil(expiresAt)
}

/** The last moment a `Date` can hold: files written before lives were bounded hold later ones, which no number can. */
const expiry = 'min(expires_at, 8640000000000000) AS expires_at'
const read = `key, value, metadata, ${expiry}, version`
const insert = `INSERT INTO kv (${columns}) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
  value = excluded.value, metadata = excluded.metadata, expires_at = excluded.expires_at, version = excluded.version`

function prepare(db: Database) {
  const live = '(expires_at IS NULL OR expires_at > ?)'
  return {
    get: db.prepare(`SELECT ${read} FROM kv WHERE key = ? AND ${live}`),
    version: db.prepare(`SELECT version FROM kv WHERE key = ? AND ${live}`),
    getMany: db.prepare(`SELECT ${read} FROM kv WHERE key IN (SELECT value FROM json_each(?)) AND ${live}`),
    put: db.prepare(insert),
    create: db.prepare(`${insert} WHERE kv.expires_at <= ?`),
    replace: db.prepare(
      `UPDATE kv SET value = ?, metadata = ?, expires_at = ?, version = ? WHERE key = ? AND version = ? AND ${live}`,
    ),
    delete: db.prepare('DELETE FROM kv WHERE key = ?'),
    deleteMany: db.prepare('DELETE FROM kv WHERE key IN (SELECT value FROM json_each(?))'),
    list: db.prepare(
      `SELECT key, metadata, ${expiry} FROM kv
        WHERE key >= :prefix AND key > :after AND (:end IS NULL OR key < :end)
          AND (kv.expires_at IS NULL OR kv.expires_at > :now)
        ORDER BY key LIMIT :limit`,
    ),
    sweep: db.prepare(
      `DELETE FROM kv WHERE key IN
        (SELECT key FROM kv WHERE expires_at IS NOT NULL AND expires_at <= :now LIMIT ${sweepRows})`,
    ),
  }
}
