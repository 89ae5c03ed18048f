/**
 * What a flow needs bound: the uses of its nodes, the ledger of keyed ones, the store of its request's body, where its
 * answers are recorded, and the queue it consumes where the host takes the messages itself.
 */
import { answersWithStream } from '../answer-schemas.ts'
import type { AnyFlow } from '../flow.ts'
import type { NodeVertex } from '../graph/graph.ts'
import type { NormalUse } from '../uses.ts'

export interface Need extends NormalUse {
  /** Alias of the node. */
  readonly node: string
  /** Why, where no `uses` says it. */
  readonly reason: string | null
}

export interface NeedsOptions {
  /**
   * How messages come to queue flows: `'pulled'` by the host out of the bag's `queue:<name>`, or `'pushed'` by the platform,
   * which needs nothing bound. Default `'pushed'`.
   */
  readonly queues?: 'pulled' | 'pushed'
}

export function needsOf(flow: AnyFlow, { queues = 'pushed' }: NeedsOptions = {}): readonly Need[] {
  return [
    ...bodyNeeds(flow),
    ...recordNeeds(flow),
    ...(queues === 'pulled' ? queueNeeds(flow) : []),
    ...nodeVertices(flow).flatMap(nodeNeeds),
  ]
}

function queueNeeds({ trigger }: AnyFlow): readonly Need[] {
  if (trigger.kind !== 'queue') return []
  const reason = 'its messages are taken from there'
  const resource = `queue:${trigger.queue}` as const
  return [{ node: 'trigger', resource, access: 'consume', requirements: {}, features: [], reason }]
}

export function nodeVertices({ graph }: AnyFlow): readonly NodeVertex[] {
  return graph.vertices.filter((vertex) => vertex.kind === 'node')
}

function nodeNeeds({ alias, node }: NodeVertex): readonly Need[] {
  const needs: Need[] = node.uses.map((use) => ({ ...use, node: alias, reason: null }))
  if (node.idempotency?.kind !== 'keyed') return needs
  const ledger: Need = {
    node: alias,
    resource: 'dedupe',
    access: 'write',
    requirements: { reservation: { at_least: 'atomic' } },
    features: [],
    reason: 'its idempotency key is kept there',
  }
  return [...needs, ledger]
}

function bodyNeeds({ trigger }: AnyFlow): readonly Need[] {
  const body = trigger.kind === 'http' ? trigger.body : null
  if (body?.kind !== 'blob' && body?.kind !== 'multipart') return []
  const reason = 'the body of the request is stored there'
  return [{ node: 'trigger', resource: body.store, access: 'write', requirements: {}, features: [], reason }]
}

/** Small answers are recorded in the ledger. A stream cannot be: it is recorded in parts while it is sent. */
function recordNeeds(flow: AnyFlow): readonly Need[] {
  const recorded = flow.trigger.kind === 'http' ? flow.trigger.idempotency : null
  if (recorded === null) return []
  const common = { node: 'trigger', access: 'write', features: [] } as const
  const ledger: Need = {
    ...common,
    resource: 'dedupe',
    requirements: { reservation: { at_least: 'atomic' } },
    reason: 'answers to an Idempotency-Key are recorded there',
  }
  if (!answersWithStream(flow)) return [ledger]
  const reason = 'streams that answer an Idempotency-Key are recorded there'
  return [ledger, { ...common, resource: recorded.store, requirements: {}, reason }]
}
