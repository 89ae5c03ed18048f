/** Signs URLs of a bucket's S3 endpoint, without the client that would send requests there. */
import type { Clock } from '@flowport/capabilities'
import { bucketUrl } from '../object-http/bucket-url.ts'
import { type Presigner, presignedUrlAt } from '../s3/presign.ts'
import type { R2Credentials } from './declaration.ts'

export function r2Presigner(
  { endpoint, bucket, accessKeyId, secretAccessKey }: R2Credentials,
  clock: Pick<Clock, 'now'>,
): Presigner {
  const { origin, pathname } = bucketUrl(endpoint, bucket, 'cloudflare-r2')
  const path = pathname.replace(/\/$/, '')
  return {
    presign: (method, key, expiresInSeconds) =>
      presignedUrlAt(
        { origin, path, region: 'auto', now: clock.now() },
        { method, key, expiresInSeconds },
        { accessKeyId, secretAccessKey },
      ),
  }
}
