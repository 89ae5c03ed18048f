/** DuckDB where there is no browser: it resolves, and opening fails with advice. */
import { definePreset } from '@flowport/capabilities'
import { duckDbEnv, duckDbLayers, type DuckDbPresetOptions, duckDbProvides } from './duckdb/declaration.ts'
import type { openDuckDb as openInBrowser } from './duckdb/open.ts'
import { unsupported } from '../platform/refusal.ts'

export type { DuckDbPresetOptions } from './duckdb/declaration.ts'
export type { DuckDb } from './duckdb/open.ts'
export type { DuckDbBundle, DuckDbOptions } from './duckdb/options.ts'

const refuse = unsupported('duckdb', 'a browser', 'a database of your own as "db"')

// oxlint-disable-next-line typescript/require-await -- rejects, as the real one does.
export const openDuckDb: typeof openInBrowser = async () => refuse()

export const duckDb = definePreset<DuckDbPresetOptions, typeof duckDbEnv, typeof duckDbProvides>({
  name: 'duckdb',
  env: duckDbEnv,
  provides: duckDbProvides,
  layers: duckDbLayers,
  open: refuse,
})
