/** How a node declares that it may be done again: naturally, or once per key, and what an unknown outcome means then. */
import type { Awaitable } from '@flowport/capabilities'
import { type Duration, positiveMilliseconds } from './duration.ts'
import type { Literals } from './literals.ts'
import type { Metadata, RunContext } from './node-context.ts'
import { compilePointer, type PointerInto, type ValueAt } from './pointer.ts'
import type { Resources } from './uses.ts'

/** Whether a node must be atomic, as its type says: `true`, or what no value is, where `atomic` is left out or `'preferred'`. */
export type Atomic = true | NotAtomic
declare const notAtomic: unique symbol
export type NotAtomic = typeof notAtomic

/**
 * How an effectful node may be done again.
 * `'natural'`: doing it twice with the same input leaves the same state as doing it once, because it only replaces or removes.
 * With a `key`: the dedupe ledger lets it happen once per key, and hands the stored result to later callers.
 */
export type Idempotency<
  I,
  O = unknown,
  U = Record<never, never>,
  A extends Atomic = true,
  KS extends AnyKeys = KeysInto<I>,
> = 'natural' | KeyedIdempotency<I, O, U, A, KS>

export type KeyedIdempotency<
  I,
  O = unknown,
  U = Record<never, never>,
  A extends Atomic = true,
  KS extends AnyKeys = KeysInto<I>,
> = GuardedIdempotency<I, O, U, KS> | AtomicIdempotency<I, A, KS>

/** A key or a partition before it has been checked against the input: a pointer or a function. */
export type AnyKey = string | ((input: never, metadata: Metadata) => string)

/** Reads a key or a partition from the input. */
type KeyReader<I> = (input: I, metadata: Metadata) => string

/** What `key` and `partition` may be. */
interface AnyKeys {
  readonly key: unknown
  readonly partition: unknown
}

interface KeysInto<I> extends AnyKeys {
  readonly key: PointerInto<I> | KeyReader<I>
  readonly partition: PointerInto<I> | KeyReader<I>
}

/** What `key` and `partition` may be, given the pointers `K` and `P` that a node declares: these, or what is wrong with them. */
export interface KeysOf<Name extends string, I, K, P> extends AnyKeys {
  readonly key: CheckedKey<Name, 'key', I, K>
  readonly partition: CheckedKey<Name, 'partition', I, P>
}

/** Without a `K`, as for a function or while an editor completes a text, all that a key may be. */
type CheckedKey<Name extends string, Field extends string, I, K> = [K] extends [never]
  ? PointerInto<I> | KeyReader<I>
  : [K] extends [PointerInto<I> | ((input: never, metadata: Metadata) => string)]
    ? (K & string) | KeyReader<I>
    : KeyFault<Name, Field, I, K & string>

type KeyFault<Name extends string, Field extends string, I, K extends string> = [ValueAt<I, K>] extends [
  never,
]
  ? `node "${Name}": idempotency.${Field} "${K}" leads to nothing in the node's input`
  : `node "${Name}": idempotency.${Field} "${K}" leads to no text in the node's input`

interface KeyOptions<KS extends AnyKeys> {
  /** A JSON Pointer to a text in the input, or a function of the input and of what hooks know of the run. Must not be empty. */
  readonly key: KS['key']
  /**
   * Who gets the stored answer. The node runs once per key for everyone. `'apart'` (default): where a hook had established a
   * `principal` in the metadata of the run that made it, other callers get 409 `IDEM_TAKEN`; runs without a caller, such as
   * those of queues and schedules, get the answer. `'everyone'`: whoever has the key.
   */
  readonly callers?: 'everyone' | 'apart'
  /** How long the result is remembered. Default `'1d'`. */
  readonly ttl?: Duration
  /** How long a crashed holder blocks others. Renewed while the node runs. Default `'30s'`. */
  readonly lease?: Duration
  /** Default `'node'`: nodes do not share keys. Preflight refuses the other two (`CTRL901`): the runtime does not run them. */
  readonly scope?: 'node' | 'edge' | 'partition'
}

interface PartitionOption<KS extends AnyKeys> {
  /**
   * Names the partition the node works in, where a profile's stores commit together only what is in one partition, as those of
   * `durable-partitions` do: a JSON Pointer to a text in the input, or a function as for `key`; not empty, without `/`. The
   * node's keys in `kv` begin with it and a `/`, and its idempotency key is one within it. Other stores take no notice of it.
   * Default: none; preflight then refuses `atomic: true` on such a profile (`EXACT004`).
   */
  readonly partition?: KS['partition']
}

