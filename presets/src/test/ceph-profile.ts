/** The S3 driver's profile of the Ceph 16 the tests run, where it differs from R2 and AWS. */
import { r2Info } from '../lib/cloudflare-r2/info.ts'
import type { S3Profile } from '../lib/s3/profile.ts'

export const cephProfile: S3Profile = {
  info: {
    ...r2Info,
    provider: 'ceph',
    features: { ...r2Info.features, serverCopy: true, presign: true },
    extensions: {},
  },
  maxPutBytes: 5 * 1024 ** 3,
  // It ignores conditions there.
  conditionalComplete: false,
  // A quoted one never matches.
  etags: 'bare',
  // Some losers of a race of conditional writes are told this, with status 500, instead of PreconditionFailed.
  lostRaceCodes: ['UnknownError'],
}
