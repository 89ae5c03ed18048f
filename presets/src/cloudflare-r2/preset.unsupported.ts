/** The `cloudflare-r2` preset where credentials have no place, as in a browser: it resolves, and `open` fails with advice. */
import { definePreset } from '@flowport/capabilities'
import { type CloudflareR2Options, r2Env, r2Provides } from './declaration.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { unsupported } from '../platform/refusal.ts'

export type { R2WriteOptions } from './binding-puts.ts'
export type { CloudflareR2Options } from './declaration.ts'
export { type R2Details, type R2Extras, r2Extras } from './extras.ts'

export const cloudflareR2 = definePreset<CloudflareR2Options, typeof r2Env, typeof r2Provides>({
  name: 'cloudflare-r2',
  env: r2Env,
  provides: r2Provides,
  layers: objectLayers,
  open: unsupported(
    'cloudflare-r2',
    'an R2 binding, or credentials that are kept secret',
    '"memory", or presigned URLs that a server made',
  ),
})
