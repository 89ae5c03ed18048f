/** The guarantee levels that capabilities state and flows can require, ordered weakest first. */
export const levels = {
  consistency: ['eventual', 'strong'],
  durability: ['ephemeral', 'durable'],
  ttl: ['none', 'namespace_default', 'per_write'],
  delivery: ['at_most_once', 'at_least_once', 'exactly_once'],
  ordering: ['unordered', 'ordered'],
  reservation: ['best_effort', 'atomic'],
} as const

/** A property that has ordered levels, such as `consistency`. */
export type Guarantee = keyof typeof levels

/** A level of guarantee `G`, such as `'strong'`. */
export type Level<G extends Guarantee> = (typeof levels)[G][number]

/** A level that a provider states, or `'unknown'`, which never satisfies a requirement. */
export type Offered<G extends Guarantee> = Level<G> | 'unknown'

/** The levels of `G` that are at least `L`. */
export type AtLeast<G extends Guarantee, L extends Level<G>> = From<(typeof levels)[G], L>

type From<Tuple extends readonly string[], L> = Tuple extends readonly [
  infer Head,
  ...infer Rest extends readonly string[],
]
  ? Head extends L
    ? Tuple[number]
    : From<Rest, L>
  : never

/** Position of `level` in the order of `guarantee`; `-1` for `'unknown'`. */
export function rank<G extends Guarantee>(guarantee: G, level: Offered<G>): number {
  return (levels[guarantee] as readonly string[]).indexOf(level)
}
