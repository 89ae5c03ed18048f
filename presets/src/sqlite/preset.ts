/** The `sqlite` preset: key-value entries, the dedupe ledger and queues in one file, over `node:sqlite`. */
import { platform } from '#sqlite/platform'
import { definePreset } from '@flowport/capabilities'
import { refusal } from '../platform/refusal.ts'
import { sqliteEnv, sqliteLayers, sqliteNumbers, type SqliteOptions, sqliteProvides } from './declaration.ts'

export type { SqliteOptions } from './declaration.ts'

/** Provides `kv`, `dedupe` and `queue`. Runs on Node. The next stop is `platform.node.ts`. */
export const sqlite = definePreset<SqliteOptions, typeof sqliteEnv, typeof sqliteProvides>({
  name: 'sqlite',
  env: sqliteEnv,
  provides: sqliteProvides,
  layers: sqliteLayers,
  numbers: sqliteNumbers,
  ...(platform ?? refusal('sqlite', 'node:sqlite', '"memory", or the preset of the platform\'s own storage')),
})
