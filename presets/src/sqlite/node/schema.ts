/** The tables, and how a file of an older version gets them. Each migration runs once, whoever opens the file first. */
import type { DatabaseSync } from 'node:sqlite'
import { CapabilityError } from '@flowport/capabilities'

/** 'FLWP': tells our files from other programs'. */
const applicationId = 0x464c5750

/** The n-th one takes a file from version n to n + 1. Never change one that has been released: add another. */
const migrations: readonly string[] = [
  `-- what may be large comes last, so that the rest is read without it
  CREATE TABLE kv (
    key TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER,
    version TEXT NOT NULL,
    metadata TEXT,
    value ANY NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX kv_expiry ON kv (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE dedupe (
    key TEXT NOT NULL PRIMARY KEY,
    expires_at INTEGER NOT NULL,
    done INTEGER NOT NULL,
    token TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    result TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- state: 0 ready, 1 not before ready_at (delayed or leased), 2 set aside
  CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    state INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    receipt TEXT,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX queue_ready ON queue (queue, id) WHERE state = 0;
  CREATE INDEX queue_waiting ON queue (queue, ready_at) WHERE state = 1;
  CREATE INDEX queue_dead ON queue (queue, id) WHERE state = 2;`,
  `-- Records of before count as started: nobody knows whether their effects were made.
  ALTER TABLE dedupe ADD COLUMN started INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE dedupe ADD COLUMN fence INTEGER NOT NULL DEFAULT 0;
  -- The largest fence of a record that was removed: fences grow over it, whatever the clock says.
  CREATE TABLE dedupe_removed (fence INTEGER NOT NULL) STRICT;
  INSERT INTO dedupe_removed VALUES (0);
  CREATE TRIGGER dedupe_keeps_fence AFTER DELETE ON dedupe
    WHEN old.fence > (SELECT fence FROM dedupe_removed)
    BEGIN UPDATE dedupe_removed SET fence = old.fence; END;`,
  `-- NULL in messages that an earlier version set aside
  ALTER TABLE queue ADD COLUMN dead_at INTEGER;
  ALTER TABLE queue ADD COLUMN error TEXT;`,
]

/** Refuses the file of another program, before anything in it is changed, and one of a later Flowport. */
export function checkOwner(db: DatabaseSync): void {
  const { id, version, tables } = marksOf(db)
  if (id !== applicationId && (version !== 0 || tables !== 0)) {
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
}

/** Brings the file to the newest version. */
export function migrate(db: DatabaseSync): void {
  if (versionOf(db) === migrations.length) return
  db.exec('BEGIN IMMEDIATE')
  try {
    // Looked at again: another process may have done it while this one waited.
    checkOwner(db)
    for (const migration of migrations.slice(versionOf(db))) db.exec(migration)
    db.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}`)
    db.exec('COMMIT')
  } catch (error) {
    rollBack(() => db.exec('ROLLBACK'))
    throw error
  }
}

/** Rolls back, unless SQLite has done so by itself, as it does when the disk is full. */
export function rollBack(run: () => void): void {
  try {
    run()
  } catch {
    // No transaction is open any more.
  }
}

function versionOf(db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
}

/** In one statement: another process may be making the schema between two. */
function marksOf(db: DatabaseSync): Readonly<Record<'id' | 'version' | 'tables', number>> {
  const marks = db.prepare(
    `SELECT (SELECT application_id FROM pragma_application_id) AS id,
      (SELECT user_version FROM pragma_user_version) AS version,
      (SELECT count(*) FROM sqlite_schema) AS tables`,
  )
  const { id, version, tables } = marks.get() ?? {}
  return { id: Number(id), version: Number(version), tables: Number(tables) }
}
