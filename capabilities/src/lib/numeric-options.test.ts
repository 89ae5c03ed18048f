import { describe } from 'vitest'
import { createBlobStore } from './blob/blob-store.ts'
import { createCache } from './cache/cache.ts'
import { createDatabase } from './db/database.ts'
import { createDedupeStore } from './dedupe/dedupe-store.ts'
import { settleKey } from './dedupe/settle.ts'
import { isKind } from './error.ts'
import { createKeyValue } from './kv/key-value.ts'
import { circuitBreaker } from './layers/circuit-breaker.ts'
import { concurrencyLimit } from './layers/concurrency-limit.ts'
import { retry } from './layers/retry.ts'
import { timeout } from './layers/timeout.ts'
import { checkLinearizable } from './linearizability/check.ts'
import { dedupeModel } from './linearizability/dedupe-model.ts'
import { runDedupeWorkload } from './linearizability/dedupe-workload.ts'
import { kvModel } from './linearizability/kv-model.ts'
import { runKvWorkload } from './linearizability/kv-workload.ts'
import { memoryBlobDriver } from './memory/blob.ts'
import { memoryCacheDriver } from './memory/cache.ts'
import { memoryDedupeDriver } from './memory/dedupe.ts'
import { memoryKvDriver } from './memory/kv.ts'
import { memoryQueueDriver } from './memory/queue.ts'
import { memoryStateDriver } from './memory/state.ts'
import { countOrInfinityRule, countRule, lifeRule, lifeSecondsRule, limitRule, timerRule } from './numbers.ts'
import { probeKv } from './probe/kv.ts'
import { createQueue } from './queue/queue.ts'
import { seededRng } from './rng/seeded-rng.ts'
import { createDurableState } from './state/state-store.ts'
import { memoryScheme } from './storage/memory-scheme.ts'
import { createStorage } from './storage/storage.ts'
import { systemClock } from './system/clock.ts'
import { numericOption, type NumericOptionTest } from './testing/numeric-option.ts'

const none = () => ({})

describe('options of the linearizability checker', () => {
  const rng = seededRng(1)
  const clock = systemClock
  const workload = { rng, clock, keys: ['a'], clients: 1, operations: 1 }
  const leases = { ...workload, shortMs: 1, longMs: 1 }
  const kv = createKeyValue(memoryKvDriver())
  const dedupe = createDedupeStore(memoryDedupeDriver())
  const tests: readonly NumericOptionTest[] = [
    {
      name: 'CheckOptions.maxSteps',
      rule: countRule(),
      take: (maxSteps) => checkLinearizable(kvModel, [], { maxSteps }),
    },
    { name: 'DedupeModelOptions.slackMs', rule: timerRule(), take: (slackMs) => dedupeModel({ slackMs }) },
    { name: 'DedupeModelOptions.driftMs', rule: timerRule(), take: (driftMs) => dedupeModel({ driftMs }) },
    {
      name: 'WorkloadOptions.clients',
      rule: countRule(1, 64),
      take: (clients) => runKvWorkload(kv, { ...workload, clients }),
    },
    {
      name: 'WorkloadOptions.operations',
      rule: countRule(1, 100_000),
      take: (operations) => runKvWorkload(kv, { ...workload, signal: AbortSignal.abort(), operations }),
    },
    {
      name: 'DedupeWorkloadOptions.shortMs',
      rule: lifeRule,
      take: (shortMs) => runDedupeWorkload(dedupe, { ...leases, shortMs }),
    },
    {
      name: 'DedupeWorkloadOptions.longMs',
      rule: lifeRule,
      take: (longMs) => runDedupeWorkload(dedupe, { ...leases, longMs }),
    },
  ]
  for (const test of tests) numericOption(test)
})

