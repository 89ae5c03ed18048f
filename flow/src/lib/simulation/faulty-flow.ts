/** The flow as a simulation runs it: the same graph, with faults around the handlers of its keyed nodes. */
import type { AnyFlow } from '../flow.ts'
import type { NodeVertex, Vertex } from '../graph/graph.ts'
import { problem } from '../http/problem.ts'
import { recordLeaseMs } from '../idempotency-option.ts'
import type { NodeIdempotency } from '../idempotency.ts'
import type { AnyNode } from '../node.ts'
import { activeWorld } from './active.ts'

/** Expiry of stored results is not simulated: a schedule may last longer than a short time to live. */
const longTtlMs = 365 * 86_400_000

/** Longest pause of a simulated handler before and after its own work, in milliseconds. */
const workMs = 60

/** @param unknown Takes the place of what the keyed nodes declare. */
export function faultyFlow(flow: AnyFlow, unknown: 'never' | 'again' | undefined): AnyFlow {
  const vertices = flow.graph.vertices.map((vertex) => faultyVertex(vertex, unknown))
  return { ...flow, graph: { ...flow.graph, vertices } }
}

function faultyVertex(vertex: Vertex, unknown: 'never' | 'again' | undefined): Vertex {
  if (vertex.kind !== 'node' || vertex.node.idempotency?.kind !== 'keyed') return vertex
  const { idempotency } = vertex.node
  const declared: NodeIdempotency = {
    ...idempotency,
    ttlMs: Math.max(idempotency.ttlMs, longTtlMs),
    ...(unknown === undefined ? {} : { unknown }),
  }
  return { ...vertex, node: faultyNode(vertex, declared) }
}

function faultyNode({ node, alias }: NodeVertex, idempotency: NodeIdempotency): AnyNode {
  const handler = node.handler as (input: unknown, context: unknown) => unknown
  return {
    ...node,
    idempotency,
    async handler(input: unknown, context: unknown) {
      const world = activeWorld('a simulated flow')
      const machine = world.scheduler.current
      const work = () => machine?.clock.sleep(world.choices.below(workMs))
      await work()
      if (world.happens('errorBefore', alias, machine))
        throw new TypeError('a simulated error before the effect')
      const result = await handler(input, context)
      await work()
      if (world.happens('errorAfter', alias, machine))
        throw new TypeError('a simulated error after the effect')
      if (world.happens('problemAfter', alias, machine))
        throw problem({ status: 409, code: 'SIMULATED', title: 'a simulated problem' })
      return result
    },
  }
}

/** The longest lease of the flows' keys and recorded answers, in milliseconds; 30 000 where nothing has one. */
export function longestLeaseMs(flows: readonly AnyFlow[]): number {
  const leases = flows.flatMap(({ graph, trigger }) => [
    ...(trigger.kind === 'http' && trigger.idempotency !== null ? [recordLeaseMs] : []),
    ...graph.vertices.flatMap((vertex) =>
      vertex.kind === 'node' && vertex.node.idempotency?.kind === 'keyed'
        ? vertex.node.idempotency.leaseMs
        : [],
    ),
  ])
  return leases.length === 0 ? 30_000 : Math.max(...leases)
}
