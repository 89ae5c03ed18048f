/** References to values that will exist when a flow runs: what `graph` passes around while it is traced. */

/** Where a reference points: a slot of the run's values. */
export interface RefState {
  readonly tracer: object
  readonly slot: number
}

export const refState: unique symbol = Symbol('flowport.ref')

/** A value of type `T`, made by nodes that together ask `N` of a profile. */
export interface Ref<out T, out N> {
  readonly [refState]: RefState
  /** Types only. */
  readonly '~types'?: { readonly value: T; readonly needs: N }
}

export type AnyRef = Ref<unknown, unknown>

/** One reference, or an object or tuple of references, which waits for all of them. */
export type Joined = AnyRef | readonly AnyRef[] | { readonly [key: string]: AnyRef }

/** The value a node gets for it. */
export type ValueOf<J> =
  J extends Ref<infer T, unknown>
    ? T
    : { -readonly [K in keyof J]: J[K] extends Ref<infer T, unknown> ? T : never }

/** What the nodes behind it ask of a profile. */
export type NeedsOf<J> =
  J extends Ref<unknown, infer N>
    ? N
    : Intersection<J extends readonly unknown[] ? NeedsIn<J[number]> : NeedsIn<J[keyof J]>>

type NeedsIn<R> = R extends Ref<unknown, infer N> ? N : never

/** `A | B` as `A & B`; `unknown` for nothing. */
export type Intersection<U> = [U] extends [never]
  ? unknown
  : (U extends unknown ? (x: U) => void : never) extends (x: infer I) => void
    ? I
    : never

export function isRef(value: unknown): value is AnyRef {
  return typeof value === 'object' && value !== null && refState in value
}
