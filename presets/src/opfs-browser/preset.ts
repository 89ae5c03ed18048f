/** The `opfs-browser` preset: objects, entries and the dedupe ledger in the browser's origin private file system. */
import { platform } from '#opfs-browser/platform'
import { definePreset } from '@flowport/capabilities'
import { refusal } from '../platform/refusal.ts'
import { type OpfsBrowserOptions, opfsEnv, opfsLayers, opfsProvides } from './declaration.ts'

export type { OpfsBrowserOptions } from './declaration.ts'
export { type OpfsDescription, type OpfsExtras, opfsExtras } from './extras-of.ts'
export { serveOpfsWrites } from './worker.ts'

/** Provides `blob`, `kv` and `dedupe`. Runs in browsers. The next stop is `platform.browser.ts`. */
export const opfsBrowser = definePreset<OpfsBrowserOptions, typeof opfsEnv, typeof opfsProvides>({
  name: 'opfs-browser',
  env: opfsEnv,
  provides: opfsProvides,
  layers: opfsLayers,
  ...(platform ??
    refusal(
      'opfs-browser',
      'a browser with an origin private file system',
      '"memory", or the preset of the platform\'s own storage',
    )),
})
