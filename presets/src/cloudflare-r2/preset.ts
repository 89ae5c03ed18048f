/** The `cloudflare-r2` preset: blobs in R2, over a bucket binding, or on Node over the S3 endpoint too. */
import { platform } from '#cloudflare-r2/platform'
import { definePreset } from '@flowport/capabilities'
import { objectLayers } from '../object-http/object-layers.ts'
import { refusal } from '../platform/refusal.ts'
import { type CloudflareR2Options, r2Env, r2Numbers, r2Provides } from './declaration.ts'

export type { R2WriteOptions } from './binding-puts.ts'
export type { CloudflareR2Options } from './declaration.ts'
export { type R2Details, type R2Extras, r2Extras } from './extras.ts'

/** Provides `blob`. The next stop is `platform.workerd.ts` or `platform.node.ts`. */
export const cloudflareR2 = definePreset<CloudflareR2Options, typeof r2Env, typeof r2Provides>({
  name: 'cloudflare-r2',
  env: r2Env,
  provides: r2Provides,
  layers: objectLayers,
  numbers: r2Numbers,
  ...(platform ??
    refusal(
      'cloudflare-r2',
      'an R2 binding, or credentials that are kept secret',
      '"memory", or presigned URLs that a server made',
    )),
})
