/** The `opendal` preset: blobs and key-value entries on any service that OpenDAL's binary has. */
import { platform } from '#opendal/platform'
import { definePreset } from '@flowport/capabilities'
import { objectLayers } from '../object-http/object-layers.ts'
import { refusal } from '../platform/refusal.ts'
import { opendalEnv, opendalNumbers, type OpendalOptions, opendalProvides } from './declaration.ts'

export type { OpendalOptions } from './declaration.ts'

/** Provides `blob` and `kv`. Runs on Node. The next stop is `platform.node.ts`. */
export const opendal = definePreset<OpendalOptions, typeof opendalEnv, typeof opendalProvides>({
  name: 'opendal',
  env: opendalEnv,
  provides: opendalProvides,
  numbers: opendalNumbers,
  layers: objectLayers,
  ...(platform ??
    refusal(
      'opendal',
      'Node and its native binary',
      '"s3", "memory", or the preset of the platform\'s own storage',
    )),
})
