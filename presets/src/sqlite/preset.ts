/** The `sqlite` preset: key-value entries, the dedupe ledger and queues in one file, over `node:sqlite`. */
import { join } from 'node:path'
import { createDedupeStore, createKeyValue, createQueue, definePreset } from '@flowport/capabilities'
import { warnIfOpenToOthers } from '../platform/open-to-others.ts'
import { sqliteEnv, sqliteLayers, sqliteNumbers, type SqliteOptions, sqliteProvides } from './declaration.ts'
import { openSqliteDrivers } from './drivers.ts'

export type { SqliteOptions } from './declaration.ts'

/** Provides `kv`, `dedupe` and `queue`. The drivers are the next stop. */
export const sqlite = definePreset<SqliteOptions, typeof sqliteEnv, typeof sqliteProvides>({
  name: 'sqlite',
  env: sqliteEnv,
  provides: sqliteProvides,
  portable: { kv: createKeyValue, dedupe: createDedupeStore, queue: createQueue },
  layers: sqliteLayers,
  numbers: sqliteNumbers,
  async open({ env, log, clock: hostClock, options }) {
    const { path = join(env.FLOWPORT_DATA_DIR, 'flowport.sqlite'), clock = hostClock, ...rest } = options
    const drivers = await openSqliteDrivers({ ...rest, path, clock })
    if (path !== ':memory:') warnIfOpenToOthers(log, 'sqlite', [path])
    return drivers
  },
})
