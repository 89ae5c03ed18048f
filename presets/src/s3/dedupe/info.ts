/** The guarantees of the ledger over conditional writes. */
import type { DedupeCapabilityInfo } from '@flowport/capabilities'
import { expirySlackMs } from './record.ts'

export const s3DedupeInfo = {
  provider: 's3',
  // Proven at the endpoint before the store opens: `prove.ts`.
  reservation: 'atomic',
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel
  consistency: 'strong',
  durability: 'durable',
  limits: {
    // Keys are digested; this bounds what is digested.
    maxKeyBytes: 4096,
    maxResultBytes: 1024 ** 2,
    // The store's clock tells whole seconds.
    minTtlMs: 1000,
    expirySlackMs,
  },
  features: { unknowns: true },
  extensions: {},
} as const satisfies DedupeCapabilityInfo
