/** Says for every node with effects how often a profile lets them happen for one key. Opens nothing. */
import type { Provider } from '@flowport/capabilities'
import type { AnyFlow } from '../flow.ts'
import type { NodeVertex } from '../graph/graph.ts'
import type { Keyed } from '../idempotency.ts'
import { type AtomicVerdict, atomicVerdicts } from './atomic.ts'
import { nodeVertices } from './needs.ts'
import { type Offers, offersOfProviders } from './offers.ts'

/** Every verdict, with what a node declares to get it and what holds then. The reference page has the same table. */
export const effectPromises = {
  'exactly once': {
    declared: '`atomic`, on stores that share one transaction',
    promise: 'The writes and the record of the key are committed together: both are there, or neither.',
  },
  'once, unknown is said': {
    declared: "`unknown: 'never'`, or a function that asks the sink",
    promise:
      'The effect is made at most once. Where nobody can know whether it was made, callers get `IDEM_UNKNOWN`.',
  },
  'at least once, the sink keeps the key': {
    declared: "`unknown: 'again'` with `sink: 'keyed'`",
    promise:
      'The node may send its request again, under the same `idempotencyKey`. The sink makes one effect of it.',
  },
  natural: {
    declared: "`idempotency: 'natural'`",
    promise: 'The effect may be made several times. Each time leaves the state that one time leaves.',
  },
  'at least once': {
    declared: "`unknown: 'again'` without `sink: 'keyed'`",
    promise:
      'The effect is made again after a crash, a lost lease or a lost answer. It can be there twice (`IDEM031`).',
  },
  'not guarded': {
    declared: 'no idempotency',
    promise:
      'Each retry, redelivery and repeated request makes the effect again. Validation refuses it (`DAG004`).',
  },
} as const satisfies Record<string, { readonly declared: string; readonly promise: string }>

export type EffectVerdict = keyof typeof effectPromises

/** What a profile promises of the effects of one node. */
export interface NodeEffects {
  readonly flow: string
  /** Alias of the node. */
  readonly node: string
  readonly verdict: EffectVerdict
  /** The declaration that decides it, such as `unknown: never`. */
  readonly because: string
}

/**
 * The verdict of every node with effects on a profile. Nodes that the profile cannot run are left out: preflight
 * reports them.
 */
export function effectVerdicts(
  flows: readonly AnyFlow[],
  providers: readonly Provider[],
): readonly NodeEffects[] {
  const offers = offersOfProviders(providers, ['clock', 'rng', 'http', 'secrets'])
  return flows.flatMap((flow) => {
    const atomic = atomicVerdicts([flow], providers)
    return nodeVertices(flow).flatMap((vertex) => {
      const stated = atomic.find(({ node }) => node === vertex.alias)
      const found = isBound(vertex, offers) ? verdictOf(vertex, stated) : null
      return found === null ? [] : [{ flow: flow.name, node: vertex.alias, ...found }]
    })
  })
}

type Found = Pick<NodeEffects, 'verdict' | 'because'>

function verdictOf({ node }: NodeVertex, atomic: AtomicVerdict | undefined): Found | null {
  const { idempotency, effects } = node
  if (idempotency?.kind === 'keyed') return keyedVerdict(idempotency, atomic)
  if (effects !== 'effectful') return null
  if (idempotency === undefined) return { verdict: 'not guarded', because: 'no idempotency' }
  return { verdict: 'natural', because: 'idempotency: natural' }
}

function keyedVerdict(keyed: Keyed, atomic: AtomicVerdict | undefined): Found | null {
  if (keyed.atomic !== undefined && atomic === undefined) return null
  if (atomic !== undefined && atomic.verdict.startsWith('one transaction'))
    return { verdict: 'exactly once', because: atomic.verdict }
  const { unknown = 'never', sink } = keyed
  if (typeof unknown === 'function')
    return { verdict: 'once, unknown is said', because: 'unknown: asks the sink' }
  if (unknown === 'never') return { verdict: 'once, unknown is said', because: 'unknown: never' }
  return sink === 'keyed'
    ? { verdict: 'at least once, the sink keeps the key', because: 'unknown: again, sink: keyed' }
    : { verdict: 'at least once', because: 'unknown: again' }
}

/** Whether the profile has what the node uses, and for a key a ledger that lets one holder have it. */
function isBound({ node: { uses, idempotency } }: NodeVertex, offers: Offers): boolean {
  if (uses.some(({ resource }) => offers(resource) === undefined)) return false
  return idempotency?.kind !== 'keyed' || offers('dedupe')?.info?.['reservation'] === 'atomic'
}
