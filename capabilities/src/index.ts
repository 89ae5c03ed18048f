/** `@flowport/capabilities`: contracts, guarantees, errors, layers, and what makes a resource of a driver. */

export {
  type AtLeast,
  type Guarantee,
  type Level,
  levels,
  type Offered,
  rank,
} from './lib/guarantees/levels.ts'
export {
  type Accepted,
  describeRequirement,
  type Requirement,
  satisfies,
} from './lib/guarantees/requirement.ts'
export type {
  BlobCapabilityInfo,
  BlobFeatures,
  BlobLimits,
  CacheCapabilityInfo,
  DedupeCapabilityInfo,
  Extensions,
  KvCapabilityInfo,
  KvFeatures,
  KvLimits,
  PlainCapabilityInfo,
  QueueCapabilityInfo,
  StateCapabilityInfo,
  StateFeatures,
  StateLimits,
  StateSqlLimits,
} from './lib/guarantees/info.ts'
export {
  type AccessFor,
  type Domain,
  type DomainOf,
  type Domains,
  domainOf,
  domains,
  type ResourceFor,
  type ResourceName,
} from './lib/guarantees/domains.ts'

export {
  type Applied,
  CapabilityError,
  type CapabilityErrorOptions,
  type ErrorKind,
  errorKinds,
  isCapabilityError,
  isKind,
  type Retryable,
  toCapabilityError,
} from './lib/error.ts'
export {
  afterApplying,
  appliedOf,
  AppliedOverTries,
  beforeApplying,
  inParts,
  maybeApplied,
  notApplied,
  withApplied,
  worstApplied,
} from './lib/applied.ts'
export { appliedByStatus, wasNeverSent } from './lib/http/applied.ts'
export { asyncDispose } from './lib/async-dispose.ts'
export {
  type Determinism,
  determinismAllows,
  determinisms,
  type Effect,
  effectCovers,
  effects,
  type Hint,
  hintFor,
  impliedDeterminism,
  impliedEffect,
} from './lib/hints.ts'
export { type Operation, type OperationEffect, type OperationOf, operations } from './lib/operations.ts'
export { type Logger, silentLogger } from './lib/logger.ts'
export { cancelled } from './lib/cancelled.ts'

export {
  type Call,
  type CallScope,
  createPipeline,
  type DriverWraps,
  isImmediate,
  isReplayable,
  type Layer,
  type Next,
  type Pipeline,
  wrapDriver,
} from './lib/layer.ts'
export { circuitBreaker, type CircuitBreakerOptions } from './lib/layers/circuit-breaker.ts'
export { concurrencyLimit, type ConcurrencyLimitOptions } from './lib/layers/concurrency-limit.ts'
export { effectGuard, type EffectGuardOptions, readOnly } from './lib/layers/effect-guard.ts'
export { logging, type LoggingOptions } from './lib/layers/logging.ts'
export { prefix } from './lib/layers/prefix.ts'
export { retry, type RetryOptions } from './lib/layers/retry.ts'
export {
  type NoRetry,
  retryDecision,
  type RetryDecision,
  type RetryPolicy,
} from './lib/layers/retry-decision.ts'
export { timeout, type TimeoutOptions } from './lib/layers/timeout.ts'

export type {
  CallOptions,
  KeyValue,
  KvEntry,
  KvFormat,
  KvFormats,
  KvGetOptions,
  KvKey,
  KvListOptions,
  KvListPage,
  KvPutOptions,
  KvPutResult,
  KvReader,
  KvSchemaOptions,
  KvValue,
} from './lib/kv/contract.ts'
export type {
  Awaitable,
  DriverCall,
  KvDriver,
  KvDriverGet,
  KvDriverGetMany,
  KvDriverList,
  KvDriverPage,
  KvDriverPut,
  StoredKvEntry,
} from './lib/kv/driver.ts'
export { createKeyValue, type CreateKeyValueOptions } from './lib/kv/key-value.ts'

export type {
  BlobBody,
  BlobGetOptions,
  BlobHandle,
  BlobListed,
  BlobListOptions,
  BlobListPage,
  BlobObject,
  BlobPresignOptions,
  BlobProgress,
  BlobProgressListener,
  BlobPutOptions,
  BlobReader,
  BlobStore,
  ByteRange,
} from './lib/blob/contract.ts'
export type {
  BlobDriver,
  BlobDriverGet,
  BlobDriverList,
  BlobDriverPage,
  BlobDriverPut,
  OpenedBlob,
} from './lib/blob/driver.ts'
export {
  createBlobStore,
  type CreateBlobStoreOptions,
  layeredBlobCalls,
  type LayeredBlobCalls,
} from './lib/blob/blob-store.ts'
export {
  type CopiedBlob,
  copyBlob,
  type CopyBlobOptions,
  type CopyBlobSource,
  type CopyBlobTarget,
} from './lib/blob/copy-blob.ts'
export { resolveRange } from './lib/blob/range.ts'
export { isUnversioned, unversionedEtag } from './lib/blob/unversioned.ts'

