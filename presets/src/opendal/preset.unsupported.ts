/** The `opendal` preset where there is no native binary: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import { type OpendalOptions, opendalEnv, opendalProvides } from './declaration.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { unsupported } from '../platform/refusal.ts'

export type { OpendalOptions } from './declaration.ts'

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
