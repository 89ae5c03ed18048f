/** The `azblob` preset where OpenDAL does not run: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import { type AzblobOptions, azblobEnv, azblobProvides } from './lib/azblob/declaration.ts'
import { objectLayers } from './lib/object-layers.ts'
import { unsupported } from './lib/unsupported.ts'

export type { AzblobOptions } from './lib/azblob/declaration.ts'

export const azblob = definePreset<AzblobOptions, typeof azblobEnv, typeof azblobProvides>({
  name: 'azblob',
  env: azblobEnv,
  provides: azblobProvides,
  layers: objectLayers,
  open: unsupported('azblob', 'Node and the package opendal', '"s3", "cloudflare-r2" or "memory"'),
})
