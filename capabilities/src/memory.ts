/** `@flowport/capabilities/memory`: a driver in memory for every contract. Gone with the process. */
export {
  memoryBlobDriver,
  type MemoryBlobInfo,
  memoryBlobLimits,
  type MemoryBlobOptions,
} from './lib/memory/blob.ts'
export {
  memoryCacheDriver,
  type MemoryCacheInfo,
  memoryCacheLimits,
  type MemoryCacheOptions,
} from './lib/memory/cache.ts'
export {
  memoryDedupeDriver,
  type MemoryDedupeInfo,
  memoryDedupeLimits,
  type MemoryDedupeOptions,
} from './lib/memory/dedupe.ts'
export { memoryKvDriver, type MemoryKvInfo, memoryKvLimits, type MemoryKvOptions } from './lib/memory/kv.ts'
export {
  memoryQueueDriver,
  type MemoryQueueInfo,
  memoryQueueLimits,
  type MemoryQueueOptions,
} from './lib/memory/queue.ts'
export { memorySecretsDriver } from './lib/memory/secrets.ts'
export {
  memoryStateDriver,
  type MemoryStateInfo,
  memoryStateLimits,
  type MemoryStateOptions,
} from './lib/memory/state.ts'
export { ManualClock } from './lib/testing/manual-clock.ts'
// Chance that is the same every time belongs to doubles as memory does.
export { seededRng } from './lib/rng/seeded-rng.ts'
