/** The tables, and how a file of an older version gets them. Each migration runs once, whoever opens the file first. */
import type { DatabaseSync } from 'node:sqlite'
import { CapabilityError } from '@flowport/capabilities'

/** 'FLWP': tells our files from other programs'. */
const applicationId = 0x464c5750

/** The n-th one takes a file from version n to n + 1. Never change one that has been released: add another. */
const migrations: readonly string[] = [
  `CREATE TABLE kv (
    key TEXT NOT NULL PRIMARY KEY,
    value ANY NOT NULL,
    metadata TEXT,
    expires_at INTEGER,
    version TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX kv_expiry ON kv (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE dedupe (
    key TEXT NOT NULL PRIMARY KEY,
    token TEXT NOT NULL,
    done INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    result TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX dedupe_expiry ON dedupe (expires_at);

  CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    dead INTEGER NOT NULL DEFAULT 0,
    ready_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    receipt TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX queue_ready ON queue (queue, dead, ready_at, id);`,
]

/** Brings the file to the newest version, or refuses one of another program or of a later Flowport. */
export function migrate(db: DatabaseSync): void {
  if (versionOf(db) === migrations.length && idOf(db) === applicationId) return
  db.exec('BEGIN IMMEDIATE')
  try {
    // Read again: another process may have done it while this one waited.
    const version = versionOf(db)
    if (idOf(db) !== applicationId && (version !== 0 || !isEmpty(db))) {
      throw new CapabilityError(
        'Misconfigured',
        'the sqlite file belongs to another program; give a path of its own',
      )
    }
    if (version > migrations.length) {
      throw new CapabilityError(
        'Misconfigured',
        'the sqlite file was made by a later version of Flowport; upgrade this one',
      )
    }
    for (const migration of migrations.slice(version)) db.exec(migration)
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
}

function idOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA application_id').get()?.['application_id'])
}

function isEmpty(db: DatabaseSync): boolean {
  return db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()?.['tables'] === 0
}
