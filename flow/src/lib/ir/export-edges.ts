/** The edges of a flow's IR: one per value a vertex reads, and control edges where an arm's entry reads nothing. */
import { type Graph, inputsOf, type Surface, type Vertex } from '../graph/graph.ts'
import type { EdgeOptions } from '../graph/step.ts'
import { placesOf } from '../graph/template.ts'
import { toPointer } from '../pointer.ts'
import type { EdgeIr } from './ir.ts'
import { milliseconds } from './milliseconds.ts'
import type { Route } from './normal-graph.ts'

export function edgesOf(graph: Graph, routes: readonly (readonly Route[])[]): readonly EdgeIr[] {
  const settings = new Map(graph.edges.map(({ from, to, options }) => [`${from} ${to}`, options]))
  const starters = startersOf(graph.surfaces, routes)
  return graph.vertices.flatMap((vertex) => {
    const inputs = inputsOf(vertex)
    const own: EdgeOptions = vertex.kind === 'node' ? vertex.options : {}
    const isWhole = vertex.kind === 'trigger' || vertex.kind === 'merge' || vertex.source.kind === 'slot'
    const data = inputs.map((from) => {
      const options = { ...own, ...settings.get(`${from} ${vertex.slot}`) }
      return edge(graph, from, vertex, options, feedsOf(vertex, from), isWhole)
    })
    const control = [...(starters.get(vertex.slot) ?? [])].filter((from) => !inputs.includes(from))
    return [...data, ...control.map((from) => edge(graph, from, vertex, {}, [], false))]
  })
}

/** By vertex: what must be there before it may start, beside what it reads. */
function startersOf(
  surfaces: readonly Surface[],
  routes: readonly (readonly Route[])[],
): ReadonlyMap<number, ReadonlySet<number>> {
  const starters = new Map<number, Set<number>>()
  const add = (from: number, to: number) => starters.set(to, (starters.get(to) ?? new Set()).add(from))
  for (const { index, source } of surfaces) {
    for (const { entry, further } of routes[index] ?? []) {
      add(source, entry)
      for (const slot of further) add(entry, slot)
    }
  }
  return starters
}

function edge(
  graph: Graph,
  from: number,
  to: Vertex,
  options: EdgeOptions,
  feeds: readonly string[],
  /** Whether a value that arrives at the root is the input, and not part of a template there. */
  canBeWhole: boolean,
): EdgeIr {
  const { delivery = 'at_least_once', ordering = 'ordered', partitionKey, timeout, buffer } = options
  const whole = canBeWhole && feeds.length === 1 && feeds[0] === ''
  return {
    from: (graph.vertices[from] as Vertex).alias,
    to: to.alias,
    delivery,
    ordering,
    ...(partitionKey === undefined ? {} : { partition_key: partitionKey }),
    ...(timeout === undefined ? {} : { timeout_ms: milliseconds(timeout) }),
    buffer: bufferIr(buffer ?? {}),
    ...(whole ? {} : { feeds }),
  }
}

function bufferIr(buffer: NonNullable<EdgeOptions['buffer']>): EdgeIr['buffer'] {
  const { maxItems, spillThresholdBytes, spillTier, onDrop } = buffer
  return {
    ...(maxItems === undefined ? {} : { max_items: maxItems }),
    ...(spillThresholdBytes === undefined ? {} : { spill_threshold_bytes: spillThresholdBytes }),
    ...(spillTier === undefined ? {} : { spill_tier: spillTier }),
    ...(onDrop === undefined ? {} : { on_drop: onDrop }),
  }
}

function feedsOf(vertex: Vertex, from: number): readonly string[] {
  if (vertex.kind === 'trigger' || vertex.kind === 'merge') return ['']
  const { source } = vertex
  if (source.kind === 'slot') return source.slot === from ? [''] : []
  if (source.kind === 'template') return placesOf(source.template, from)
  const fields: readonly (readonly [PropertyKey, number])[] =
    source.kind === 'tuple' ? source.slots.map((slot, position) => [position, slot]) : source.fields
  return fields.filter(([, slot]) => slot === from).map(([key]) => toPointer([key]))
}
