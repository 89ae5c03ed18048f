/** DuckDB in the browser: SQL over the files of a storage, `opfs://` among them. `openDuckDb` opens one by hand. */
import { createDatabase, definePreset } from '@flowport/capabilities'
import { createStorage } from '@flowport/capabilities/storage'
import { duckDbEnv, duckDbLayers, type DuckDbPresetOptions, duckDbProvides } from './duckdb/declaration.ts'
import { DuckDbDriver } from './duckdb/driver.ts'
import { opfsScheme } from './scheme-entry.ts'

export type { DuckDbPresetOptions } from './duckdb/declaration.ts'
export { type DuckDb, openDuckDb } from './duckdb/open.ts'
export type { DuckDbBundle, DuckDbOptions } from './duckdb/options.ts'

/** Provides `db`. The engine is fetched and started by the first statement, so that a page starts without it. */
export const duckDb = /* @__PURE__ */ definePreset<
  DuckDbPresetOptions,
  typeof duckDbEnv,
  typeof duckDbProvides
>({
  name: 'duckdb',
  env: duckDbEnv,
  provides: duckDbProvides,
  portable: { db: createDatabase },
  layers: duckDbLayers,
  async open({ log, clock, options: { schemes = [opfsScheme()], storage, ...options } }) {
    if (storage !== undefined) return { db: new DuckDbDriver(await storage(), options) }
    const own = createStorage({ schemes, log, clock })
    return { db: new DuckDbDriver(own, options), close: () => own.close() }
  },
})
