/** Opens R2 over a binding, with presigned URLs where there are credentials for them. */
import type { Clock, Logger } from '@flowport/capabilities'
import type { Static } from 'typebox'
import { R2BindingDriver } from './binding-driver.ts'
import type { R2BucketLike } from './binding.ts'
import { checkedPartBytes, type CloudflareR2Options, credentialsFrom, type r2Env } from './declaration.ts'
import { bindingDetails, withExtras } from './extras.ts'
import { R2S3Driver, r2S3Client } from './s3-driver.ts'

export interface OpenBindingOptions {
  readonly bucket: R2BucketLike
  readonly env: Static<typeof r2Env>
  readonly options: CloudflareR2Options
  readonly log: Pick<Logger, 'warn'>
  readonly clock: Pick<Clock, 'now'>
}

export function openR2Binding({ bucket, env, options, log, clock }: OpenBindingOptions): R2BindingDriver {
  const partBytes = checkedPartBytes(options.partBytes)
  const credentials = credentialsFrom(options, env)
  const s3 =
    credentials === null ? null : new R2S3Driver({ client: r2S3Client(credentials, clock), log, partBytes })
  const presign = s3 === null ? undefined : s3.presign.bind(s3)
  return withExtras(
    (write) => new R2BindingDriver({ bucket, log, partBytes, presign, write }),
    bindingDetails,
  )
}
