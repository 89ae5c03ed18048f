/** Keeps the literals that a handler returns: TypeScript would make `'up'` a `string`, which does not fit `z.enum(['up', 'down'])`. */
import type { Awaitable } from '@flowport/capabilities'

/** A type that no value has, to stand beside the type of a result. Errors name its field, which is why it reads as a sentence. */
export interface Literals {
  readonly 'the result does not fit the output schema': never
  readonly [field: string]: Literal
}

type Literal = '' | 0 | boolean | Literals | readonly Literal[]

/** Stands beside what `run` of a node returns. */
export type KeptLiterals =
  | Awaitable<Literals | (Literals & '')>
  | AsyncGenerator<Literals, Literals | void, void>

/** `T` with `string` for its texts, and so on. */
export type Widened<T> = T extends string
  ? string
  : T extends number
    ? number
    : T extends boolean
      ? boolean
      : T extends object
        ? { [K in keyof T]: Widened<T[K]> }
        : T
