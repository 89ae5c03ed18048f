/** Opens the `sqlite` preset on Node. The drivers are the next stop. */
import { join } from 'node:path'
import { createDedupeStore, createKeyValue, createQueue } from '@flowport/capabilities'
import { warnIfOpenToOthers } from '../platform/node/open-to-others.ts'
import type { PlatformPart } from '../platform/platform-part.ts'
import type { sqliteEnv, SqliteOptions, sqliteProvides } from './declaration.ts'
import { openSqliteDrivers } from './node/drivers.ts'

type SqlitePlatform = PlatformPart<SqliteOptions, typeof sqliteEnv, typeof sqliteProvides>

export const platform: SqlitePlatform | null = {
  portable: { kv: createKeyValue, dedupe: createDedupeStore, queue: createQueue },
  async open({ env, log, clock: hostClock, options }) {
    const { path = join(env.FLOWPORT_DATA_DIR, 'flowport.sqlite'), clock = hostClock, ...rest } = options
    const drivers = await openSqliteDrivers({ ...rest, path, clock })
    if (path !== ':memory:') warnIfOpenToOthers(log, 'sqlite', [path])
    return drivers
  },
}
