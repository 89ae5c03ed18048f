/** Presigned URLs of a bucket: they work without credentials until they expire. */
import { type BlobPresignOptions, CapabilityError } from '@flowport/capabilities'
import type { S3Credentials } from './credentials.ts'
import { encodeQuery, keyPath } from '../object-http/encode.ts'
import { signedUrl, signingDate } from './signer.ts'

/** Signature Version 4: seven days. https://developers.cloudflare.com/r2/api/s3/presigned-urls/ */
const maxPresignSeconds = 604_800

/** Signs URLs of one bucket; `S3Client` does. */
export interface Presigner {
  presign(method: 'GET' | 'PUT', key: string, expiresInSeconds: number): Promise<URL>
}

/** A bucket, and the moment from which its URLs work. */
export interface PresignPlace {
  /** Scheme and host. */
  readonly origin: string
  /** Of the bucket, without a slash at its end. */
  readonly path: string
  readonly region: string
  /** Milliseconds since the epoch, as the store counts them. */
  readonly now: number
}

/** A URL for one method on one key; longer than seven days is `LimitExceeded`. */
export async function presignedUrl(
  presigner: Presigner,
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
  return presigner.presign(method === 'get' ? 'GET' : 'PUT', key, expiresInSeconds)
}

/** Without credentials, the plain URL of the object: the bucket is public. */
export async function presignedUrlAt(
  { origin, path, region, now }: PresignPlace,
  { method, key, expiresInSeconds }: { method: 'GET' | 'PUT'; key: string; expiresInSeconds: number },
  credentials: S3Credentials | null,
): Promise<URL> {
  const object = path + keyPath(key)
  if (credentials === null) return new URL(origin + object)
  const query = encodeQuery({ 'X-Amz-Expires': String(expiresInSeconds) })
  const signing = { method, origin, path: `${object}?${query}`, region, date: signingDate(now) }
  return signedUrl(signing, credentials)
}
