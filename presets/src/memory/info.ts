/** What the memory stores state of themselves, as literal types that a profile is checked against. */
import type {
  BlobCapabilityInfo,
  CacheCapabilityInfo,
  DedupeCapabilityInfo,
  KvCapabilityInfo,
  QueueCapabilityInfo,
  StateCapabilityInfo,
} from '@flowport/capabilities'
import {
  memoryBlobLimits,
  memoryCacheLimits,
  memoryDedupeLimits,
  memoryKvLimits,
  memoryQueueLimits,
  memoryStateLimits,
} from '@flowport/capabilities/memory'

export const memoryKvInfo = {
  provider: 'memory',
  consistency: 'strong',
  durability: 'ephemeral',
  ttl: 'per_write',
  limits: memoryKvLimits,
  features: { list: true, metadata: true, conditional: true, bulk: true },
  transaction: 'memory',
  extensions: {},
} as const satisfies KvCapabilityInfo

export const memoryBlobInfo = {
  provider: 'memory',
  consistency: 'strong',
  durability: 'ephemeral',
  limits: memoryBlobLimits,
  features: {
    createOnly: true,
    compareAndSwap: true,
    ranges: true,
    metadata: true,
    contentType: true,
    serverCopy: true,
    presign: false,
  },
  extensions: {},
} as const satisfies BlobCapabilityInfo

export const memoryDedupeInfo = {
  provider: 'memory',
  reservation: 'atomic',
  consistency: 'strong',
  durability: 'ephemeral',
  limits: memoryDedupeLimits,
  features: { unknowns: true, startsWithWrites: true },
  transaction: 'memory',
  extensions: {},
} as const satisfies DedupeCapabilityInfo

export const memoryQueueInfo = {
  provider: 'memory',
  delivery: 'at_least_once',
  ordering: 'ordered',
  durability: 'ephemeral',
  limits: memoryQueueLimits,
  features: { deadLetter: true, renew: true, redrive: true },
  transaction: 'memory',
  extensions: {},
} as const satisfies QueueCapabilityInfo

export const memoryStateInfo = {
  provider: 'memory',
  consistency: 'strong',
  durability: 'ephemeral',
  limits: memoryStateLimits,
  features: { sql: false, alarms: true },
  extensions: {},
} as const satisfies StateCapabilityInfo

export const memoryCacheInfo = {
  provider: 'memory',
  limits: memoryCacheLimits,
  extensions: {},
} as const satisfies CacheCapabilityInfo
