/** Amazon S3, general purpose buckets. */
import type { BlobCapabilityInfo } from '@flowport/capabilities'
import type { S3Profile } from '../profile.ts'
import { common, features, gibibyte, multipart } from './limits.ts'

export const awsInfo = {
  provider: 's3-aws',
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
  consistency: 'strong',
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/DataDurability.html
  durability: 'durable',
  // 48.8 TiB, which is 10 000 parts of 5 GiB: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
  limits: { ...common, maxObjectBytes: multipart.maxParts * multipart.maxPartBytes },
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
  features,
  extensions: { 'com.amazonaws.s3.profile': 'aws' },
} as const satisfies BlobCapabilityInfo

export const awsProfile: S3Profile = {
  info: awsInfo,
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html; the same for a copy
  maxPutBytes: 5 * gibibyte,
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
  conditionalComplete: true,
  etags: 'quoted',
  lostRaceCodes: [],
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
  checksums: true,
}
