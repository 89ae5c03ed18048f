/** An index over Flow IR that every family of checks reads: neighbours, order, routes, the answer. */
import type { Location } from '../diagnostics/diagnostic.ts'
import type { EdgeIr, FlowIr, NodeIr } from '../ir/ir.ts'
import { type Routing, routingOf } from './routing.ts'
import { depthFirst, type Walk } from './walk.ts'

export interface IrView {
  readonly ir: FlowIr
  /** By alias; of nodes that share one, the first. */
  readonly nodes: ReadonlyMap<string, NodeIr>
  /** Edges whose two ends are there, by the node they leave. */
  readonly leaving: (alias: string) => readonly EdgeIr[]
  /** Edges whose two ends are there, by the node they enter. */
  readonly entering: (alias: string) => readonly EdgeIr[]
  readonly walk: Walk
  /** Ifs and switches that can route: well formed, every edge there. Of the others the control checks tell. */
  readonly routings: readonly Routing[]
  /** Alias of the node the flow answers with: the one stated, one called `respond`, or the only one without a follower. */
  readonly answer: string | undefined
  readonly at: (where?: { readonly node?: string; readonly edge?: EdgeIr }) => Location
}

export function viewOf(ir: FlowIr): IrView {
  const nodes = new Map<string, NodeIr>()
  for (const node of ir.nodes) if (!nodes.has(node.alias)) nodes.set(node.alias, node)
  const leaving = new Map<string, EdgeIr[]>()
  const entering = new Map<string, EdgeIr[]>()
  for (const edge of ir.edges) {
    if (!nodes.has(edge.from) || !nodes.has(edge.to)) continue
    append(leaving, edge.from, edge)
    append(entering, edge.to, edge)
  }
  const canRoute = (routing: Routing | string | null): routing is Routing => {
    if (typeof routing !== 'object' || routing === null) return false
    const linked = new Set((leaving.get(routing.source) ?? []).map(({ to }) => to))
    return routing.arms.every(({ target }) => linked.has(target))
  }
  const followers = (alias: string) => (leaving.get(alias) ?? []).map(({ to }) => to)
  return {
    ir,
    nodes,
    leaving: (alias) => leaving.get(alias) ?? [],
    entering: (alias) => entering.get(alias) ?? [],
    walk: depthFirst([...nodes.keys()], followers),
    routings: ir.control_surfaces.map(routingOf).filter(canRoute),
    answer: answerOf(ir, nodes, leaving),
    at: ({ node, edge } = {}) => ({
      flow: ir.name,
      ...(node === undefined ? {} : { node }),
      ...(edge === undefined ? {} : { edge: `${edge.from} -> ${edge.to}` }),
    }),
  }
}

/** Whether the node's code changes the world. */
export function isEffectful(node: NodeIr): boolean {
  return node.kind !== 'trigger' && node.effects === 'effectful'
}

function answerOf(
  ir: FlowIr,
  nodes: ReadonlyMap<string, NodeIr>,
  leaving: ReadonlyMap<string, unknown>,
): string | undefined {
  const { answer } = ir.metadata
  if (answer !== undefined) return nodes.has(answer) ? answer : undefined
  if (nodes.has('respond')) return 'respond'
  const ends = [...nodes.values()].filter(({ alias, kind }) => kind !== 'trigger' && !leaving.has(alias))
  return ends.length === 1 ? ends[0]?.alias : undefined
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}
