/** References to values that will exist when a flow runs: what `graph` passes around while it is traced. */

/** A key that a spread copies into another object. Types use it to refuse the copy. */
declare const spread: unique symbol

/**
 * A value of type `T` that a node will make; the nodes behind it need `N` of a profile. A reference has no fields:
 * reading, spreading, iterating or serializing one does not compile and throws a `FlowDefinitionError`. Use `step.at` for
 * a value inside, `step.params` to add fields, `step.text` for text. `reference.ts` makes them.
 */
export declare abstract class Ref<out T, out N> {
  /** Keeps other objects from being taken for references. */
  private readonly nominal: true
  readonly [spread]: true
  /** Types only. */
  readonly '~types'?: { readonly value: T; readonly needs: N }
}

/** Needs that know the flow they belong to, for messages. */
export interface InFlow<Name extends string> {
  readonly '~flow'?: Name
}

export type AnyRef = Ref<unknown, unknown>

/** One reference, or an object or tuple of references, which waits for all of them. */
export type Joined =
  | AnyRef
  | readonly AnyRef[]
  | ({ readonly [key: string]: AnyRef } & { readonly [spread]?: never })

/** The value a node gets for it. */
export type ValueOf<J> =
  J extends Ref<infer T, unknown>
    ? T
    : { -readonly [K in keyof J]: J[K] extends Ref<infer T, unknown> ? T : never }

/** The value made of a template: references become their values, all else stays what it is. */
export type FilledOf<P> =
  P extends Ref<infer T, unknown> ? T : P extends object ? { readonly [K in keyof P]: FilledOf<P[K]> } : P

/** What the nodes behind the references of a template ask of a profile. */
export type NeedsOfTemplate<P> = AllCarried<NeedsInside<P>>

type NeedsInside<P> =
  P extends Ref<unknown, infer N>
    ? Carry<N>
    : P extends readonly unknown[]
      ? NeedsInside<P[number]>
      : P extends object
        ? { [K in keyof P]: NeedsInside<P[K]> }[keyof P]
        : never

/** What the nodes behind it ask of a profile. */
export type NeedsOf<J> =
  J extends Ref<unknown, infer N>
    ? N
    : AllCarried<J extends readonly unknown[] ? NeedsIn<J[number]> : NeedsIn<J[keyof J]>>

type NeedsIn<R> = R extends Ref<unknown, infer N> ? Carry<N> : never

/** Carries a type through a union. In a union of the types themselves, `unknown` (no needs) would swallow all others. */
export type Carry<T> = (carried: T) => void

/** The intersection of what a union of `Carry` types carries; `unknown` for nothing. */
export type AllCarried<C> = [C] extends [never] ? unknown : [C] extends [Carry<infer I>] ? I : never

/** `unknown` for a template without a spread reference, else a message that no value fits. */
export type WithoutSpread<P> =
  P extends Ref<unknown, unknown>
    ? unknown
    : P extends { readonly [spread]: true }
      ? 'a reference cannot be spread: name each field, { id: step.at(ref, "/id") }'
      : P extends object
        ? { readonly [K in keyof P]: WithoutSpread<P[K]> }
        : unknown