describe('options of layers and drivers', () => {
  const tests: readonly NumericOptionTest[] = [
    { name: 'RetryOptions.maxAttempts', rule: countRule(), take: (maxAttempts) => retry({ maxAttempts }) },
    { name: 'RetryOptions.baseMs', rule: timerRule(), take: (baseMs) => retry({ baseMs }) },
    { name: 'RetryOptions.maxMs', rule: timerRule(), take: (maxMs) => retry({ maxMs }) },
    {
      name: 'RetryOptions.maxRetryAfterMs',
      rule: timerRule(),
      take: (maxRetryAfterMs) => retry({ maxRetryAfterMs }),
    },
    { name: 'TimeoutOptions.timeoutMs', rule: timerRule(1), take: (timeoutMs) => timeout({ timeoutMs }) },
    {
      name: 'CircuitBreakerOptions.failures',
      rule: countRule(),
      take: (failures) => circuitBreaker({ failures, resetAfterMs: 1 }),
    },
    {
      name: 'CircuitBreakerOptions.resetAfterMs',
      rule: timerRule(1),
      take: (resetAfterMs) => circuitBreaker({ failures: 1, resetAfterMs }),
    },
    {
      name: 'CircuitBreakerOptions.windowMs',
      rule: timerRule(1),
      take: (windowMs) => circuitBreaker({ failures: 1, resetAfterMs: 1, windowMs }),
    },
    {
      name: 'ConcurrencyLimitOptions.limit',
      rule: countRule(),
      take: (limit) => concurrencyLimit({ limit, maxQueued: 0 }),
    },
    {
      name: 'ConcurrencyLimitOptions.maxQueued',
      rule: countRule(0),
      take: (maxQueued) => concurrencyLimit({ limit: 1, maxQueued }),
    },
    {
      name: 'MemoryKvOptions.maxBytes',
      rule: countOrInfinityRule(),
      take: (maxBytes) => memoryKvDriver({ maxBytes }),
    },
    {
      name: 'MemoryKvOptions.limits',
      rule: limitRule,
      take: (maxKeyBytes) => memoryKvDriver({ limits: { maxKeyBytes } }),
    },
    {
      name: 'MemoryBlobOptions.limits',
      rule: limitRule,
      take: (maxObjectBytes) => memoryBlobDriver({ limits: { maxObjectBytes } }),
    },
    {
      name: 'MemoryStateOptions.limits',
      rule: limitRule,
      take: (maxValueBytes) => memoryStateDriver({ limits: { maxValueBytes } }),
    },
    {
      name: 'MemoryQueueOptions.limits',
      rule: limitRule,
      take: (maxDelayMs) => memoryQueueDriver({ limits: { maxDelayMs } }),
    },
    {
      name: 'MemoryQueueOptions.maxAttempts',
      rule: countRule(),
      take: (maxAttempts) => memoryQueueDriver({ maxAttempts }),
    },
    {
      name: 'MemoryQueueOptions.maxDeadLetters',
      rule: countOrInfinityRule(0),
      take: (maxDeadLetters) => memoryQueueDriver({ maxDeadLetters }),
    },
    {
      name: 'MemoryCacheOptions.maxEntries',
      rule: countRule(1, 100_000_000),
      take: (maxEntries) => memoryCacheDriver({ maxEntries }),
    },
  ]
  for (const test of tests) numericOption(test)
})

