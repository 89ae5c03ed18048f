/** References to values that will exist when a flow runs: what `graph` passes around while it is traced. */

import type { Template } from './template.ts'

/** Where a reference points: a slot of the run's values, or something put together from slots. */
export type RefState =
  | { readonly tracer: object; readonly slot: number }
  | { readonly tracer: object; readonly template: Template }

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

/** The value made of a template: references become their values, all else stays what it is. */
export type FilledOf<P> =
  P extends Ref<infer T, unknown> ? T : P extends object ? { readonly [K in keyof P]: FilledOf<P[K]> } : P

/** What the nodes behind the references of a template ask of a profile. */
export type NeedsOfTemplate<P> = Intersection<NeedsInside<P>>

type NeedsInside<P> =
  P extends Ref<unknown, infer N>
    ? N
    : P extends readonly unknown[]
      ? NeedsInside<P[number]>
      : P extends object
        ? { [K in keyof P]: NeedsInside<P[K]> }[keyof P]
        : never

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
