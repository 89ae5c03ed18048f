/** One SQLite file as the drivers share it: opened safely beside other processes, with its schema in place. */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type * as NodeSqlite from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { CapabilityError } from '@flowport/capabilities'
import { checkOwner, migrate, rollBack } from './schema.ts'
import { isBusy, translateError } from './translate-error.ts'

export interface DatabaseOptions {
  /** File, or `':memory:'`. Missing directories are made. */
  readonly path: string
  readonly synchronous: 'NORMAL' | 'FULL'
  readonly busyTimeoutMs: number
}

/** Opens the file, switches it to write-ahead logging and brings its schema up to date. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { DatabaseSync } = await loadSqlite()
  try {
    if (options.path !== ':memory:') makeFile(options.path)
    const db = new DatabaseSync(options.path)
    try {
      db.exec(`PRAGMA busy_timeout = ${options.busyTimeoutMs}`)
      checkOwner(db)
      // Switching to write-ahead logging asks for the file alone, and SQLite does not wait for that.
      await patiently(options.busyTimeoutMs, () => db.exec('PRAGMA journal_mode = WAL'))
      db.exec(`PRAGMA synchronous = ${options.synchronous === 'NORMAL' ? 'NORMAL' : 'FULL'}`)
      migrate(db)
      return new Database(db)
    } catch (error) {
      db.close()
      throw error
    }
  } catch (error) {
    const known = translateError(error)
    if (known instanceof CapabilityError && (known.kind === 'Misconfigured' || known.kind === 'Unavailable'))
      throw known
    const reason = known instanceof CapabilityError ? known.reason : 'the file cannot be opened'
    throw new CapabilityError(
      'Misconfigured',
      `the sqlite database (path, or FLOWPORT_DATA_DIR) cannot be used: ${reason}`,
      {
        cause: error,
      },
    )
  }
}

/**
 * Makes the file for the user alone, if it is missing; SQLite gives its log and its index of it the same mode. A file that is
 * there is not opened: closing it would drop the locks that other connections of this process hold on it.
 */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (path === '' || existsSync(path)) return
  try {
    closeSync(openSync(path, 'ax', 0o600))
  } catch (error) {
    // Made by another process at the same time.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

/** Databases this process has opened. */
let opened = 0

export class Database {
  /** Tells this connection from the others of the process. */
  readonly name: string
  readonly #db: DatabaseSync
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #rollback: StatementSync
  #isOpen = true

  constructor(db: DatabaseSync) {
    opened += 1
    this.name = `sqlite:${opened}`
    this.#db = db
    this.#begin = db.prepare('BEGIN IMMEDIATE')
    this.#commit = db.prepare('COMMIT')
    this.#rollback = db.prepare('ROLLBACK')
  }

  prepare(sql: string): StatementSync {
    return this.#db.prepare(sql)
  }

  /** Runs `work` alone among all processes: all of its writes, or none. */
  immediate<T>(work: () => T): T {
    this.#begin.run()
    try {
      const result = work()
      this.#commit.run()
      return result
    } catch (error) {
      rollBack(() => this.#rollback.run())
      throw error
    }
  }

  /** Fails when the file cannot be read. */
  check(): void {
    this.#db.prepare('PRAGMA schema_version').get()
  }

  /** Closing twice is closing once. */
  close(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#db.close()
  }
}

/** Loaded when opened, so that importing the preset never fails. */
async function loadSqlite(): Promise<typeof NodeSqlite> {
  try {
    return await import('node:sqlite')
  } catch (cause) {
    throw new CapabilityError(
      'Misconfigured',
      `preset "sqlite" needs node:sqlite, which Node ${process.versions.node} does not have; use Node 22.13 or later, or the "fs" or "memory" preset`,
      { cause },
    )
  }
}

async function patiently(ms: number, run: () => void): Promise<void> {
  const start = performance.now()
  for (;;) {
    try {
      return run()
    } catch (error) {
      if (!isBusy(error) || performance.now() - start > ms) throw error
      await sleep(5)
    }
  }
}
