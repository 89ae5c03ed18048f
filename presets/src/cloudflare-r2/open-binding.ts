/** Opens R2 over a binding, with presigned URLs where there are credentials for them. */
import type { BlobPresignOptions, Clock, Logger } from '@flowport/capabilities'
import type { Static } from 'typebox'
import { presignedUrl } from '../s3/presign.ts'
import { R2BindingDriver } from './binding-driver.ts'
import type { R2BucketLike } from './binding.ts'
import { checkedPartBytes, type CloudflareR2Options, credentialsFrom, type r2Env } from './declaration.ts'
import { bindingDetails, withExtras } from './extras.ts'
import { checkR2Key } from './key.ts'
import { r2Presigner } from './presigner.ts'

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
  const presigner = credentials === null ? null : r2Presigner(credentials, clock)
  const presign =
    presigner === null
      ? undefined
      : async (key: string, presign: BlobPresignOptions) => {
          checkR2Key(key)
          return presignedUrl(presigner, key, presign)
        }
  return withExtras(
    (write) => new R2BindingDriver({ bucket, log, partBytes, presign, write }),
    bindingDetails,
  )
}
