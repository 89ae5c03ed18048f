/** Google Cloud Storage over its XML API with HMAC keys, which Google calls interoperability. */
import type { S3Profile } from '../profile.ts'
import { common, features, tebibyte } from './limits.ts'

export const gcsProfile: S3Profile = {
  info: {
    provider: 's3-gcs',
    // https://cloud.google.com/storage/docs/consistency
    consistency: 'strong',
    durability: 'durable',
    limits: {
      // https://cloud.google.com/storage/quotas; deletes: https://cloud.google.com/storage/docs/xml-api/post-bucket
      ...common,
      maxObjectBytes: 5 * tebibyte,
      maxMetadataBytes: 8192,
    },
    // Writes are conditioned on `x-goog-if-generation-match`, not on etags, and a request signed as for Amazon cannot
    // carry it: https://cloud.google.com/storage/docs/xml-api/reference-headers. The preset `gcs` has conditions.
    features: { ...features, createOnly: false, compareAndSwap: false },
    extensions: { 'com.amazonaws.s3.profile': 'gcs' },
  },
  // https://cloud.google.com/storage/quotas
  maxPutBytes: 5 * tebibyte,
  conditionalComplete: false,
  etags: 'quoted',
  lostRaceCodes: [],
}
