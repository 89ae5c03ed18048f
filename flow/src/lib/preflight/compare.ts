/** Compares what a flow needs with what a profile offers: CAP101, CAP102. */
import {
  describeRequirement,
  domainOf,
  type Guarantee,
  type Requirement,
  satisfies,
} from '@flowport/capabilities'
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import { type Need, needsOf, type NeedsOptions } from './needs.ts'
import { asRecord, type Offer, type Offers } from './offers.ts'

/** A preset that could be used instead, and what it states by domain. */
export interface Candidate {
  readonly preset: string
  readonly provides: unknown
}

export interface CompareOptions extends NeedsOptions {
  readonly profile: string
  /** Presets to name where one has what is missing. Default none. */
  readonly candidates?: readonly Candidate[]
}

export function compareNeeds(flow: AnyFlow, offers: Offers, options: CompareOptions): readonly Diagnostic[] {
  const needs = needsOf(flow, options)
  const missing = needs.filter(({ resource }) => offers(resource) === undefined)
  const weak = needs.flatMap((need) => {
    const offer = offers(need.resource)
    return offer === undefined
      ? []
      : shortfallsOf(need, offer).map((fall) => tooWeak(flow, need, offer, fall, options))
  })
  return [...(missing.length === 0 ? [] : [unbound(flow, missing, options)]), ...unique(weak)]
}

/** One finding for all that is missing: sorted, each resource once, with who needs it. */
function unbound(
  flow: AnyFlow,
  missing: readonly Need[],
  { profile, candidates = [] }: CompareOptions,
): Diagnostic {
  const names = [...new Set(missing.map(({ resource }) => resource))].toSorted()
  const users = (name: string) => missing.filter(({ resource }) => resource === name)
  const said = names.map((name) => {
    const each = [
      ...new Set(users(name).map(({ node, reason }) => `"${node}"${reason === null ? '' : `: ${reason}`}`)),
    ]
    return `${name} (needed by ${each.join(', ')})`
  })
  const nodes = [...new Set(missing.map(({ node }) => node))]
  const helpful = [...new Set(names.flatMap((name) => presetsWith(users(name), candidates)))]
  return diagnostic({
    code: 'CAP101',
    message: `not bound: ${said.join('; ')}`,
    location: { flow: flow.name, profile, ...(nodes.length === 1 ? { node: nodes[0] as string } : {}) },
    ...(helpful.length === 0
      ? {}
      : { hint: `add a preset that provides it to the profile, such as ${helpful.join(', ')}` }),
    details: { missing: names, nodes },
  })
}

/** One field of an offer that is less than wanted. */
interface Shortfall {
  readonly field: string
  readonly wanted: string
  readonly offered: string
}

function shortfallsOf(
  { access, requirements, features }: Pick<Need, 'access' | 'requirements' | 'features'>,
  { info }: Pick<Offer, 'info'>,
): readonly Shortfall[] {
  const has = asRecord(info?.['features'])
  const guarantees = Object.entries(requirements) as readonly [Guarantee, Requirement<Guarantee>][]
  return [
    ...guarantees.flatMap(([field, requirement]): readonly Shortfall[] => {
      const offered = info?.[field]
      if (satisfies(field, offered as never, requirement)) return []
      return [{ field, wanted: describeRequirement(field, requirement), offered: textOf(offered) }]
    }),
    ...features
      .filter((feature) => has?.[feature] !== true)
      .map((feature) => ({ field: `features.${feature}`, wanted: 'true', offered: textOf(has?.[feature]) })),
    // Stated by what only reads, such as a web server; nothing else says it.
    ...(access === 'write' && has?.['write'] === false
      ? [{ field: 'features.write', wanted: 'true', offered: 'false' }]
      : []),
  ]
}

function tooWeak(
  flow: AnyFlow,
  need: Need,
  offer: Offer,
  { field, wanted, offered }: Shortfall,
  { profile, candidates = [] }: CompareOptions,
): Diagnostic {
  const { node, resource, reason } = need
  const presets = presetsWith([need], candidates)
  const why = reason === null ? '' : ` (${reason})`
  return diagnostic({
    code: 'CAP102',
    message: `${resource}: "${node}" needs ${field} ${wanted}${why}, ${offer.provider} offers ${offered}`,
    location: { flow: flow.name, node, profile },
    ...(presets.length === 0
      ? {}
      : { hint: `use a preset that has it (${presets.join(', ')}), or ask for less` }),
    details: { resource, field, wanted, offered, provider: offer.provider, presets },
  })
}

/** Names of the candidates that meet all these needs of one resource. */
function presetsWith(needs: readonly Need[], candidates: readonly Candidate[]): readonly string[] {
  const domain = domainOf(needs[0]?.resource ?? '')
  if (domain === null) return []
  const fits = ({ provides }: Candidate) => {
    const info = asRecord(asRecord(provides)?.[domain])
    return info !== null && needs.every((need) => shortfallsOf(need, { info }).length === 0)
  }
  return [...new Set(candidates.filter(fits).map(({ preset }) => preset))].toSorted()
}

function textOf(offered: unknown): string {
  return offered === undefined ? 'unknown' : String(offered)
}

function unique(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...new Map(diagnostics.map((one) => [`${one.location.node} ${one.message}`, one])).values()]
}
