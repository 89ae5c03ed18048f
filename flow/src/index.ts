/** Write a flow once: nodes, graphs, triggers, apps; validate them, export them, run them. */
export {
  type App,
  type AppSpec,
  type Check,
  defineApp,
  type OAuthFlow,
  type OpenApiInfo,
  type Profiles,
  type SecurityScheme,
} from './lib/app.ts'
export { blobOutput } from './lib/blob-output.ts'
export { asBlobRef, type BlobRef, blobRef, isBlobRef } from './lib/blob-ref.ts'
export {
  type BlobBodyOptions,
  type BlobBodyTemplateOptions,
  type BodyBinding,
  type BodyOf,
  type ByteSource,
  blobBody,
  type FilePart,
  jsonBody,
  type MultipartBodyOptions,
  type MultipartTemplateOptions,
  multipartBody,
  streamBody,
} from './lib/body.ts'
export {
  type CodeEntry,
  codes,
  type DiagnosticCode,
  type Severity,
  type Stage,
} from './lib/diagnostics/codes.ts'
export {
  type Diagnostic,
  DiagnosticsError,
  diagnostic,
  FlowDefinitionError,
  formatDiagnostic,
  hasErrors,
  type Location,
} from './lib/diagnostics/diagnostic.ts'
export type { Duration } from './lib/duration.ts'
export { type AnyFlow, type Flow, type FlowProfile, type FlowSpec, flow } from './lib/flow.ts'
export type { InFlow, Joined, NeedsOf, Ref, ValueOf } from './lib/graph/ref.ts'
export type { EdgeOptions, Step, StepOptions } from './lib/graph/step.ts'
export { HttpProblem, type ProblemBody, type ProblemOptions, problem } from './lib/http/problem.ts'
export { textStream } from './lib/http/text-stream.ts'
export {
  chooseProfile,
  profileFaults,
  profileOfEnvironment,
  missingSecrets,
  providesSecrets,
  type OpenedProfile,
  type OpenProfileOptions,
  openProfile,
  type ReadVariables,
  UnknownProfileError,
} from './lib/open-profile.ts'
export type { KeyOrAddress, LedgerAddress } from './lib/ledger/addresses.ts'
export {
  type DoneOutcome,
  type LedgerEvent,
  type LedgerOperations,
  type LedgerOptions,
  ledgerOperations,
  type ListedKey,
  type SettleRequest,
  type ShownKey,
} from './lib/ledger/ledger-operations.ts'
export { type AtomicVerdict, atomicVerdicts } from './lib/preflight/atomic.ts'
export {
  type EffectVerdict,
  effectPromises,
  effectVerdicts,
  type NodeEffects,
} from './lib/preflight/effects.ts'
export { type Reply, type ReplyOptions, reply } from './lib/reply.ts'
export type {
  Idempotency,
  AtomicIdempotency,
  GuardedIdempotency,
  KeyedIdempotency,
  Unknown,
  UnknownAnswer,
  UnknownQuestion,
} from './lib/idempotency.ts'
export {
  type AnyNode,
  event,
  isStreamEvent,
  type FlowNode,
  type Metadata,
  type NodeContext,
  node,
  type RunContext,
  type StreamEvent,
  type StreamItem,
} from './lib/node.ts'
export { DeniedError, type DenyOptions, deny, RunError, type RunFailure } from './lib/runtime/errors.ts'
export type { Hook, RunInfo, RunOutcome } from './lib/runtime/hooks.ts'
export type { RunTrigger } from './lib/runtime/run-host.ts'
export {
  createRuntime,
  type InvokeOptions,
  type Runtime,
  type RuntimeOptions,
  type ReadRequest,
} from './lib/runtime/runtime.ts'
export { name, opaque, type SchemaIssue, SchemaError, type StreamSchema, streamOf } from './lib/schema.ts'
export type { CronMessage } from './lib/cron-message.ts'
export {
  type CronOptions,
  type CronTrigger,
  cron,
  type HttpMethod,
  type HttpTrigger,
  http,
  type ManualTrigger,
  manual,
  type QueueOptions,
  type QueueTrigger,
  queue,
  type Sent,
  type Trigger,
  type TriggerSpec,
} from './lib/trigger.ts'
export { triggerColumns, triggerText } from './lib/trigger-text.ts'
export type { Needs, Resources, Use, Uses } from './lib/uses.ts'
export { toDot } from './lib/ir/dot.ts'
export { toIr } from './lib/ir/export.ts'
export { flowId, nodeId } from './lib/ir/ids.ts'
export type { ControlSurfaceIr, EdgeIr, FlowIr, NodeIr } from './lib/ir/ir.ts'
export { toMermaid } from './lib/ir/mermaid.ts'
export {
  type EnvironmentIssue,
  environmentDiagnostics,
  presetDiagnostics,
} from './lib/preflight/environment.ts'
export type { Candidate } from './lib/preflight/compare.ts'
export { type PreflightOptions, preflight, preflightProfile } from './lib/preflight/preflight.ts'
export { type StatedFindings, type StatedOptions, statedFindings } from './lib/preflight/stated.ts'
export { type ValidateContext, validateFlow, validateIr } from './lib/validate/validate.ts'
export { validateApp } from './lib/validate/validate-app.ts'