/**
 * The node's writes to `kv` and its messages to `queue` are kept back, read back by the node itself, and committed with the
 * ledger's record in one transaction. A crash leaves neither, so no outcome is ever unknown. When what the node read has
 * changed before the commit, it runs again. `kv`, `queue` and `dedupe` must be in one database (`EXACT004`), and the node
 * changes nothing else: `effect()` is refused.
 */
export interface AtomicIdempotency<I, A extends Atomic = true, KS extends AnyKeys = KeysInto<I>>
  extends KeyOptions<KS>,
    PartitionOption<KS> {
  /** `A` carries to the needs of the node that it must be atomic. */
  readonly atomic: A
  readonly unknown?: undefined
  readonly begins?: undefined
  readonly sink?: undefined
}

export interface GuardedIdempotency<
  I,
  O = unknown,
  U = Record<never, never>,
  KS extends AnyKeys = KeysInto<I>,
> extends KeyOptions<KS>,
    PartitionOption<KS> {
  /**
   * `'preferred'`: as `atomic: true` on profiles whose stores are in one database; on others `unknown` says what happens.
   * Default: `unknown` says so everywhere.
   */
  readonly atomic?: 'preferred'
  /**
   * What happens to a key whose effect began and whose outcome nobody can know, as after a crash, a lost lease or a
   * connection that broke after the request was sent.
   * `'never'`: it is not run again; callers get 409 `IDEM_UNKNOWN` until the key is settled.
   * `'again'`: it is run again with the same `idempotencyKey`; declare `sink: 'keyed'` when the sink makes one effect per key.
   * A function: it asks the sink, after the key was taken over under a larger `fencingToken`.
   */
  readonly unknown: Unknown<I, O, U>
  /**
   * When the effect counts as begun. `'handler'` (default): with the handler, so that a crash or an error in it leaves the
   * outcome unknown, unless the handler itself throws a `CapabilityError` that says `applied: 'no'`. `'effect'`: with the first write through a resource of the node or
   * the first `effect()` of its context; what fails before that is free to be run again. Costs one write to
   * the ledger, which is part of the first write's transaction where that goes to the ledger's own database.
   */
  readonly begins?: 'handler' | 'effect'
  /**
   * `'keyed'`: the sink makes one effect per key, whichever process asks how often. Nothing checks this statement. Without
   * it, validation warns of `unknown: 'again'` (`IDEM031`). Default: not stated.
   */
  readonly sink?: 'keyed'
}

/** The choices for a key whose outcome is unknown. */
export type Unknown<I, O = unknown, U = Record<never, never>> =
  | 'never'
  | 'again'
  | ((question: UnknownQuestion<I, U>) => Awaitable<UnknownAnswer<O>> | Awaitable<Literals>)

/** What the asking function gets: the input, the key, the new fencing token, and the node's resources. */
export type UnknownQuestion<I, U = Record<never, never>> = Resources<U> &
  Omit<RunContext, 'effect' | 'idempotencyKey' | 'fencingToken'> & {
    readonly input: I
    /** The key that the earlier attempt handed to the sink. */
    readonly idempotencyKey: string
    /** Larger than the token of every earlier holder. Give it to the sink, so that it refuses what an earlier one still sends. */
    readonly fencingToken: number
  }

/**
 * What the sink said.
 * `done`: the effect was made, and this is the node's result; it is stored.
 * `notDone`: the effect was not made and no earlier holder can still make it, because the sink now refuses smaller fencing
 * tokens (`'fenced'`) or has closed the key (`'closed'`); the handler runs.
 * `'unknown'`: nobody can know. A sink that merely finds nothing says this: a late request may still arrive there.
 */
export type UnknownAnswer<O> = { readonly done: O } | { readonly notDone: 'fenced' | 'closed' } | 'unknown'