export type {
  BeginOptions,
  BeginResult,
  DedupeKey,
  DedupeStore,
  KeyState,
  RenewOptions,
  TakenKey,
  TakeOverOptions,
  UnknownKey,
  UnknownsOptions,
} from './lib/dedupe/contract.ts'
export type {
  BeginCall,
  DedupeDriver,
  DriverBegin,
  DriverLook,
  DriverUnknown,
  DriverUnknownPage,
  RenewCall,
} from './lib/dedupe/driver.ts'
export type {
  Changes,
  CommitOutcome,
  CommitRecord,
  PutWrite,
  SendWrite,
  TransactionRead,
  TransactionScope,
  TransactionWrite,
  StartOutcome,
  StartRecord,
} from './lib/transaction/changes.ts'
export { pageText } from './lib/transaction/changes.ts'
export { FirstWrite, type FirstWriteOptions } from './lib/transaction/first-write.ts'
export {
  keyInPartition,
  keyPartitions,
  type Partitions,
  splitPartition,
} from './lib/transaction/partition.ts'
export { Transaction } from './lib/transaction/transaction.ts'
export { createDedupeStore, type CreateDedupeStoreOptions } from './lib/dedupe/dedupe-store.ts'
export {
  type SettledOutcome,
  type Settlement,
  type SettlementEvent,
  type SettleOptions,
  settleKey,
} from './lib/dedupe/settle.ts'

export type {
  DeadLetter,
  DeadLetterPage,
  ListDeadLettersOptions,
  Queue,
  QueueConsumer,
  QueueMessage,
  QueuePublisher,
  ReceiveOptions,
  RedriveOptions,
  RejectMessageOptions,
  RetryMessageOptions,
  SendOptions,
} from './lib/queue/contract.ts'
export type { QueueDriver, SettleCall, StoredDeadLetter, StoredMessage } from './lib/queue/driver.ts'
export { createQueue, type CreateQueueOptions } from './lib/queue/queue.ts'

export type {
  DurableState,
  DurableStateReader,
  SqlParameter,
  SqlRow,
  SqlStatement,
  SqlValue,
  StateAlarm,
  StateAlarmReader,
  StateEntry,
  StateHandle,
  StateHandleReader,
  StateListOptions,
  StateListPage,
  StateRange,
  StateSchemaOptions,
  StateSql,
  StateTransaction,
  TransactionOptions,
} from './lib/state/contract.ts'
export type {
  StateCommit,
  StateDriver,
  StateDriverAlarm,
  StateDriverCursor,
  StateDriverList,
  StateDriverPage,
  StateDriverSql,
  StateDriverStatement,
  StateKeyRange,
  StateScan,
  StoredStateEntry,
} from './lib/state/driver.ts'
export { createDurableState, type CreateDurableStateOptions } from './lib/state/state-store.ts'

export type { Cache, CacheReader, CacheSetOptions } from './lib/cache/contract.ts'
export type { CacheDriver } from './lib/cache/driver.ts'
export { createCache, type CreateCacheOptions } from './lib/cache/cache.ts'

export type { HttpOptions, HttpRead, HttpWrite, ReadMethod, WriteMethod } from './lib/http/contract.ts'
export type { HttpDriver } from './lib/http/driver.ts'
export { createHttp, type CreateHttpOptions } from './lib/http/http-client.ts'
export { parseHttpDate } from './lib/http/http-date.ts'

export type { Secret, Secrets } from './lib/secrets/contract.ts'
export type { SecretsDriver } from './lib/secrets/driver.ts'
export { createSecrets, type CreateSecretsOptions } from './lib/secrets/secrets.ts'
export { envSecretsDriver } from './lib/secrets/env-secrets.ts'

export type {
  Database,
  DbColumn,
  DbParameter,
  DbQueryOptions,
  DbResult,
  DbRow,
  DbValue,
} from './lib/db/contract.ts'
export type { DbDriver, DbDriverQuery } from './lib/db/driver.ts'
export { createDatabase, type CreateDatabaseOptions, tooManyRows } from './lib/db/database.ts'

export type { Clock } from './lib/clock/contract.ts'
export type { Rng } from './lib/rng/contract.ts'

export { type BagContents, ResourceBag, type ResourceDescription } from './lib/resource/bag.ts'
export { type HostResources, openProviders } from './lib/resource/open-providers.ts'
export { control, controlOf, type Resource, type ResourceControl } from './lib/resource/resource.ts'
export {
  type BindingNeed,
  type Bound,
  definePreset,
  type Drivers,
  type OpenContext,
  type OpenedProvider,
  type Preset,
  type PresetDefinition,
  type PresetOptions,
  type ProvidedDomain,
  type Provider,
  type Provides,
} from './lib/preset/preset.ts'

// For drivers: the checks, orders and cursors the portable types and the suites go by.
export { compareUtf8, firstIndex } from './lib/byte-order.ts'
export { type Linked, LinkedList } from './lib/linked-list.ts'
export { decodeCursor, encodeCursor } from './lib/cursor.ts'
export * as ledgerSteps from './lib/dedupe/steps.ts'
export { checkBlobKey, checkKey, checkLimit, checkSize, chunks, utf8Length } from './lib/limits.ts'
export {
  checkArgument,
  checkLimits,
  checkNumbers,
  countRule,
  countOrInfinityRule,
  lifeRule,
  lifeSecondsRule,
  longestLifeMs,
  longestTimerMs,
  numberFault,
  type NumberRule,
  timerRule,
} from './lib/numbers.ts'
export { parseRetryAfter, retryAfterOf } from './lib/retry-after.ts'
export { type RetryPause, retryPause } from './lib/retry-pause.ts'
export { after, every } from './lib/clock/after.ts'
export type { TimerOptions } from './lib/clock/after-timers.ts'
export { anySignal, cancelledRead, checkUnlocked, collect } from './lib/stream.ts'