describe('arguments of calls', () => {
  const kv = createKeyValue(memoryKvDriver())
  const blob = createBlobStore(memoryBlobDriver())
  const dedupe = createDedupeStore(memoryDedupeDriver())
  const queue = createQueue(memoryQueueDriver())
  const cache = createCache(memoryCacheDriver())
  const state = createDurableState(memoryStateDriver())
  const db = createDatabase({
    info: { provider: 'test', extensions: {} },
    query: () => ({ columns: [], rows: [] }),
  })
  const storage = createStorage({ schemes: [memoryScheme()] })
  const page = countRule(1, 1000)
  let keys = 0
  /** Settles a free key, which is refused for its state once its numbers fit. */
  const settled = (fence: number, ttlMs: number) =>
    settleKey(dedupe, 'free', {
      fence,
      outcome: { done: 1, ttlMs },
      by: 'b',
      why: 'w',
      clock: systemClock,
      audit: () => undefined,
    }).catch((error: unknown) => {
      if (!isKind(error, 'ConditionNotMatch')) throw error
    })
  const tests: readonly NumericOptionTest[] = [
    {
      name: 'KvPutOptions.ttlSeconds',
      rule: lifeSecondsRule,
      take: (ttlSeconds) => kv.put('k', 'v', { ttlSeconds }),
    },
    {
      name: 'KvGetOptions.cacheTtlSeconds',
      rule: lifeSecondsRule,
      take: (cacheTtlSeconds) => kv.get('k', { as: 'text', cacheTtlSeconds }),
    },
    {
      name: 'KvGetOptions.cacheTtlSeconds of many',
      rule: lifeSecondsRule,
      take: (cacheTtlSeconds) => kv.getMany(['k'], { as: 'text', cacheTtlSeconds }),
    },
    { name: 'KvListOptions.limit', rule: page, take: (limit) => kv.list({ limit }) },
    { name: 'BlobListOptions.limit', rule: page, take: (limit) => blob.list({ limit }) },
    {
      name: 'BlobPutOptions.maxBytes',
      rule: countOrInfinityRule(0),
      take: (maxBytes) => blob.put('k', '', { maxBytes }),
    },
    {
      name: 'BlobPutOptions.size',
      rule: countRule(0),
      take: (size) => blob.put('k', '', { size }),
      fitting: [0],
    },
    {
      name: 'DedupeStore.putIfAbsent ttlMs',
      rule: lifeRule,
      take: (ttlMs) => dedupe.putIfAbsent(`k${(keys += 1)}`, ttlMs),
    },
    {
      name: 'BeginOptions.leaseMs',
      rule: lifeRule,
      take: (leaseMs) => dedupe.begin(`k${(keys += 1)}`, { leaseMs, fingerprint: 'f' }),
    },
    {
      name: 'BeginOptions.over',
      rule: countRule(0),
      take: (over) => dedupe.begin(`k${(keys += 1)}`, { leaseMs: 1_000, fingerprint: 'f', over }),
    },
    { name: 'UnknownsOptions.limit', rule: countRule(1, 1000), take: (limit) => dedupe.unknowns({ limit }) },
    {
      name: 'TakeOverOptions.leaseMs',
      rule: lifeRule,
      take: (leaseMs) => dedupe.takeOver('free', { fence: 1, leaseMs }),
    },
    {
      name: 'TakeOverOptions.fence',
      rule: countRule(0),
      take: (fence) => dedupe.takeOver('free', { fence, leaseMs: 1_000 }),
    },
    { name: 'SettleOptions.fence', rule: countRule(0), take: (fence) => settled(fence, 1_000) },
    { name: 'SettledOutcome.ttlMs', rule: lifeRule, take: (ttlMs) => settled(1, ttlMs) },
    { name: 'DedupeStore.renew leaseMs', rule: lifeRule, take: (leaseMs) => dedupe.renew('k', 't', leaseMs) },
    {
      name: 'DedupeStore.complete ttlMs',
      rule: lifeRule,
      take: (ttlMs) => dedupe.complete('k', 't', null, ttlMs),
    },
    { name: 'CacheSetOptions.ttlMs', rule: lifeRule, take: (ttlMs) => cache.set('k', 'v', { ttlMs }) },
    {
      name: 'SendOptions.delayMs',
      rule: { ...lifeRule, isAbove: false },
      take: (delayMs) => queue.send('m', { delayMs }),
      // More than the queue takes is another fault.
      refusal: { kind: /InvalidInput|LimitExceeded/ },
    },
    { name: 'ReceiveOptions.leaseMs', rule: lifeRule, take: (leaseMs) => queue.receive({ leaseMs }) },
    { name: 'ReceiveOptions.limit', rule: countRule(1, 100), take: (limit) => queue.receive({ limit }) },
    {
      name: 'ListDeadLettersOptions.limit',
      rule: countRule(1, 100),
      take: (limit) => queue.listDeadLetters({ limit }),
    },
    { name: 'StateListOptions.limit', rule: page, take: (limit) => state.of('n').list({ limit }) },
    {
      name: 'TransactionOptions.maxAttempts',
      rule: countRule(),
      take: (maxAttempts) => state.of('n').transaction(none, { maxAttempts }),
    },
    {
      name: 'DbQueryOptions.maxRows',
      rule: countOrInfinityRule(),
      take: (maxRows) => db.query('SELECT 1', [], { maxRows }),
    },
    {
      name: 'StorageListOptions.limit',
      rule: countRule(),
      take: (limit) => storage.list('memory://', { limit }),
    },
    {
      name: 'ProbeOptions.racers',
      rule: countRule(2, 256),
      take: (racers) => probeKv(kv, { racers, only: [] }),
    },
    { name: 'ProbeOptions.rounds', rule: page, take: (rounds) => probeKv(kv, { rounds, only: [] }) },
    {
      name: 'ProbeOptions.timeoutMs',
      rule: timerRule(),
      take: (timeoutMs) => probeKv(kv, { timeoutMs, only: [] }),
    },
    {
      name: 'ProbeOptions.cleanUpMs',
      rule: timerRule(),
      take: (cleanUpMs) => probeKv(kv, { cleanUpMs, only: [] }),
    },
    {
      name: 'ProbeOptions.maxWaitMs',
      rule: timerRule(),
      take: (maxWaitMs) => probeKv(kv, { maxWaitMs, only: [] }),
    },
    {
      name: 'ProbeOptions.maxBytes',
      rule: countOrInfinityRule(0),
      take: (maxBytes) => probeKv(kv, { maxBytes, only: [] }),
    },
  ]
  for (const test of tests) numericOption({ refusal: { kind: 'InvalidInput' }, ...test })
})
