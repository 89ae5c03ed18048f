/** DuckDB in the browser: SQL over the files of a storage, `opfs://` among them. `openDuckDb` opens a database without a preset. */
import { platform } from '#opfs-browser/duckdb'
import { definePreset } from '@flowport/capabilities'
import { refusal } from '../platform/refusal.ts'
import { duckDbEnv, duckDbLayers, type DuckDbPresetOptions, duckDbProvides } from './duckdb/declaration.ts'
import type { openDuckDb as openInBrowser } from './duckdb/open.ts'
import type { DuckDbPlatform } from './duckdb/platform.browser.ts'

export type { DuckDbPresetOptions } from './duckdb/declaration.ts'
export type { DuckDb } from './duckdb/open.ts'
export type { DuckDbBundle, DuckDbOptions } from './duckdb/options.ts'

// The type checker resolves the refused variant only.
const part = platform as DuckDbPlatform | null
const refused = /* @__PURE__ */ refusal('duckdb', 'a browser', 'a database of your own as "db"')

/** Resolves an open database. Rejects with `PRESET_UNSUPPORTED` outside of browsers. */
export const openDuckDb: typeof openInBrowser = /* @__PURE__ */ (() =>
  part?.openDuckDb ??
  // oxlint-disable-next-line typescript/require-await -- rejects, as the one in browsers does.
  (async () => refused.open()))()

/** Provides `db`. The first statement loads and starts the engine, so that a page starts without it. */
export const duckDb = /* @__PURE__ */ definePreset<
  DuckDbPresetOptions,
  typeof duckDbEnv,
  typeof duckDbProvides
>({
  name: 'duckdb',
  env: duckDbEnv,
  provides: duckDbProvides,
  layers: duckDbLayers,
  ...(part?.preset ?? refused),
})
