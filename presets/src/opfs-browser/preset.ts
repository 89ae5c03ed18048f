/** The `opfs-browser` preset: objects, entries and the dedupe ledger in the browser's origin private file system. */
import { createBlobStore, createDedupeStore, createKeyValue, definePreset } from '@flowport/capabilities'
import { type OpfsBrowserOptions, opfsEnv, opfsLayers, opfsProvides } from './declaration.ts'
import { openOpfsDrivers } from './drivers.ts'

export type { OpfsBrowserOptions } from './declaration.ts'
export { type OpfsDescription, type OpfsExtras, opfsExtras } from './extras-of.ts'
export { serveOpfsWrites } from './worker.ts'

/** Provides `blob`, `kv` and `dedupe`. The drivers are the next stop. */
export const opfsBrowser = definePreset<OpfsBrowserOptions, typeof opfsEnv, typeof opfsProvides>({
  name: 'opfs-browser',
  env: opfsEnv,
  provides: opfsProvides,
  portable: { blob: createBlobStore, kv: createKeyValue, dedupe: createDedupeStore },
  layers: opfsLayers,
  open({ log, clock: hostClock, options: { clock = hostClock, ...options } }) {
    return openOpfsDrivers(options, log, clock)
  },
})
