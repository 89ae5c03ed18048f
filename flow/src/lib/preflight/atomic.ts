/** Finds atomic nodes whose stores and ledger cannot be committed together: EXACT004. */
import { domainOf, type Provider } from '@flowport/capabilities'
import { type StatedTransaction, type Transactional, transactional, whyNotAtomic } from '../atomic.ts'
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts'
import type { AnyFlow } from '../flow.ts'
import type { Keyed } from '../idempotency.ts'
import type { NormalUse } from '../uses.ts'
import type { Candidate } from './compare.ts'
import { nodeVertices } from './needs.ts'
import { asRecord, type Offers, offersOfProviders } from './offers.ts'

/** How an atomic node runs on one profile. */
export interface AtomicVerdict {
  readonly flow: string
  readonly node: string
  /** `'one transaction'`, or what `unknown` says where the stores are in several databases. */
  readonly verdict:
    | 'one transaction'
    | 'one transaction in each partition'
    | 'unknown: never'
    | 'unknown: again'
    | 'unknown: asks the sink'
  /** Resources that are not in the ledger's database. Empty where the node only names no partition. */
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
    const found = transactionalOn(offers, uses, idempotency)
    const message = found === null ? null : whyNotAtomic(alias, found)
    if (found === null || message === null) return []
    const location = { flow: flow.name, node: alias, profile }
    if (found.kind !== 'apart') {
      const hint = 'add idempotency.partition to the node: a pointer into its input, or a function of it'
      return diagnostic({ code: 'EXACT004', message, location, hint })
    }
    const presets = candidates
      .filter(({ provides }) => isTogether(provides, uses, idempotency))
      .map(({ preset }) => preset)
    const hint = `bind kv, queue and dedupe of one preset that has transactions (${presets.join(', ')}), or use atomic: 'preferred' with unknown`
    return diagnostic({
      code: 'EXACT004',
      message,
      location,
      ...(presets.length === 0 ? {} : { hint }),
      details: { outside: found.outside, presets },
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
    const found = transactionalOn(offers, uses, idempotency)
    if (found === null || (found.kind !== 'together' && idempotency.atomic === true)) return []
    const outside = found.kind === 'apart' ? found.outside : []
    return [{ flow: flow.name, node: alias, verdict: verdictOf(found, idempotency), outside }]
  })
}

function verdictOf(found: Transactional, { unknown = 'never' }: Keyed): AtomicVerdict['verdict'] {
  if (found.kind === 'together')
    return found.isPartitioned ? 'one transaction in each partition' : 'one transaction'
  return typeof unknown === 'function' ? 'unknown: asks the sink' : `unknown: ${unknown}`
}

/** `null` where something the node needs is not bound. */
function transactionalOn(
  offers: Offers,
  uses: readonly NormalUse[],
  { partitionOf }: Keyed,
): Transactional | null {
  const stores = ['dedupe', ...uses.map(({ resource }) => resource)]
  if (stores.some((resource) => offers(resource) === undefined)) return null
  return transactional(uses, partitionOf !== undefined, (resource) => offers(resource)?.info)
}

function isTogether(provides: unknown, uses: readonly NormalUse[], { partitionOf }: Keyed): boolean {
  const stated = (resource: string): StatedTransaction | null =>
    asRecord(asRecord(provides)?.[domainOf(resource) ?? ''])
  return transactional(uses, partitionOf !== undefined, stated).kind === 'together'
}
