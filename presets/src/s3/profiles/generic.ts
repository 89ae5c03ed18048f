/** A store that speaks S3 and has not said which it is: nothing is expected of it that older or smaller ones ignore. */
import type { S3Profile } from '../profile.ts'
import { common, features, gibibyte, tebibyte } from './limits.ts'

export const genericProfile: S3Profile = {
  info: {
    provider: 's3',
    // What S3 promises. `probeBlob` measures whether an endpoint keeps it.
    consistency: 'strong',
    durability: 'durable',
    limits: { ...common, maxObjectBytes: 5 * tebibyte },
    // Stores that do not know conditions pass over them, and overwrite: name the provider to have them.
    features: { ...features, createOnly: false, compareAndSwap: false },
    extensions: { 'com.amazonaws.s3.profile': 'generic' },
  },
  maxPutBytes: 5 * gibibyte,
  conditionalComplete: false,
  etags: 'quoted',
  lostRaceCodes: [],
}
