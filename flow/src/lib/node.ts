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
  type AnyKey,
  type Atomic,
  type Idempotency,
  type KeysOf,
  type NodeIdempotency,
  type NotAtomic,
  normalIdempotency,
} from './idempotency.ts'
import type { KeptLiterals, Literals, Widened } from './literals.ts'
import type { NodeContext } from './node-context.ts'
import { type InputOf, isStreamSchema, type OutputOf, type StreamSchema } from './schema.ts'
import {
  type AnyUses,
  type CheckedUses,
  type NeedsOfNode,
  type NormalUse,
  normalUses,
  type Uses,
} from './uses.ts'

export type { Metadata, NodeContext, RunContext } from './node-context.ts'

/** What `node` takes. `OS` is the schema of its result, a `streamOf()`, or `undefined`; then the result is the `O` that `run` returns. */
export interface NodeSpec<
  Name extends string,
  IS extends StandardSchemaV1,
  U,
  OS,
  O,
  A extends Atomic,
  K,
  P,
> {
  readonly summary?: string
  readonly input: IS
  readonly output?: OS
  readonly uses?: U & CheckedUses<Name, U>
  readonly idempotency?: Idempotency<
    OutputOf<IS>,
    NoInfer<Returned<OS, O>>,
    U,
    A,
    KeysOf<Name, OutputOf<IS>, K, P>
  >
  /** Default: what `uses` implies. May only be declared weaker (more effectful). */
  readonly effects?: Effect
  /** Default: what `uses` implies. May only be declared weaker (less deterministic). */
  readonly determinism?: Determinism
  run(input: OutputOf<IS>, context: NodeContext<U>): Handled<OS, O> | KeptLiterals
}

/** The result before its schema has been applied. */
type Returned<OS, O> = OS extends StandardSchemaV1
  ? InputOf<OS>
  : OS extends StreamSchema
    ? never
    : Widened<O>

/** What `run` returns. */
type Handled<OS, O> = OS extends StandardSchemaV1
  ? Awaitable<InputOf<OS>>
  : OS extends StreamSchema<infer S, infer R>
    ? R extends StandardSchemaV1
      ? AsyncGenerator<StreamItem<InputOf<S>>, InputOf<R>, void>
      : AsyncIterable<StreamItem<InputOf<S>>>
    : Awaitable<O>

/** What the node behind it gets. */
type Answered<OS, O> = OS extends StandardSchemaV1
  ? OutputOf<OS>
  : OS extends StreamSchema<infer S, infer R>
    ? Streamed<S, R>
    : Exclude<O, Literals>

/** What a streaming node yields to whoever invokes its flow; with a result, the last `next()` carries it. */
export type Streamed<OS extends StandardSchemaV1, RS> = RS extends StandardSchemaV1
  ? AsyncGenerator<StreamItem<OutputOf<OS>>, OutputOf<RS>, void>
  : AsyncIterable<StreamItem<OutputOf<OS>>>

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
export function event<T>(
  event: string,
  data: T | Literals,
  { id }: { readonly id?: string } = {},
): StreamEvent<T> {
  return { [eventBrand]: true, event, data: data as T, id }
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
  const Name extends string,
  IS extends StandardSchemaV1,
  const U extends AnyUses = Record<never, never>,
  OS extends StandardSchemaV1 | StreamSchema | undefined = undefined,
  O = unknown,
  A extends Atomic = NotAtomic,
  const K extends AnyKey = never,
  const P extends AnyKey = never,
>(
  name: Name,
  spec: NodeSpec<Name, IS, U, OS, O, A, K, P>,
): FlowNode<InputOf<IS>, Answered<OS, O>, NeedsOfNode<Name, U, A>>
export function node(name: string, spec: AnySpec): AnyNode {
  if (isStreamSchema(spec.output) && spec.idempotency !== undefined && spec.idempotency !== 'natural')
    throw new TypeError(
      `"${name}" streams, and the items of a stream are not kept: it can have no idempotency key`,
    )
  const uses = ofNode(name, () => normalUses(spec.uses))
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
    idempotency: ofNode(name, () => normalIdempotency(spec.idempotency)),
    handler: spec.run.bind(spec),
  }
}

/** What `make` returns; its `TypeError`s name the node. */
function ofNode<T>(name: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new TypeError(`node "${name}": ${error.message}`, { cause: error })
  }
}

/** A spec as the implementation sees it: what its key may be, the types of `NodeSpec` have said. */
interface AnySpec {
  readonly summary?: string
  readonly input: StandardSchemaV1
  readonly output?: StandardSchemaV1 | StreamSchema | undefined
  readonly uses?: Uses
  readonly idempotency?: AnyIdempotency
  readonly effects?: Effect
  readonly determinism?: Determinism
  run(input: never, context: never): unknown
}
