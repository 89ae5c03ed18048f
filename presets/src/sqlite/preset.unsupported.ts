/** The `sqlite` preset where there is no `node:sqlite`: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import { type SqliteOptions, sqliteEnv, sqliteLayers, sqliteProvides } from './declaration.ts'
import { unsupported } from '../platform/refusal.ts'

export type { SqliteOptions } from './declaration.ts'

export const sqlite = definePreset<SqliteOptions, typeof sqliteEnv, typeof sqliteProvides>({
  name: 'sqlite',
  env: sqliteEnv,
  provides: sqliteProvides,
  layers: sqliteLayers,
  open: unsupported('sqlite', 'node:sqlite', '"memory", or the preset of the platform\'s own storage'),
})
