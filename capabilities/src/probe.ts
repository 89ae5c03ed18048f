/** `@flowport/capabilities/probe`: measures a live store against what it claims. */
export { blobProbeChecks, probeBlob, type ProbeBlobOptions } from './lib/probe/blob.ts'
export { dedupeProbeChecks, probeDedupe, type ProbeDedupeOptions } from './lib/probe/dedupe.ts'
export { kvProbeChecks, probeKv, type ProbeKvOptions } from './lib/probe/kv.ts'
export {
  assertTruthful,
  falseClaims,
  type ProbedDomain,
  type ProbeFinding,
  type ProbeReport,
  type ProbeSeverity,
} from './lib/probe/report.ts'
export type { ProbeOptions } from './lib/probe/options.ts'

// Linearizability: record a history of any store, and check it.
export { checkLinearizable, type CheckOptions, type Verdict } from './lib/linearizability/check.ts'
export {
  dedupeModel,
  type DedupeInput,
  type DedupeModelOptions,
  type DedupeOperation,
  type DedupeOutput,
  type DedupeState,
} from './lib/linearizability/dedupe-model.ts'
export { type DedupeWorkloadOptions, runDedupeWorkload } from './lib/linearizability/dedupe-workload.ts'
export {
  kvModel,
  type KvInput,
  type KvOperation,
  type KvOutput,
  type KvState,
} from './lib/linearizability/kv-model.ts'
export {
  type KvWorkloadOptions,
  runKvWorkload,
  type WorkloadOptions,
} from './lib/linearizability/kv-workload.ts'
export type { Model, Operation } from './lib/linearizability/model.ts'
export { HistoryRecorder, type RecordedCall } from './lib/linearizability/recorder.ts'
