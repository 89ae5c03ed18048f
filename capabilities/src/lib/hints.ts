/** Derives a node's effect, determinism and `resource::` hints from its declared `uses`. */
import { type Domain, domainOf } from './guarantees/domains.ts'

/** From least to most effect: a `pure` node uses no resource, an `effectful` node changes external state. */
export const effects = ['pure', 'read_only', 'effectful'] as const
export type Effect = (typeof effects)[number]

/** Strictest claim first. */
export const determinisms = ['strict', 'stable', 'best_effort', 'nondeterministic'] as const
export type Determinism = (typeof determinisms)[number]

export interface Hint {
  /** Such as `resource::kv::write`, or `resource::clock` for a domain without effect. */
  readonly name: string
  /** The least effect a node with this hint must declare. */
  readonly minEffect: Effect
  /** The strictest determinism it may declare. */
  readonly strictestDeterminism: Determinism
}

const accessEffects: Readonly<Record<string, Effect>> = {
  read: 'read_only',
  consume: 'effectful',
  write: 'effectful',
  publish: 'effectful',
}

const effectless: readonly Domain[] = ['clock', 'rng', 'secrets']
const deterministic: readonly Domain[] = ['secrets']

/** The hint of one entry of `uses`; `null` for a resource name whose domain is unknown. */
export function hintFor(resource: string, access: string): Hint | null {
  const domain = domainOf(resource)
  if (domain === null) return null
  const silent = effectless.includes(domain)
  return {
    name: silent ? `resource::${domain}` : `resource::${domain}::${access}`,
    minEffect: silent ? 'pure' : (accessEffects[access] ?? 'effectful'),
    strictestDeterminism: deterministic.includes(domain) ? 'strict' : 'best_effort',
  }
}

/** Whether `declared` is at least as strong an effect as `minimum`. */
export function effectCovers(declared: Effect, minimum: Effect): boolean {
  return effects.indexOf(declared) >= effects.indexOf(minimum)
}

/** Whether `declared` claims no more than `strictest` permits. */
export function determinismAllows(declared: Determinism, strictest: Determinism): boolean {
  return determinisms.indexOf(declared) >= determinisms.indexOf(strictest)
}

/** The strongest effect among the hints; `pure` without hints. */
export function impliedEffect(hints: readonly Hint[]): Effect {
  return hints.reduce<Effect>(
    (worst, { minEffect }) => (effectCovers(worst, minEffect) ? worst : minEffect),
    'pure',
  )
}

/** The strictest determinism the hints permit; `strict` without hints. */
export function impliedDeterminism(hints: readonly Hint[]): Determinism {
  return hints.reduce<Determinism>(
    (weakest, { strictestDeterminism }) =>
      determinismAllows(weakest, strictestDeterminism) ? weakest : strictestDeterminism,
    'strict',
  )
}
