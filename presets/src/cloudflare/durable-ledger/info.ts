/** What every ledger and key-value store on the SQLite of Durable Objects guarantees, as literal types. */

/** `durable-dedupe/limits.test.ts` holds these numbers against the platform's. */
export const ledgerInObjects = {
  reservation: 'atomic',
  consistency: 'strong',
  durability: 'durable',
  limits: { maxKeyBytes: 2048, maxResultBytes: 1_980_000, minTtlMs: 1 },
  features: { unknowns: true },
} as const

export const entriesInObjects = {
  consistency: 'strong',
  durability: 'durable',
  ttl: 'per_write',
  limits: {
    maxKeyBytes: 2048,
    maxValueBytes: 1_980_000,
    maxMetadataBytes: 16_384,
    minTtlSeconds: 0,
    maxListKeys: 1000,
    maxBulkKeys: 1000,
  },
  features: { list: true, metadata: true, conditional: true, bulk: true },
} as const
