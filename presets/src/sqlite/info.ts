/** What the SQLite stores state of themselves. Web types only: the stub for other runtimes states the same. */
import type { DedupeCapabilityInfo, KvCapabilityInfo, QueueCapabilityInfo } from '@flowport/capabilities'

const extensions = { 'dev.flowport.sqlite.synchronous': 'FULL' } as const

export const sqliteKvInfo = {
  provider: 'sqlite',
  consistency: 'strong',
  durability: 'durable',
  ttl: 'per_write',
  limits: {
    maxKeyBytes: 2048,
    maxValueBytes: 25 * 1024 * 1024,
    maxMetadataBytes: 65_536,
    minTtlSeconds: 0,
    maxListKeys: 1000,
    maxBulkKeys: 1000,
  },
  features: { list: true, metadata: true, conditional: true, bulk: true },
  transaction: 'sqlite',
  extensions,
} as const satisfies KvCapabilityInfo

export const sqliteDedupeInfo = {
  provider: 'sqlite',
  reservation: 'atomic',
  consistency: 'strong',
  durability: 'durable',
  limits: { maxKeyBytes: 2048, maxResultBytes: 8 * 1024 * 1024, minTtlMs: 1 },
  features: { unknowns: true, startsWithWrites: true },
  transaction: 'sqlite',
  extensions,
} as const satisfies DedupeCapabilityInfo

export const sqliteQueueInfo = {
  provider: 'sqlite',
  delivery: 'at_least_once',
  ordering: 'ordered',
  durability: 'durable',
  limits: { maxMessageBytes: 1024 * 1024, maxBatchMessages: 1000, maxDelayMs: 365 * 86_400_000 },
  features: { deadLetter: true, renew: true, redrive: true },
  transaction: 'sqlite',
  extensions,
} as const satisfies QueueCapabilityInfo

export interface InfoOptions {
  readonly path: string
  readonly synchronous: 'NORMAL' | 'FULL'
  readonly transaction: string
}

/** The info of an instance: what is in memory goes with the process, and each opened file is a database of its own. */
export function infoFor<I extends KvCapabilityInfo | DedupeCapabilityInfo | QueueCapabilityInfo>(
  info: I,
  { path, synchronous, transaction }: InfoOptions,
): I {
  return {
    ...info,
    durability: path === ':memory:' ? 'ephemeral' : 'durable',
    transaction,
    extensions: { 'dev.flowport.sqlite.synchronous': synchronous },
  }
}
