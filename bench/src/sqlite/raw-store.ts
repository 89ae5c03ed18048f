/** Hand-written statements that support the preset's versions and expiry of entries and the rules of the ledger. */
import { DatabaseSync } from 'node:sqlite'

export type Synchronous = 'NORMAL' | 'FULL'

/** Opens a file with the pragmas of the `sqlite` preset. */
export function openRaw(path: string, synchronous: Synchronous): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: 2_000 })
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`)
  return db
}

/** Prepared statements over the same columns as the preset's tables. */
export class RawStore {
  readonly #get
  readonly #put
  readonly #begin
  readonly #start
  readonly #complete
  readonly #insertDone
  readonly #transactionBegins
  readonly #transactionCommits
  #version = 0

  constructor(db: DatabaseSync) {
    db.exec(`CREATE TABLE kv (key TEXT NOT NULL PRIMARY KEY, expires_at INTEGER, version TEXT NOT NULL, metadata TEXT,
        value ANY NOT NULL) STRICT, WITHOUT ROWID;
      CREATE INDEX kv_expiry ON kv (expires_at) WHERE expires_at IS NOT NULL;
      CREATE TABLE dedupe (key TEXT NOT NULL PRIMARY KEY, expires_at INTEGER NOT NULL, done INTEGER NOT NULL,
        token TEXT NOT NULL, fingerprint TEXT NOT NULL, result TEXT NOT NULL, started INTEGER NOT NULL,
        fence INTEGER NOT NULL) STRICT, WITHOUT ROWID`)
    this.#get = db.prepare(
      `SELECT key, value, metadata, expires_at, version FROM kv
        WHERE key = ? AND (expires_at IS NULL OR expires_at > ?)`,
    )
    this.#put = db.prepare(
      `INSERT INTO kv (key, value, metadata, expires_at, version) VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE
        SET value = excluded.value, metadata = excluded.metadata, expires_at = excluded.expires_at,
        version = excluded.version`,
    )
    this.#begin = db.prepare(
      `INSERT INTO dedupe (key, token, done, fingerprint, result, expires_at, started, fence)
        VALUES (?1, ?2, 0, ?3, 'null', ?4, ?6, ?5)
        ON CONFLICT (key) DO UPDATE SET token = excluded.token, done = excluded.done,
          fingerprint = excluded.fingerprint, result = excluded.result, expires_at = excluded.expires_at,
          started = excluded.started, fence = max(excluded.fence, dedupe.fence + 1)
        WHERE dedupe.expires_at <= ?5 AND (dedupe.done = 1 OR dedupe.started = 0)
        RETURNING fence`,
    )
    this.#start = db.prepare(
      'UPDATE dedupe SET started = 1, expires_at = ? WHERE key = ? AND token = ? AND done = 0',
    )
    this.#complete = db.prepare(
      'UPDATE dedupe SET done = 1, result = ?, expires_at = ? WHERE key = ? AND token = ?',
    )
    this.#insertDone = db.prepare(
      `INSERT INTO dedupe (key, token, done, fingerprint, result, expires_at, started, fence)
        VALUES (?1, ?2, 1, ?3, ?4, ?5, 1, ?6) ON CONFLICT (key) DO NOTHING`,
    )
    this.#transactionBegins = db.prepare('BEGIN IMMEDIATE')
    this.#transactionCommits = db.prepare('COMMIT')
  }

  get(key: string): string | null {
    const row = this.#get.get(key, Date.now())
    return row === undefined ? null : String(row['value'])
  }

  put(key: string, value: string): void {
    this.#version += 1
    this.#put.run(key, value, null, null, String(this.#version))
  }

  /** Returns the token of the new holder, or `null` when the key is not free. */
  begin(key: string, fingerprint: string, leaseMs: number, started = true): string | null {
    const token = crypto.randomUUID()
    const now = Date.now()
    const row = this.#begin.get(key, token, fingerprint, now + leaseMs, now, started ? 1 : 0)
    return row === undefined ? null : token
  }

  /** Records the start of the effect. */
  start(key: string, token: string, leaseMs: number): boolean {
    return this.#start.run(Date.now() + leaseMs, key, token).changes === 1
  }

  complete(key: string, token: string, result: unknown, ttlMs: number): boolean {
    return this.#complete.run(JSON.stringify(result), Date.now() + ttlMs, key, token).changes === 1
  }

  /** Inserts a completed record without a lease. Returns `false` when the key exists. */
  insertDone(key: string, fingerprint: string, result: unknown, ttlMs: number): boolean {
    const now = Date.now()
    const values = [key, crypto.randomUUID(), fingerprint, JSON.stringify(result), now + ttlMs, now]
    return this.#insertDone.run(...values).changes === 1
  }

  /** Runs `work` in one transaction. */
  transaction(work: () => boolean): boolean {
    this.#transactionBegins.run()
    const result = work()
    this.#transactionCommits.run()
    return result
  }
}
