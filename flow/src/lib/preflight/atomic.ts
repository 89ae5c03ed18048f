/** Finds atomic nodes whose stores are not in the ledger's database: EXACT004. */
import { domainOf, type Provider } from '@flowport/capabilities'
import { outsideTransaction } from '../atomic.ts'
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import type { NormalUse } from '../uses.ts'
import type { Candidate } from './compare.ts'
import { nodeVertices } from './needs.ts'
import { asRecord, type Offers, offersOfProviders } from './offers.ts'

/** How an atomic node runs on one profile. */
export interface AtomicVerdict {
  readonly flow: string
  readonly node: string
  /** `'one transaction'`, or what `unknown` says where the stores are in several databases. */
  readonly verdict: 'one transaction' | 'unknown: never' | 'unknown: again' | 'unknown: asks the sink'
  /** Resources that are not in the ledger's database. */
  readonly outside: readonly string[]
}

/** Resources that are not bound are reported as such, and nothing is said of their nodes. */
export function checkAtomic(
  flow: AnyFlow,
  offers: Offers,
  profile: string,
  candidates: readonly Candidate[] = [],
): readonly Diagnostic[] {
  return nodeVertices(flow).flatMap(({ alias, node: { idempotency, uses } }) => {
    if (idempotency?.kind !== 'keyed' || idempotency.atomic !== true) return []
    const outside = outsideOf(uses, offers)
    if (outside === null || outside.length === 0) return []
    const message = `"${alias}" is atomic, and ${outside.join(', ')} cannot be committed with the record of its key`
    const presets = candidates.filter((one) => hasTransaction(one, uses)).map(({ preset }) => preset)
    const hint = `bind kv, queue and dedupe of one preset that has transactions (${presets.join(', ')}), or use atomic: 'preferred' with unknown`
    return diagnostic({
      code: 'EXACT004',
      message,
      location: { flow: flow.name, node: alias, profile },
      ...(presets.length === 0 ? {} : { hint }),
      details: { outside, presets },
    })
  })
}

/** How every atomic node of the flows runs on a profile, where all it needs is bound. Opens nothing. */
export function atomicVerdicts(
  flows: readonly AnyFlow[],
  providers: readonly Provider[],
): readonly AtomicVerdict[] {
  const offers = offersOfProviders(providers, ['clock', 'rng', 'http', 'secrets'])
  return flows.flatMap((flow) => verdictsOf(flow, offers))
}

function verdictsOf(flow: AnyFlow, offers: Offers): readonly AtomicVerdict[] {
  return nodeVertices(flow).flatMap(({ alias, node: { idempotency, uses } }) => {
    if (idempotency?.kind !== 'keyed' || idempotency.atomic === undefined) return []
    const outside = outsideOf(uses, offers)
    if (outside === null || (outside.length > 0 && idempotency.atomic === true)) return []
    const unknown =
      typeof idempotency.unknown === 'function' ? 'asks the sink' : (idempotency.unknown ?? 'never')
    const verdict = outside.length === 0 ? 'one transaction' : (`unknown: ${unknown}` as const)
    return [{ flow: flow.name, node: alias, verdict, outside }]
  })
}

function outsideOf(uses: readonly NormalUse[], offers: Offers): readonly string[] | null {
  const stores = ['dedupe', ...uses.map(({ resource }) => resource)]
  if (stores.some((resource) => offers(resource) === undefined)) return null
  return outsideTransaction(uses, (resource) => offers(resource)?.info?.['transaction'])
}

function hasTransaction({ provides }: Candidate, uses: readonly NormalUse[]): boolean {
  const stated = (resource: string) =>
    asRecord(asRecord(provides)?.[domainOf(resource) ?? ''])?.['transaction']
  return outsideTransaction(uses, stated).length === 0
}
