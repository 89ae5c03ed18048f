/** The `gcs` preset where OpenDAL does not run: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import { type GcsOptions, gcsEnv, gcsProvides } from './lib/gcs/declaration.ts'
import { objectLayers } from './lib/object-layers.ts'
import { unsupported } from './lib/unsupported.ts'

export type { GcsOptions } from './lib/gcs/declaration.ts'

export const gcs = definePreset<GcsOptions, typeof gcsEnv, typeof gcsProvides>({
  name: 'gcs',
  env: gcsEnv,
  provides: gcsProvides,
  layers: objectLayers,
  open: unsupported('gcs', 'Node and the package opendal', '"s3", "cloudflare-r2" or "memory"'),
})
