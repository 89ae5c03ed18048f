/** `node` declares one step of work: typed input and output, the resources it uses, its handler. */
import {
  type Awaitable,
  type Determinism,
  type Effect,
  type Hint,
  hintFor,
  impliedDeterminism,
  impliedEffect,
} from '@flowport/capabilities'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import {
  type AnyIdempotency,
  type Idempotency,
  type NodeIdempotency,
  normalIdempotency,
} from './idempotency.ts'
import type { NodeContext } from './node-context.ts'
import { type InputOf, isStreamSchema, type OutputOf, type StreamSchema } from './schema.ts'
import { type KnownUses, type Needs, type NormalUse, normalUses, type Uses } from './uses.ts'

export type { Metadata, NodeContext, RunContext } from './node-context.ts'

interface SpecBase<U extends Uses, I, O> {
  readonly summary?: string
  readonly uses?: U & KnownUses<U>
  readonly idempotency?: Idempotency<I, O, U>
  /** Default: what `uses` implies. May only be declared weaker (more effectful). */
  readonly effects?: Effect
  /** Default: what `uses` implies. May only be declared weaker (less deterministic). */
  readonly determinism?: Determinism
}

export interface NodeSpec<U extends Uses, IS extends StandardSchemaV1, OS extends StandardSchemaV1>
  extends SpecBase<U, OutputOf<IS>, InputOf<OS>> {
  readonly input: IS
  readonly output: OS
  run(input: OutputOf<IS>, context: NodeContext<U>): Awaitable<InputOf<OS>>
}

export interface StreamNodeSpec<
  U extends Uses,
  IS extends StandardSchemaV1,
  OS extends StandardSchemaV1,
  RS extends StandardSchemaV1 | undefined,
> extends SpecBase<U, OutputOf<IS>, never> {
  readonly input: IS
  readonly output: StreamSchema<OS, RS>
  run(
    input: OutputOf<IS>,
    context: NodeContext<U>,
  ): RS extends StandardSchemaV1
    ? AsyncGenerator<StreamItem<InputOf<OS>>, InputOf<RS>, void>
    : AsyncIterable<StreamItem<InputOf<OS>>>
}

/** What a streaming node yields to whoever invokes its flow; with a result, the last `next()` carries it. */
export type Streamed<OS extends StandardSchemaV1, RS> = RS extends StandardSchemaV1
  ? AsyncGenerator<StreamItem<OutputOf<OS>>, OutputOf<RS>, void>
  : AsyncIterable<StreamItem<OutputOf<OS>>>

export interface UntypedNodeSpec<U extends Uses, IS extends StandardSchemaV1, O>
  extends SpecBase<U, OutputOf<IS>, NoInfer<O>> {
  readonly input: IS
  readonly output?: undefined
  run(input: OutputOf<IS>, context: NodeContext<U>): Awaitable<O>
}

const eventBrand: unique symbol = Symbol.for('flowport.event') as never

/** An item of a stream with a name and an id, as server-sent events have them. */
export interface StreamEvent<T> {
  readonly [eventBrand]: true
  readonly event: string
  readonly data: T
  readonly id: string | undefined
}

export type StreamItem<T> = T | StreamEvent<T>

/** Names an item of a stream: `yield event('snapshot', data)`. */
export function event<T>(event: string, data: T, { id }: { readonly id?: string } = {}): StreamEvent<T> {
  return { [eventBrand]: true, event, data, id }
}

export function isStreamEvent(item: unknown): item is StreamEvent<unknown> {
  return typeof item === 'object' && item !== null && eventBrand in item
}

/** A node: takes `I`, yields `O`, asks `N` of a profile. */
export interface FlowNode<in I, out O, out N> {
  readonly name: string
  readonly summary: string | undefined
  readonly input: StandardSchemaV1 | undefined
  readonly output: StandardSchemaV1 | StreamSchema | undefined
  readonly uses: readonly NormalUse[]
  readonly hints: readonly Hint[]
  readonly effects: Effect
  readonly determinism: Determinism
  readonly idempotency: NodeIdempotency | undefined
  readonly handler: (input: never, context: never) => unknown
  /** Types only. */
  readonly '~types'?: { readonly input: (input: I) => void; readonly output: O; readonly needs: N }
}

export type AnyNode = FlowNode<never, unknown, unknown>

/** Declares a node. The handler is handed exactly the resources named in `uses`, with the access named there. */
export function node<
  IS extends StandardSchemaV1,
  OS extends StandardSchemaV1,
  RS extends StandardSchemaV1 | undefined,
  const U extends Uses = Record<never, never>,
>(name: string, spec: StreamNodeSpec<U, IS, OS, RS>): FlowNode<InputOf<IS>, Streamed<OS, RS>, Needs<U>>
export function node<IS extends StandardSchemaV1, O, const U extends Uses = Record<never, never>>(
  name: string,
  spec: UntypedNodeSpec<U, IS, O>,
): FlowNode<InputOf<IS>, O, Needs<U>>
export function node<
  IS extends StandardSchemaV1,
  OS extends StandardSchemaV1,
  const U extends Uses = Record<never, never>,
>(name: string, spec: NodeSpec<U, IS, OS>): FlowNode<InputOf<IS>, OutputOf<OS>, Needs<U>>
export function node(name: string, spec: AnySpec): AnyNode {
  if (isStreamSchema(spec.output) && spec.idempotency !== undefined && spec.idempotency !== 'natural')
    throw new TypeError(
      `"${name}" streams, and the items of a stream are not kept: it can have no idempotency key`,
    )
  const uses = normalUses(spec.uses)
  const hints = uses.flatMap(({ resource, access }) => hintFor(resource, access) ?? [])
  return {
    name,
    summary: spec.summary,
    input: spec.input,
    output: spec.output,
    uses,
    hints,
    effects: spec.effects ?? impliedEffect(hints),
    determinism: spec.determinism ?? impliedDeterminism(hints),
    idempotency: normalIdempotency(spec.idempotency),
    handler: spec.run.bind(spec),
  }
}

/** A spec as the implementation sees it: what its key may be, the overloads have said. */
interface AnySpec extends Omit<SpecBase<Uses, never, never>, 'uses' | 'idempotency'> {
  readonly uses?: Uses
  readonly idempotency?: AnyIdempotency
  readonly input: StandardSchemaV1
  readonly output?: StandardSchemaV1 | StreamSchema | undefined
  run(input: never, context: never): unknown
}
