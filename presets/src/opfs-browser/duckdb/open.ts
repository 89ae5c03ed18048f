/** `openDuckDb`: a `Database` over DuckDB in a worker, whose SQL reads and writes files by the URIs of a storage. */
import {
  createDatabase,
  type CreateDatabaseOptions,
  type Database,
  type Resource,
} from '@flowport/capabilities'
import type { UriStorage } from '@flowport/capabilities/storage'
import { DuckDbDriver } from './driver.ts'
import type { DuckDbOptions } from './options.ts'

export interface DuckDb extends Database, Resource {
  /** Ends the engine after the statement that runs. Tables in memory are gone. */
  close(): Promise<void>
}

/** Resolves when the engine runs. The driver is the next stop. */
export async function openDuckDb(
  storage: UriStorage,
  { name, layers, ...options }: DuckDbOptions & CreateDatabaseOptions = {},
): Promise<DuckDb> {
  const driver = new DuckDbDriver(storage, options)
  await driver.check()
  const database = createDatabase(driver, {
    ...(name === undefined ? {} : { name }),
    ...(layers === undefined ? {} : { layers }),
  })
  return Object.assign(database, { close: () => driver.close() })
}
