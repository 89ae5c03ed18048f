/** MinIO. */
import type { S3Profile } from '../profile.ts'
import { common, features, gibibyte, tebibyte } from './limits.ts'

export const minioProfile: S3Profile = {
  info: {
    provider: 's3-minio',
    // https://docs.min.io/community/minio-object-store/operations/concepts.html: strict read-after-write
    consistency: 'strong',
    durability: 'durable',
    // https://docs.min.io/community/minio-object-store/operations/concepts/thresholds.html
    limits: { ...common, maxObjectBytes: 50 * tebibyte },
    // https://github.com/minio/minio/pull/16551. Until https://github.com/minio/minio/issues/21526 was fixed, `If-Match` on
    // a key that is not there was no condition: use a release of September 2025 or later, or do without `ifMatch`.
    features,
    extensions: {
      'com.amazonaws.s3.profile': 'minio',
      // Between two slashes; the same page.
      'io.min.maxSegmentCharacters': 255,
    },
  },
  // A put may have 5 TiB there; a copy and a part have 5 GiB, as with Amazon.
  maxPutBytes: 5 * gibibyte,
  // Not stated on its pages, so not relied on.
  conditionalComplete: false,
  etags: 'quoted',
  lostRaceCodes: [],
}
