/** The example app, changed so that an order with an unknown outcome is charged again, although the gateway ignores keys. */
import app from '@flowport-examples/flows'
import type { AnyFlow } from '@flowport/flow'

function chargedAgain(flow: AnyFlow): AnyFlow {
  const vertices = flow.graph.vertices.map((vertex) => {
    if (vertex.kind !== 'node' || vertex.node.idempotency?.kind !== 'keyed') return vertex
    const idempotency = { ...vertex.node.idempotency, unknown: 'again' } as const
    return { ...vertex, node: { ...vertex.node, idempotency } }
  })
  return { ...flow, graph: { ...flow.graph, vertices } }
}

export default {
  ...app,
  flows: app.flows.map((flow) => (flow.name === 'post-order' ? chargedAgain(flow) : flow)),
}
