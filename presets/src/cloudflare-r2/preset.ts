/** The `cloudflare-r2` preset on Node: blobs in R2 over its S3 endpoint, or over a binding where the host has one. */
import { createBlobStore, definePreset } from '@flowport/capabilities'
import { isR2Bucket } from './binding.ts'
import {
  checkedPartBytes,
  type CloudflareR2Options,
  credentialsFrom,
  defaultBinding,
  misconfigured,
  r2Env,
  r2Numbers,
  r2Provides,
} from './declaration.ts'
import { objectLayers } from '../object-http/object-layers.ts'
import { s3Details, withExtras } from './extras.ts'
import { openR2Binding } from './open-binding.ts'
import { r2ClientOptions } from './s3-client.ts'
import { R2S3Driver } from './s3-driver.ts'
import { nodeS3Client } from '../s3/node/client.ts'

export type { R2WriteOptions } from './binding-puts.ts'
export type { CloudflareR2Options } from './declaration.ts'
export { type R2Details, type R2Extras, r2Extras } from './extras.ts'

/** Provides `blob`. `R2S3Driver` is the next stop. */
export const cloudflareR2 = definePreset<CloudflareR2Options, typeof r2Env, typeof r2Provides>({
  name: 'cloudflare-r2',
  env: r2Env,
  provides: r2Provides,
  portable: { blob: createBlobStore },
  layers: objectLayers,
  numbers: r2Numbers,
  check: ({ env, options }) => void credentialsFrom(options, env),
  open({ bindings, env, options, log, clock: hostClock }) {
    const { binding = defaultBinding, clock = hostClock } = options
    // Bindings on Node: those of wrangler's `getPlatformProxy`, or a twin in a test.
    const bucket = bindings[binding]
    if (isR2Bucket(bucket)) return { blob: openR2Binding({ bucket, env, options, log, clock }) }
    const partBytes = checkedPartBytes(options.partBytes)
    const credentials = credentialsFrom(options, env)
    if (credentials === null) {
      throw misconfigured(
        'on Node it needs R2_ACCOUNT_ID (or R2_ENDPOINT), R2_BUCKET, R2_ACCESS_KEY_ID and R2_SECRET_ACCESS_KEY, or the options of these names',
      )
    }
    const client = nodeS3Client(r2ClientOptions(credentials, clock))
    return {
      blob: withExtras((write) => new R2S3Driver({ client, log, clock, partBytes, write }), s3Details),
      close: () => client.close(),
    }
  },
})
