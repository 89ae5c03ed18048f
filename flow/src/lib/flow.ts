/** `flow` declares what starts it and the graph of its nodes. Tracing happens here, once. */
import type { Graph } from './graph/graph.ts'
import type { InFlow, Joined, NeedsOf, Ref, ValueOf } from './graph/ref.ts'
import type { Step } from './graph/step.ts'
import { traceGraph } from './graph/tracer.ts'
import type { Trigger, TriggerSpec } from './trigger.ts'

export type FlowProfile = 'web' | 'queue' | 'temporal' | 'wasm' | 'dev'

export interface FlowSpec<
  I,
  TN,
  J extends Joined,
  T extends TriggerSpec = TriggerSpec,
  Name extends string = string,
> {
  /** Semantic version; part of the flow's id. Default `'1.0.0'`. */
  readonly version?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly trigger: Trigger<I, TN, T>
  /** Runs once, when the flow is declared; describes the DAG with references. What it returns is the answer. */
  graph(input: Ref<I, TN & InFlow<Name>>, step: Step): J
  readonly policies?: { readonly requireControlHints?: boolean }
}

/** A flow: takes `I`, answers `O`, asks `N` of a profile, is started by `T`. */
export interface Flow<in I, out O, out N, out T extends TriggerSpec = TriggerSpec> {
  readonly name: string
  readonly version: string
  readonly summary: string | undefined
  readonly tags: readonly string[]
  readonly profile: FlowProfile
  readonly trigger: T
  readonly graph: Graph
  readonly policies: { readonly requireControlHints: boolean }
  /** Types only. */
  readonly '~types'?: { readonly input: (input: I) => void; readonly output: O; readonly needs: N }
}

export type AnyFlow = Flow<never, unknown, unknown>

/** A scheduled run has, like a message, nobody who waits for its answer. */
const profiles = { http: 'web', queue: 'queue', cron: 'queue', manual: 'dev' } as const satisfies Record<
  TriggerSpec['kind'],
  FlowProfile
>

/** Declares a flow. A graph that cannot be is a `FlowDefinitionError`. */
export function flow<
  I,
  TN,
  const J extends Joined,
  T extends TriggerSpec = TriggerSpec,
  const Name extends string = string,
>(name: Name, spec: FlowSpec<I, TN, J, T, Name>): Flow<I, ValueOf<J>, NeedsOf<J>, T> {
  if (!/^[a-z][a-z0-9_-]*$/i.test(name)) {
    throw new TypeError(
      `"${name}" is not a flow name: use letters, digits, "-" and "_", starting with a letter`,
    )
  }
  const { version = '1.0.0', trigger, tags = [], summary, policies } = spec
  return {
    name,
    version,
    summary,
    tags,
    profile: profiles[trigger.kind],
    trigger,
    graph: traceGraph(name, (input, step) => spec.graph(input, step)),
    policies: { requireControlHints: policies?.requireControlHints ?? false },
  }
}
