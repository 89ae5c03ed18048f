/** The `cloudflare-r2` preset on Workers: blobs in the R2 bucket of a binding. */
import { createBlobStore, definePreset } from '@flowport/capabilities'
import { isR2Bucket, r2BindingNeed } from './binding.ts'
import {
  type CloudflareR2Options,
  defaultBinding,
  misconfigured,
  r2Env,
  r2Numbers,
  r2Provides,
} from './declaration.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { openR2Binding } from './open-binding.ts'

export type { R2WriteOptions } from './binding-puts.ts'
export type { CloudflareR2Options } from './declaration.ts'
export { type R2Details, type R2Extras, r2Extras } from './extras.ts'

/** Provides `blob`. `R2BindingDriver` is the next stop. */
export const cloudflareR2 = definePreset<CloudflareR2Options, typeof r2Env, typeof r2Provides>({
  name: 'cloudflare-r2',
  env: r2Env,
  provides: r2Provides,
  bindings: ({ binding = defaultBinding }) => [r2BindingNeed(binding)],
  portable: { blob: createBlobStore },
  layers: objectLayers,
  numbers: r2Numbers,
  open({ bindings, env, options, log, clock: hostClock }) {
    const { binding = defaultBinding, clock = hostClock } = options
    const bucket = bindings[binding]
    if (!isR2Bucket(bucket)) {
      throw misconfigured(
        `binding "${binding}" is no R2 bucket; declare it under r2_buckets in the wrangler file`,
      )
    }
    return { blob: openR2Binding({ bucket, env, options, log, clock }) }
  },
})
