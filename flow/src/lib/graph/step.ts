/** The type of `step`, the tool `graph` builds the DAG with. `tracer.ts` implements it. */
import type { Duration } from '../duration.ts'
import type { FlowNode } from '../node.ts'
import type { LeadsIntoUnknown, ValueAt } from '../pointer.ts'
import type {
  AnyRef,
  FilledOf,
  AllCarried,
  Carry,
  InFlow,
  Joined,
  NeedsOf,
  NeedsOfTemplate,
  Ref,
  ValueOf,
  WithoutSpread,
} from './ref.ts'

export type Delivery = 'at_most_once' | 'at_least_once' | 'exactly_once'

/** How values travel along an edge. */
export interface EdgeOptions {
  /** What the receiving node may rely on. Default `'at_least_once'`. */
  readonly delivery?: Delivery
  /** Default `'ordered'`. */
  readonly ordering?: 'ordered' | 'unordered'
  /** JSON Pointer to the value that keeps order within a partition. */
  readonly partitionKey?: `/${string}`
  /** Longest time from value to result, else the run fails with `Timeout`. */
  readonly timeout?: Duration
  readonly buffer?: {
    /** Most items waiting on the edge. */
    readonly maxItems?: number
    /** Bytes from which a value is moved to the spill tier. */
    readonly spillThresholdBytes?: number
    /** Resource name of the blob store that takes what does not fit. */
    readonly spillTier?: string
    readonly onDrop?: 'block' | 'drop_oldest' | 'drop_newest'
  }
}

/** How one use of a node differs from another. */
export interface StepOptions extends EdgeOptions {
  /** Its name in the graph. Default: the node's name. Must be unique in the flow. */
  readonly alias?: string
  /** Tries again when the node fails with a temporary error; the node must be repeatable. */
  readonly retry?: {
    /** Tries in all. */
    readonly maxAttempts: number
    /** Wait before the second try; doubles each time, with jitter. Default `'100ms'`. */
    readonly backoff?: Duration
  }
  /** Steps to wait for whose values it does not take. */
  readonly after?: readonly AnyRef[]
}

/** `P` where it leads to a value of type `Wanted`, else what is wrong with it. The needs `N` know the flow. */
type Pointing<T, P extends string, Wanted, N, Tool extends string> =
  ValueAt<T, P> extends infer V
    ? [V] extends [never]
      ? `${PlaceOf<N, Tool>}: the pointer "${P}" leads to nothing in the value`
      : [V] extends [Wanted]
        ? P
        : `${PlaceOf<N, Tool>}: the pointer "${P}" leads to a value that is no ${NameOf<Wanted>}`
    : never

type PlaceOf<N, Tool extends string> =
  N extends InFlow<infer Flow> ? `flow "${Flow}", step.${Tool}` : `step.${Tool}`

type NameOf<T> = T extends string ? 'text' : 'boolean'

/** `P` where it leads to something, or into a part whose type is not known; else what is wrong with it. */
type Reaching<T, P extends string, N, Tool extends string> = [ValueAt<T, P>] extends [never]
  ? LeadsIntoUnknown<T, P> extends true
    ? P
    : `${PlaceOf<N, Tool>}: the pointer "${P}" leads to nothing in the value`
  : P

/** `T` where the value at single-step pointer `P` is `K`. */
type Narrowed<T, P extends string, K> = P extends `/${infer Field}`
  ? Field extends keyof T
    ? Extract<T, { readonly [F in Field]: K }> extends never
      ? T
      : Extract<T, { readonly [F in Field]: K }>
    : T
  : T

/** One function per case; each is given the value, narrowed to its case. */
type Cases<R extends AnyRef, P extends string> = {
  readonly [K in ValueAt<ValueOf<R>, P> & string]?: (
    value: Ref<Narrowed<ValueOf<R>, P, K>, NeedsOf<R>>,
  ) => Joined
}

/** Refuses cases the value cannot have. */
type NoOthers<C, K> = { readonly [X in Exclude<keyof C & string, K>]: never }

type ResultOf<C> = C[keyof C] extends infer F ? (F extends (value: never) => infer J ? J : never) : never

export interface Step {
  /** Runs `target` on the value of `from`. Join with an object or tuple of references: the node waits for all. */
  <const J extends Joined, O, N>(
    target: FlowNode<ValueOf<J>, O, N>,
    from: J,
    options?: StepOptions,
  ): Ref<O, N & NeedsOf<J>>

  /** Takes `then` when the boolean at `pointer` is true, else `otherwise`. Only the arm taken runs. */
  if<R extends AnyRef, const P extends string, A extends Joined, B extends Joined>(
    from: R,
    pointer: Pointing<ValueOf<R>, P, boolean, NeedsOf<R>, 'if'>,
    then: (value: R) => A,
    otherwise: (value: R) => B,
    options?: { readonly alias?: string },
  ): Ref<ValueOf<A> | ValueOf<B>, NeedsOf<R> & NeedsOf<A> & NeedsOf<B>>

  /** Takes the case named by the text at `pointer`, compared exactly, or `otherwise`. Only the arm taken runs. */
  switch<
    R extends AnyRef,
    const P extends string,
    const C extends Cases<R, P> & NoOthers<C, ValueAt<ValueOf<R>, P>>,
    D extends Joined,
  >(
    from: R,
    pointer: Pointing<ValueOf<R>, P, string, NeedsOf<R>, 'switch'>,
    cases: C,
    otherwise: (value: R) => D,
    options?: { readonly alias?: string },
  ): Ref<
    ValueOf<ResultOf<C>> | ValueOf<D>,
    NeedsOf<R> & NeedsOf<D> & AllCarried<{ [K in keyof C]: Carry<NeedsOf<ResultOf<Pick<C, K>>>> }[keyof C]>
  >

  /**
   * An input put together from constants and references, at any depth: `step(storage.write, step.params({ uri:
   * 'opfs://a.json', content: made }))`. A reference whose value is `undefined` leaves its field out.
   */
  params<const P>(template: P & WithoutSpread<P>): Ref<FilledOf<P>, NeedsOfTemplate<P>>

  /** The value at a JSON Pointer inside another, `undefined` where there is nothing. */
  at<R extends AnyRef, const P extends string>(
    from: R,
    pointer: Reaching<ValueOf<R>, P, NeedsOf<R>, 'at'>,
  ): Ref<[ValueAt<ValueOf<R>, P>] extends [never] ? unknown : ValueAt<ValueOf<R>, P>, NeedsOf<R>>

  /** Text with values in it: `` step.text`opfs://days/${step.at(input, '/day')}.json` ``. Only texts, numbers and booleans. */
  text<const R extends readonly Ref<string | number | bigint | boolean, unknown>[]>(
    literals: TemplateStringsArray,
    ...values: R
  ): Ref<string, NeedsOfTemplate<R>>

  /** Options of one edge of the graph, from the node that made `from` to the node that makes `to`. */
  edge(from: AnyRef, to: AnyRef, options: EdgeOptions): void
}
