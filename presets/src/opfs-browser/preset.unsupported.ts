/** The `opfs-browser` preset where there is no browser: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import { type OpfsBrowserOptions, opfsEnv, opfsLayers, opfsProvides } from './declaration.ts'
import { unsupported } from '../platform/refusal.ts'

export type { OpfsBrowserOptions } from './declaration.ts'
export { type OpfsDescription, type OpfsExtras, opfsExtras } from './extras-of.ts'
export { serveOpfsWrites } from './worker.ts'

export const opfsBrowser = definePreset<OpfsBrowserOptions, typeof opfsEnv, typeof opfsProvides>({
  name: 'opfs-browser',
  env: opfsEnv,
  provides: opfsProvides,
  layers: opfsLayers,
  open: unsupported(
    'opfs-browser',
    'a browser with an origin private file system',
    '"memory", or the preset of the platform\'s own storage',
  ),
})
