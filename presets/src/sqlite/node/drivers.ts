/** The three drivers over one database file. */
import { checkNumbers, type Clock, type Drivers } from '@flowport/capabilities'
import { type Database, openDatabase } from './database.ts'
import { sqliteNumbers } from '../declaration.ts'
import { SqliteDedupeDriver } from './dedupe-driver.ts'
import { infoFor, sqliteDedupeInfo, sqliteKvInfo, sqliteQueueInfo } from '../info.ts'
import { SqliteKvDriver } from './kv-driver.ts'
import { SqliteQueueDriver } from './queue-driver.ts'

export interface SqliteDriversOptions {
  readonly path: string
  readonly synchronous?: 'NORMAL' | 'FULL' | undefined
  readonly busyTimeoutMs?: number | undefined
  readonly maxAttempts?: number | undefined
  readonly clock: Pick<Clock, 'now'>
}

export interface SqliteDrivers extends Drivers {
  readonly kv: SqliteKvDriver
  readonly dedupe: SqliteDedupeDriver
  readonly queue: (name: string) => SqliteQueueDriver
  close(): void
}

/** Opens the file and prepares every statement. `close` closes it for all three. */
export async function openSqliteDrivers(options: SqliteDriversOptions): Promise<SqliteDrivers> {
  const { path, synchronous = 'FULL', busyTimeoutMs = 2_000, maxAttempts = 5, clock } = options
  checkNumbers('preset "sqlite"', { busyTimeoutMs, maxAttempts }, sqliteNumbers)
  const db: Database = await openDatabase({ path, synchronous, busyTimeoutMs })
  const instance = { path, synchronous, transaction: db.name }
  return {
    kv: new SqliteKvDriver(db, infoFor(sqliteKvInfo, instance), clock),
    dedupe: new SqliteDedupeDriver(db, infoFor(sqliteDedupeInfo, instance), clock),
    queue: (name) =>
      new SqliteQueueDriver(db, infoFor(sqliteQueueInfo, instance), clock, { name, maxAttempts }),
    close: () => db.close(),
  }
}
