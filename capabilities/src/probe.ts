/** `@flowport/capabilities/probe`: measures a live store against what it claims. */
export { blobProbeChecks, probeBlob, type ProbeBlobOptions } from './lib/probe/blob.ts'
export { kvProbeChecks, probeKv, type ProbeKvOptions } from './lib/probe/kv.ts'
export {
  assertTruthful,
  falseClaims,
  type ProbeFinding,
  type ProbeReport,
  type ProbeSeverity,
} from './lib/probe/report.ts'
export type { ProbeOptions } from './lib/probe/options.ts'
