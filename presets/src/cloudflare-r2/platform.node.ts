/** Opens the `cloudflare-r2` preset on Node: the S3 endpoint, or a binding that the host passes. `R2S3Driver` is the next stop. */
import { createBlobStore } from '@flowport/capabilities'
import { nodeS3Client } from '../s3/node/client.ts'
import { isR2Bucket } from './binding.ts'
import {
  checkedPartBytes,
  type CloudflareR2Platform,
  credentialsFrom,
  defaultBinding,
  misconfigured,
} from './declaration.ts'
import { s3Details, withExtras } from './extras.ts'
import { openR2Binding } from './open-binding.ts'
import { r2ClientOptions } from './s3-client.ts'
import { R2S3Driver } from './s3-driver.ts'

export const platform: CloudflareR2Platform | null = {
  portable: { blob: createBlobStore },
  check: ({ env, options }) => void credentialsFrom(options, env),
  open({ bindings, env, options, log, clock: hostClock }) {
    const { binding = defaultBinding, clock = hostClock } = options
    // On Node a binding comes from wrangler's `getPlatformProxy`, or from a twin in a test.
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
}
