/** DuckDB in a browser: the preset's part, and `openDuckDb`. */
import { createDatabase } from '@flowport/capabilities'
import { createStorage } from '@flowport/capabilities/storage'
import type { PlatformPart } from '../../platform/platform-part.ts'
import { opfsScheme } from '../scheme.ts'
import type { duckDbEnv, DuckDbPresetOptions, duckDbProvides } from './declaration.ts'
import { DuckDbDriver } from './driver.ts'
import { openDuckDb } from './open.ts'

export interface DuckDbPlatform {
  readonly openDuckDb: typeof openDuckDb
  readonly preset: PlatformPart<DuckDbPresetOptions, typeof duckDbEnv, typeof duckDbProvides>
}

export const platform: DuckDbPlatform | null = {
  openDuckDb,
  preset: {
    portable: { db: createDatabase },
    async open({ log, clock, options: { schemes = [opfsScheme()], storage, ...options } }) {
      if (storage !== undefined) return { db: new DuckDbDriver(await storage(), options) }
      const own = createStorage({ schemes, log, clock })
      return { db: new DuckDbDriver(own, options), close: () => own.close() }
    },
  },
}