/** The idempotency of a node, ready for the runtime and for Flow IR. */
export type NodeIdempotency =
  | { readonly kind: 'natural' }
  | {
      readonly kind: 'keyed'
      readonly keyOf: (input: unknown, run: { readonly metadata: Metadata }) => unknown
      /** The pointer, or `@function` for a function. */
      readonly keyText: string
      /** `undefined`: the stores of the node and the ledger are not committed together. */
      readonly atomic: true | 'preferred' | undefined
      /** `undefined`: the node names none. */
      readonly partitionOf: Keyed['keyOf'] | undefined
      /** As `keyText`. */
      readonly partitionText: string | undefined
      /** `undefined` with `atomic: true`, and where JavaScript left it out: such a node does not validate (`IDEM030`). */
      readonly unknown: 'never' | 'again' | AskSink | undefined
      readonly begins: 'handler' | 'effect'
      readonly sink: 'keyed' | undefined
      readonly callers: 'everyone' | 'apart'
      readonly ttlMs: number
      readonly leaseMs: number
      readonly scope: 'node' | 'edge' | 'partition'
    }

export type Keyed = Extract<NodeIdempotency, { kind: 'keyed' }>

export type AskSink = (question: object) => unknown

/** A declaration as the implementation of `node` sees it: the overloads have checked its types. */
export type AnyIdempotency =
  | 'natural'
  | (Omit<KeyOptions<AnyKeys>, 'key'> & {
      readonly key: unknown
      readonly atomic?: unknown
      readonly partition?: unknown
      readonly unknown?: unknown
      readonly begins?: unknown
      readonly sink?: unknown
    })

/** @throws TypeError for a value that no option has. */
export function normalIdempotency(idempotency: AnyIdempotency | undefined): NodeIdempotency | undefined {
  if (idempotency === undefined) return undefined
  if (idempotency === 'natural') return { kind: 'natural' }
  const {
    key,
    atomic,
    partition,
    unknown,
    begins = 'handler',
    sink,
    callers = 'apart',
    ttl = '1d',
    lease = '30s',
    scope = 'node',
  } = idempotency
  if (atomic !== undefined && atomic !== true && atomic !== 'preferred')
    throw new TypeError(`idempotency.atomic is ${shown(atomic)}: use true, 'preferred' or leave it out`)
  if (atomic === true && [unknown, idempotency.begins, sink].some((given) => given !== undefined))
    throw new TypeError(
      "an atomic node is never in doubt: leave unknown, begins and sink out, or use atomic: 'preferred'",
    )
  if (partition !== undefined && atomic === undefined)
    throw new TypeError(
      "idempotency.partition is of use to an atomic node only: add atomic: true or 'preferred'",
    )
  if (begins !== 'handler' && begins !== 'effect')
    throw new TypeError(`idempotency.begins is ${shown(begins)}: use 'handler' or 'effect'`)
  if (sink !== undefined && sink !== 'keyed')
    throw new TypeError(`idempotency.sink is ${shown(sink)}: use 'keyed' or leave it out`)
  if (callers !== 'apart' && callers !== 'everyone')
    throw new TypeError(`idempotency.callers is ${shown(callers)}: use 'apart' or 'everyone'`)
  return {
    kind: 'keyed',
    keyOf: textOf(key),
    keyText: nameOf(key),
    atomic,
    partitionOf: partition === undefined ? undefined : textOf(partition),
    partitionText: partition === undefined ? undefined : nameOf(partition),
    unknown: unknownChoice(unknown),
    begins,
    sink,
    callers,
    ttlMs: positiveMilliseconds('idempotency.ttl', ttl),
    leaseMs: positiveMilliseconds('idempotency.lease', lease),
    scope,
  }
}

/** What a pointer or a function gives for an input. */
function textOf(source: unknown): Keyed['keyOf'] {
  return typeof source === 'string' ? compilePointer(source) : keyFunction(source as KeyFunction)
}

function nameOf(source: unknown): string {
  return typeof source === 'string' ? source : '@function'
}

type KeyFunction = (input: unknown, metadata?: Metadata) => unknown

/** Metadata is put together only for a function that takes it. */
function keyFunction(key: KeyFunction): Keyed['keyOf'] {
  return key.length < 2 ? (input) => key(input) : (input, { metadata }) => key(input, metadata)
}

function unknownChoice(unknown: unknown): 'never' | 'again' | AskSink | undefined {
  if (unknown === undefined || unknown === 'never' || unknown === 'again') return unknown
  if (typeof unknown === 'function') return unknown as AskSink
  throw new TypeError(
    `idempotency.unknown is ${shown(unknown)}: use 'never', 'again' or a function that asks the sink`,
  )
}

function shown(value: unknown): string {
  return typeof value === 'string' ? `"${value.slice(0, 32)}"` : typeof value
}
