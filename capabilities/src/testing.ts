/** `@flowport/capabilities/testing`: conformance suites, a manual clock, repeatable randomness. Needs vitest. */
export {
  type ConformanceCase,
  type ConformanceGroup,
  type HarnessOptions,
  type LoseAnswers,
  type OpenContext,
  refused,
  runCase,
  type Subject,
} from './lib/testing/conformance.ts'
export {
  blobCases,
  blobConformance,
  type BlobHarness,
  type OpenedBlobStore,
  openBlobSubject,
} from './lib/testing/blob-conformance.ts'
export type { Seed } from './lib/testing/blob/seeded.ts'
export {
  dedupeCases,
  dedupeConformance,
  type DedupeHarness,
  openDedupeSubject,
  type OpenedDedupe,
} from './lib/testing/dedupe-conformance.ts'
export {
  kvCases,
  kvConformance,
  type KvHarness,
  type OpenedKv,
  openKvSubject,
} from './lib/testing/kv-conformance.ts'
export {
  type OpenedQueue,
  openQueueSubject,
  queueCases,
  queueConformance,
  type QueueHarness,
} from './lib/testing/queue-conformance.ts'
export {
  type OpenedState,
  openStateSubject,
  stateCases,
  stateConformance,
  type StateHarness,
} from './lib/testing/state-conformance.ts'
export { LostAnswers } from './lib/testing/lost-answers.ts'
export { ManualClock } from './lib/testing/manual-clock.ts'
export { seededRng } from './lib/rng/seeded-rng.ts'
export { numericOption, type NumericOptionTest, strangeNumbers } from './lib/testing/numeric-option.ts'
export {
  awkwardSegments,
  controlSegments,
  digest,
  drain,
  never,
  sampleBytes,
  sampleStream,
} from './lib/testing/samples.ts'
