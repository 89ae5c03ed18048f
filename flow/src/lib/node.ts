/** `node` declares one step of work: typed input and output, the resources it uses, its handler. */
import {
  type Awaitable,
  type Determinism,
  type Effect,
  type Hint,
  hintFor,
  impliedDeterminism,
  impliedEffect,
  type Logger,
} from '@flowport/capabilities'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { type Duration, positiveMilliseconds } from './duration.ts'
import { compilePointer, type PointerInto } from './pointer.ts'
import { type InputOf, isStreamSchema, type OutputOf, type StreamSchema } from './schema.ts'
import { type KnownUses, type Needs, type NormalUse, normalUses, type Resources, type Uses } from './uses.ts'

/** Facts about the run that nodes may read. Never credentials: authorization and cookies are left out. */
export type Metadata = Readonly<Record<string, unknown>>

/** What every handler gets beside its declared resources. */
export interface RunContext {
  /** Fires when the caller goes away, the deadline passes, another node fails or the lease of the node's key is lost. */
  readonly signal: AbortSignal
  readonly log: Logger
  /** `flow.id`, `flow.name`, `flow.run_id`, `http.method`, `http.route`, …, and what hooks added. */
  readonly metadata: Metadata
  /** When an answer stops being of use, in milliseconds since the epoch; `undefined` for never. */
  readonly deadline: number | undefined
  /** The idempotency key of this node's execution, stable over retries; hand it to what it calls. */
  readonly idempotencyKey: string | undefined
  /**
   * Grows with every holder of the idempotency key: give it to a sink that can refuse a smaller one. `undefined` for a node
   * without keys. When the holder loses its lease, `signal` fires with `IDEM_LEASE_LOST` and its writes are refused.
   */
  readonly fencingToken: number | undefined
}

export type NodeContext<U> = Resources<U> & RunContext

/**
 * How an effectful node may be done again.
 * `'natural'`: doing it twice with the same input is as doing it once, because it only replaces or removes.
 * With a `key`: the dedupe ledger lets it happen once per key, and hands the stored result to whoever asks again.
 */
export type Idempotency<I> = 'natural' | KeyedIdempotency<I>

export interface KeyedIdempotency<I> {
  /** A JSON Pointer to a text in the input, or a function of it. Must not be empty. */
  readonly key: PointerInto<I> | ((input: I) => string)
  /** How long the result is remembered. Default `'1d'`. */
  readonly ttl?: Duration
  /** How long a crashed holder blocks others. Renewed while the node runs. Default `'30s'`. */
  readonly lease?: Duration
  /** Default `'node'`: keys of different nodes do not meet. */
  readonly scope?: 'node' | 'edge' | 'partition'
}

interface SpecBase<U extends Uses, I> {
  readonly summary?: string
  readonly uses?: U & KnownUses<U>
  readonly idempotency?: Idempotency<I>
  /** Default: what `uses` implies. May only be declared weaker (more effectful). */
  readonly effects?: Effect
  /** Default: what `uses` implies. May only be declared weaker (less deterministic). */
  readonly determinism?: Determinism
}

export interface NodeSpec<U extends Uses, IS extends StandardSchemaV1, OS extends StandardSchemaV1>
  extends SpecBase<U, OutputOf<IS>> {
  readonly input: IS
  readonly output: OS
  run(input: OutputOf<IS>, context: NodeContext<U>): Awaitable<InputOf<OS>>
}

export interface StreamNodeSpec<
  U extends Uses,
  IS extends StandardSchemaV1,
  OS extends StandardSchemaV1,
  RS extends StandardSchemaV1 | undefined,
> extends SpecBase<U, OutputOf<IS>> {
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
  extends SpecBase<U, OutputOf<IS>> {
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

/** The idempotency of a node, ready for the runtime and for Flow IR. */
export type NodeIdempotency =
  | { readonly kind: 'natural' }
  | {
      readonly kind: 'keyed'
      readonly keyOf: (input: unknown) => unknown
      /** The pointer, or `@function` for a function. */
      readonly keyText: string
      readonly ttlMs: number
      readonly leaseMs: number
      readonly scope: 'node' | 'edge' | 'partition'
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
interface AnySpec extends Omit<SpecBase<Uses, never>, 'uses' | 'idempotency'> {
  readonly uses?: Uses
  readonly idempotency?: AnyIdempotency
  readonly input: StandardSchemaV1
  readonly output?: StandardSchemaV1 | StreamSchema | undefined
  run(input: never, context: never): unknown
}

type AnyIdempotency = 'natural' | (Omit<KeyedIdempotency<never>, 'key'> & { readonly key: unknown })

function normalIdempotency(idempotency: AnyIdempotency | undefined): NodeIdempotency | undefined {
  if (idempotency === undefined) return undefined
  if (idempotency === 'natural') return { kind: 'natural' }
  const { key, ttl = '1d', lease = '30s', scope = 'node' } = idempotency
  return {
    kind: 'keyed',
    keyOf: typeof key === 'string' ? compilePointer(key) : (key as (input: unknown) => string),
    keyText: typeof key === 'string' ? key : '@function',
    ttlMs: positiveMilliseconds('idempotency.ttl', ttl),
    leaseMs: positiveMilliseconds('idempotency.lease', lease),
    scope,
  }
}
