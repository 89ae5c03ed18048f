/** `toIr` writes a flow as Flow IR: the same flow, the same JSON text. */
import type { AnyFlow } from '../flow.ts'
import type { Graph, Surface, Vertex } from '../graph/graph.ts'
import { edgesOf } from './export-edges.ts'
import { nodesOf } from './export-nodes.ts'
import { idOf } from './ids.ts'
import type { ControlSurfaceIr, FlowIr } from './ir.ts'
import { normalGraph, type Route } from './normal-graph.ts'

/**
 * The IR of a flow. Where the graph routes twice on one value, or enters an arm at several nodes, inline pass nodes
 * stand in between, so that each surface has its own source and each arm one entry.
 */
export function toIr(flow: AnyFlow): FlowIr {
  const { graph, routes } = normalGraph(flow.graph)
  const { name, version, profile, summary, tags, policies } = flow
  return {
    id: idOf(flow),
    name,
    version,
    profile,
    ...(summary === undefined ? {} : { summary }),
    nodes: nodesOf(flow, graph),
    edges: edgesOf(graph, routes),
    control_surfaces: graph.surfaces.map((surface) => surfaceIr(graph, surface, routes[surface.index] ?? [])),
    checkpoints: [],
    policies: {
      lint: { require_control_hints: policies.requireControlHints, allow_multiple_triggers: false },
    },
    metadata: { tags: [...tags], answer: aliasOf(graph, graph.answer) },
    artifacts: [],
  }
}

function surfaceIr(
  graph: Graph,
  { alias, kind, source, pointer, arms }: Surface,
  routes: readonly Route[],
): ControlSurfaceIr {
  const targets = routes.map(({ entry }) => aliasOf(graph, entry))
  const head = { v: 1, source: aliasOf(graph, source), selector_pointer: pointer }
  if (kind === 'if')
    return { id: alias, kind, targets, config: { ...head, then: targets[0], else: targets[1] } }
  const cases = arms.slice(0, -1).map((label, arm) => [label, targets[arm]] as const)
  const sorted = cases.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return {
    id: alias,
    kind,
    targets,
    config: { ...head, cases: Object.fromEntries(sorted), default: targets.at(-1) },
  }
}

function aliasOf(graph: Graph, slot: number): string {
  return (graph.vertices[slot] as Vertex).alias
}
