/** `r2://` through R2's S3 endpoint. `S3BlobDriver` is the next stop. */
import { missingCredentials } from '@flowport/capabilities/storage'
import { s3Config } from '../s3/config.ts'
import { type ConnectS3, openS3Store } from '../s3/storage-store.ts'
import { type OpenR2, r2Fields } from './storage.ts'

/** @param connect Makes the runtime's client. */
export function throughS3(connect: ConnectS3): OpenR2 {
  return (bucket, { partBytes }, context) => {
    const { accountId, accessKeyId, secretAccessKey, endpoint } = context.credentials ?? {}
    if (accessKeyId === undefined || secretAccessKey === undefined || (accountId ?? endpoint) === undefined) {
      throw missingCredentials({
        scheme: 'r2',
        provider: 'r2',
        missing: Object.entries({ accountId: accountId ?? endpoint, accessKeyId, secretAccessKey }).flatMap(
          ([name, value]) => (value === undefined ? [name] : []),
        ),
        fields: r2Fields,
      })
    }
    const config = s3Config(
      {
        bucket,
        provider: 'r2',
        endpoint: endpoint ?? `https://${accountId}.r2.cloudflarestorage.com`,
        accessKeyId,
        secretAccessKey,
        ...(partBytes === undefined ? {} : { partBytes }),
      },
      {},
    )
    const { bucketUrl, region, credentials } = config
    return openS3Store(
      connect({ bucketUrl, bucket, region, credentials, clock: context.clock }, undefined),
      config,
      context,
    )
  }
}
