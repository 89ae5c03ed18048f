/** What a flow asks of one guarantee, and the test of an offer against it. */
import { type AtLeast, type Guarantee, type Level, levels, type Offered, rank } from './levels.ts'

/** `{ at_least: L }`, `{ any_of: [...] }`, or the shorthand `L`, which means `at_least`. */
export type Requirement<G extends Guarantee> =
  | Level<G>
  | { readonly at_least: Level<G> }
  | { readonly any_of: readonly Level<G>[] }

/** The levels that satisfy requirement `R`. */
export type Accepted<G extends Guarantee, R> = R extends { readonly at_least: infer L extends Level<G> }
  ? AtLeast<G, L>
  : R extends { readonly any_of: readonly (infer L extends Level<G>)[] }
    ? L
    : R extends Level<G>
      ? AtLeast<G, R>
      : never

/** Whether an offered level meets a requirement. `'unknown'` and `undefined` never do. */
export function satisfies<G extends Guarantee>(
  guarantee: G,
  offered: Offered<G> | undefined,
  requirement: Requirement<G>,
): boolean {
  if (offered === undefined || offered === 'unknown') return false
  if (typeof requirement === 'object' && 'any_of' in requirement) return requirement.any_of.includes(offered)
  const wanted = typeof requirement === 'object' ? requirement.at_least : requirement
  const wantedRank = rank(guarantee, wanted)
  return wantedRank >= 0 && rank(guarantee, offered) >= wantedRank
}

/** The requirement in words, for messages: `strong`, `at least durable`, `one of a, b`. */
export function describeRequirement<G extends Guarantee>(guarantee: G, requirement: Requirement<G>): string {
  if (typeof requirement === 'object' && 'any_of' in requirement)
    return `one of ${requirement.any_of.join(', ')}`
  const wanted = typeof requirement === 'object' ? requirement.at_least : requirement
  return wanted === levels[guarantee].at(-1) ? wanted : `at least ${wanted}`
}
