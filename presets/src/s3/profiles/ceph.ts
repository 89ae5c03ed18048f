/** Ceph's gateway, as measured on release 16; https://docs.ceph.com/en/latest/radosgw/s3/ names what it has. */
import type { S3Profile } from '../profile.ts'
import { common, features, gibibyte, tebibyte } from './limits.ts'

export const cephProfile: S3Profile = {
  info: {
    provider: 's3-ceph',
    consistency: 'strong',
    durability: 'durable',
    limits: {
      ...common,
      // 5 TB, of which 5 GB in one put: https://www.ibm.com/docs/en/storage-ceph/6?topic=api-s3-limitations
      maxObjectBytes: 5 * tebibyte,
      // All headers of a request together have 16 000 bytes, says the same page; half of it is for the others.
      maxMetadataBytes: 8192,
    },
    // 32 racers with `If-None-Match: *`, 20 times: one winner each. 8 writers with `If-Match`, 160 times: none was lost.
    features,
    extensions: { 'com.amazonaws.s3.profile': 'ceph' },
  },
  maxPutBytes: 5 * gibibyte,
  // It ignores conditions there.
  conditionalComplete: false,
  // A quoted one never matches.
  etags: 'bare',
  // Some losers of a race of conditional writes get this code with status 500 instead of PreconditionFailed.
  lostRaceCodes: ['UnknownError'],
}
