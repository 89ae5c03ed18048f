/** R2 over its S3 endpoint: the S3 driver with R2's profile, and what its puts can carry. */
import type { Clock, Logger } from '@flowport/capabilities'
import { S3BlobDriver } from '../s3/blob-driver.ts'
import type { S3Client } from '../s3/client.ts'
import type { S3Profile } from '../s3/profile.ts'
import { r2Profile } from '../s3/profiles/r2.ts'
import type { R2WriteOptions } from './binding-puts.ts'

export interface R2S3DriverOptions {
  readonly client: S3Client
  readonly log: Pick<Logger, 'warn'>
  /** Waits before a broken transfer is gone on with. Default: it is gone on with at once. */
  readonly clock?: Pick<Clock, 'sleep'> | undefined
  /** Bytes of a part. */
  readonly partBytes: number
  /** What every put carries. Default nothing. */
  readonly write?: R2WriteOptions
  /** Default R2's. */
  readonly profile?: S3Profile
}

export class R2S3Driver extends S3BlobDriver {
  constructor({ write = {}, profile = r2Profile, ...options }: R2S3DriverOptions) {
    super({ ...options, profile, putHeaders: writeHeaders(write), sha256: write.sha256 })
  }
}

function writeHeaders(write: R2WriteOptions): Record<string, string> {
  const headers = {
    'x-amz-storage-class': storageClasses[write.storageClass ?? 'Standard'],
    'cache-control': write.cacheControl,
    'content-disposition': write.contentDisposition,
    'content-encoding': write.contentEncoding,
    'content-language': write.contentLanguage,
  }
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

/** https://developers.cloudflare.com/r2/buckets/storage-classes/ */
const storageClasses = { Standard: undefined, InfrequentAccess: 'STANDARD_IA' } as const
