/** Opens the `cloudflare-r2` preset on Workers: the bucket of a binding. `R2BindingDriver` is the next stop. */
import { createBlobStore } from '@flowport/capabilities'
import { isR2Bucket, r2BindingNeed } from './binding.ts'
import { type CloudflareR2Platform, defaultBinding, misconfigured } from './declaration.ts'
import { openR2Binding } from './open-binding.ts'

export const platform: CloudflareR2Platform | null = {
  bindings: ({ binding = defaultBinding }) => [r2BindingNeed(binding)],
  portable: { blob: createBlobStore },
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
}
