/** The `fs` preset: blobs and key-value entries on the local file system, safe among the processes of one host. */
import { platform } from '#fs/platform'
import { definePreset } from '@flowport/capabilities'
import { refusal } from '../platform/refusal.ts'
import { type FsOptions, fsEnv, fsLayers, fsProvides } from './declaration.ts'

export type { FsOptions } from './declaration.ts'

/** Provides `blob` and `kv`. Runs on Node. The next stop is `platform.node.ts`. */
export const fs = definePreset<FsOptions, typeof fsEnv, typeof fsProvides>({
  name: 'fs',
  env: fsEnv,
  provides: fsProvides,
  layers: fsLayers,
  ...(platform ??
    refusal('fs', 'a local file system', '"memory", or the preset of the platform\'s own storage')),
})
