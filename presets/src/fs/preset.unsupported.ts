/** The `fs` preset where there is no file system: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import { type FsOptions, fsEnv, fsLayers, fsProvides } from './declaration.ts'
import { unsupported } from '../platform/refusal.ts'

export type { FsOptions } from './declaration.ts'

export const fs = definePreset<FsOptions, typeof fsEnv, typeof fsProvides>({
  name: 'fs',
  env: fsEnv,
  provides: fsProvides,
  layers: fsLayers,
  open: unsupported('fs', 'a local file system', '"memory", or the preset of the platform\'s own storage'),
})
