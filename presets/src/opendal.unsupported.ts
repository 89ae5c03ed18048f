/** The `opendal` preset where there is no native binary: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import { type OpendalOptions, opendalEnv, opendalProvides } from './lib/opendal/declaration.ts'
import { objectLayers } from './lib/object-layers.ts'
import { unsupported } from './lib/unsupported.ts'

export type { OpendalOptions } from './lib/opendal/declaration.ts'

export const opendal = definePreset<OpendalOptions, typeof opendalEnv, typeof opendalProvides>({
  name: 'opendal',
  env: opendalEnv,
  provides: opendalProvides,
  layers: objectLayers,
  open: unsupported(
    'opendal',
    'Node and its native binary',
    '"s3", "memory", or the preset of the platform\'s own storage',
  ),
})
