/** Presigned URLs of a bucket: they work without credentials until they expire. */
import { type BlobPresignOptions, CapabilityError } from '@flowport/capabilities'
import type { S3Client } from './client.ts'

/** Signature Version 4: seven days. https://developers.cloudflare.com/r2/api/s3/presigned-urls/ */
const maxPresignSeconds = 604_800

/** A URL for one method on one key; longer than seven days is `LimitExceeded`. */
export async function presignedUrl(
  client: S3Client,
  key: string,
  { method, expiresInSeconds }: BlobPresignOptions,
): Promise<URL> {
  if (expiresInSeconds > maxPresignSeconds) {
    throw new CapabilityError(
      'LimitExceeded',
      `a presigned URL works for at most ${maxPresignSeconds} seconds`,
      { details: { limit: 'expiresInSeconds', max: maxPresignSeconds } },
    )
  }
  return client.presign(method === 'get' ? 'GET' : 'PUT', key, expiresInSeconds)
}
