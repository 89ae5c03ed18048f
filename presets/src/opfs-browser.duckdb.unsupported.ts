/** DuckDB where there is no browser: it resolves, and opening fails with advice. */
import { definePreset } from '@flowport/capabilities'
import {
  duckDbEnv,
  duckDbLayers,
  type DuckDbPresetOptions,
  duckDbProvides,
} from './lib/opfs-browser/duckdb/declaration.ts'
import type { openDuckDb as openInBrowser } from './lib/opfs-browser/duckdb/open.ts'
import { unsupported } from './lib/unsupported.ts'

export type { DuckDbPresetOptions } from './lib/opfs-browser/duckdb/declaration.ts'
export type { DuckDb } from './lib/opfs-browser/duckdb/open.ts'
export type { DuckDbBundle, DuckDbOptions } from './lib/opfs-browser/duckdb/options.ts'

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
