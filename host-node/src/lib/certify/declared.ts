/** Changes a flow for its certification: the same nodes, with another lease or time to live for their keys. */
import type { AnyFlow, AnyNode } from '@flowport/flow'

export interface Declared {
  readonly leaseMs: number | null
  readonly ttlMs: number | null
}

export function withDeclared(flow: AnyFlow, { leaseMs, ttlMs }: Declared): AnyFlow {
  if (leaseMs === null && ttlMs === null) return flow
  return withNodes(flow, (node) => {
    const { idempotency } = node
    if (idempotency?.kind !== 'keyed') return node
    const declared = {
      ...idempotency,
      ...(leaseMs === null ? {} : { leaseMs }),
      ...(ttlMs === null ? {} : { ttlMs }),
    }
    return { ...node, idempotency: declared }
  })
}

/** Returns the flow with each node replaced by the result of `change`. */
export function withNodes(flow: AnyFlow, change: (node: AnyNode, alias: string) => AnyNode): AnyFlow {
  const vertices = flow.graph.vertices.map((vertex) =>
    vertex.kind === 'node' ? { ...vertex, node: change(vertex.node, vertex.alias) } : vertex,
  )
  return { ...flow, graph: { ...flow.graph, vertices } }
}

/** Returns a flow's nodes and their aliases, in the order of its graph. */
export function nodesOf({ graph }: AnyFlow): readonly { readonly alias: string; readonly node: AnyNode }[] {
  return graph.vertices.flatMap((vertex) =>
    vertex.kind === 'node' ? [{ alias: vertex.alias, node: vertex.node }] : [],
  )
}

/** Returns the longest lease of the flow's keys in milliseconds, or 0 if no node has a key. */
export function longestLeaseMs(flow: AnyFlow, leaseMs: number | null): number {
  const leases = nodesOf(flow).flatMap(({ node: { idempotency } }) =>
    idempotency?.kind === 'keyed' ? [leaseMs ?? idempotency.leaseMs] : [],
  )
  return Math.max(0, ...leases)
}
