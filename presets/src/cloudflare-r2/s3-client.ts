/** A client of R2's S3 endpoint. */
import type { Clock } from '@flowport/capabilities'
import { bucketUrl } from '../object-http/bucket-url.ts'
import { S3Client, type S3ClientOptions } from '../s3/client.ts'
import type { R2Credentials } from './declaration.ts'

/** A client of the bucket's S3 endpoint, on any platform. */
export function r2S3Client(credentials: R2Credentials, clock: Pick<Clock, 'now'>): S3Client {
  return new S3Client(r2ClientOptions(credentials, clock))
}

/** What makes a client of the bucket's S3 endpoint. */
export function r2ClientOptions(
  { endpoint, bucket, accessKeyId, secretAccessKey }: R2Credentials,
  clock: Pick<Clock, 'now'>,
): S3ClientOptions {
  return {
    bucketUrl: bucketUrl(endpoint, bucket, 'cloudflare-r2'),
    bucket,
    region: 'auto',
    accessKeyId,
    secretAccessKey,
    clock,
  }
}
