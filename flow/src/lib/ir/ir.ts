/**
 * Flow IR: a flow as JSON, for validators, drawings and durable engines. The mixed key styles are the format's own;
 * consumers ignore fields they do not know.
 */
import type { Determinism, Effect } from '@flowport/capabilities'
import type { FlowProfile } from '../flow.ts'
import type { Delivery } from '../graph/step.ts'

export interface FlowIr {
  /** UUIDv5 of `name:version`; see `flowId`. */
  readonly id: string
  readonly name: string
  readonly version: string
  readonly profile: FlowProfile
  readonly summary?: string
  readonly nodes: readonly NodeIr[]
  readonly edges: readonly EdgeIr[]
  readonly control_surfaces: readonly ControlSurfaceIr[]
  readonly checkpoints: readonly { readonly id: string; readonly summary?: string }[]
  readonly policies: { readonly lint: LintPolicyIr }
  readonly metadata: {
    readonly tags: readonly string[]
    /** Ours: alias of the node the flow answers with. */
    readonly answer?: string
  }
  readonly artifacts: readonly { readonly kind: string; readonly path: string; readonly format?: string }[]
}

export interface LintPolicyIr {
  readonly require_control_hints: boolean
  readonly allow_multiple_triggers?: boolean
}

export const nodeKinds = ['trigger', 'inline', 'activity', 'subflow'] as const
export type NodeKind = (typeof nodeKinds)[number]

export interface NodeIr {
  /** `<flow id>::<alias>`. */
  readonly id: string
  /** Its name in this flow; edges and surfaces speak of it by this. */
  readonly alias: string
  /** The name of the code: `node(name, …)`, or one of `identifiers`. */
  readonly identifier: string
  readonly name: string
  readonly kind: NodeKind
  readonly summary?: string
  readonly in_schema: SchemaIr
  readonly out_schema: SchemaIr
  readonly effects: Effect
  readonly determinism: Determinism
  readonly idempotency?: IdempotencyIr
  readonly determinismHints: readonly string[]
  readonly effectHints: readonly string[]
  /** Ours: what the node declares in `uses`. */
  readonly uses?: readonly UseIr[]
  /** Ours: the node yields many items over time. `out_schema` is that of an item. */
  readonly streaming?: boolean
  /**
   * Ours: how the input is put together, where it is more than what its edges bring: constants, `{ $from, at }` for the
   * value a JSON Pointer finds in what another node yields, `{ $text: [...] }` for text with such values in it, and
   * `{ $value }` around a constant that looks like one of these.
   */
  readonly params?: unknown
  /** Ours: the queue or the schedule that starts the flow. */
  readonly trigger?: TriggerIr
  /** Ours: the retry policy of the step. */
  readonly retry?: { readonly max_attempts: number; readonly backoff_ms: number }
}

export type TriggerIr = QueueTriggerIr | CronTriggerIr

export interface QueueTriggerIr {
  readonly kind: 'queue'
  readonly queue: string
  /** Absent: the queue's own limit. */
  readonly max_attempts?: number
  readonly backoff_ms: number
  readonly concurrency: number
  /** Absent: the host's. */
  readonly deadline_ms?: number
}

export interface CronTriggerIr {
  readonly kind: 'cron'
  readonly cron: string
  readonly time_zone: string
  /** Absent: the host's. */
  readonly deadline_ms?: number
}

export type SchemaIr = { readonly kind: 'opaque' } | { readonly kind: 'named'; readonly name: string }

export interface IdempotencyIr {
  /** A JSON Pointer into the input, `@function` for code, or `naturalKey` where the whole input is the key. */
  readonly key?: string
  readonly scope?: 'node' | 'edge' | 'partition'
  readonly ttlMs?: number
  /** Ours: the node's writes and the ledger's record are one transaction; `preferred`: where a profile can. Absent: they are not. */
  readonly atomic?: 'required' | 'preferred'
  /** Ours: what names the partition an atomic node works in, as `key` does. Absent: nothing. */
  readonly partition?: string
  /** Ours: what happens to a key whose outcome nobody can know. `ask`: code asks the sink. */
  readonly unknown?: (typeof unknownChoices)[number]
  /** Ours: whether the effect begins with the handler or with the first effect it makes. Absent: with the handler. */
  readonly begins?: 'handler' | 'effect'
  /** Ours: the sink makes one effect per key. Absent: not stated. */
  readonly sink?: 'keyed'
}

export const unknownChoices = ['never', 'again', 'ask'] as const

export interface UseIr {
  readonly resource: string
  readonly access: string
  /** Guarantee to requirement: a level (at least that), `{at_least}` or `{any_of}`. */
  readonly requirements: Readonly<Record<string, unknown>>
  readonly features: readonly string[]
}

export interface EdgeIr {
  /** Alias of the node the value comes from. */
  readonly from: string
  readonly to: string
  readonly delivery: Delivery
  readonly ordering: 'ordered' | 'unordered'
  readonly partition_key?: string
  readonly timeout_ms?: number
  /** Empty: the engine's own. */
  readonly buffer: BufferIr
  /**
   * Ours: where in the receiver's input the value arrives, as JSON Pointers. Absent: it is the whole input. Empty: it
   * only lets the receiver start. An engine puts joins together by it.
   */
  readonly feeds?: readonly string[]
}

export interface BufferIr {
  readonly max_items?: number
  readonly spill_threshold_bytes?: number
  readonly spill_tier?: string
  readonly on_drop?: string
}

export const surfaceKinds = [
  'switch',
  'if',
  'loop',
  'for_each',
  'window',
  'partition',
  'timeout',
  'rate_limit',
  'error_handler',
] as const
export type SurfaceKind = (typeof surfaceKinds)[number]

export interface ControlSurfaceIr {
  readonly id: string
  readonly kind: SurfaceKind
  /** Aliases it decides about. */
  readonly targets: readonly string[]
  /** `v: 1` and the fields of its kind. */
  readonly config: Readonly<Record<string, unknown>>
}

/** Identifiers of nodes that every engine has: no app contains them. */
export const identifiers = {
  trigger: 'flowport::trigger',
  /** Hands its input on, or puts a join together. */
  pass: 'flowport::pass',
  /** Hands on whichever of its inputs comes; the others never do. */
  merge: 'flowport::merge',
} as const

/** The `key` of a node whose repetition changes nothing: `idempotency: 'natural'`. The ledger is not asked. */
export const naturalKey = '@input'

/** The `key` of a node that computes its idempotency key in code. */
export const functionKey = '@function'
