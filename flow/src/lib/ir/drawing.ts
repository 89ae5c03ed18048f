/** A flow as boxes and arrows, for any notation: `mermaid.ts` and `dot.ts` print it. */
import type { AnyFlow } from '../flow.ts'
import { armEntries, type Graph, inputsOf, type Surface, type Vertex } from '../graph/graph.ts'
import { isStreamSchema } from '../schema.ts'
import { triggerText } from '../trigger-text.ts'
import { isInArm } from './normal-graph.ts'

export interface Drawing {
  readonly title: string
  readonly boxes: readonly Box[]
  readonly arrows: readonly Arrow[]
}

export interface Box {
  /** Safe in every notation: a letter and digits. */
  readonly id: string
  readonly shape: 'trigger' | 'node' | 'pass' | 'merge' | 'decision' | 'answer'
  /** Any text at all; the printer escapes it. */
  readonly lines: readonly string[]
}

export interface Arrow {
  readonly from: string
  readonly to: string
  readonly label: string | null
}

/** Branches are decisions of their own; an arm's entries hang on the decision instead of on its source. */
export function drawingOf(flow: AnyFlow): Drawing {
  const { graph } = flow
  const boxes = [
    ...graph.vertices.map((vertex) => boxOf(flow, vertex)),
    ...graph.surfaces.map(decisionBox),
    { id: 'answer', shape: 'answer', lines: ['answer'] } as const,
  ]
  const routed = new Set<string>()
  const decided = graph.surfaces.flatMap((surface) => decisionArrows(graph, surface, routed))
  const read = graph.vertices.flatMap((vertex) =>
    inputsOf(vertex)
      .filter((slot) => !routed.has(`${slot} ${vertex.slot}`))
      .map((slot) => ({ from: idOf(slot), to: idOf(vertex.slot), label: null })),
  )
  return {
    title: `${flow.name} ${flow.version}`,
    boxes,
    arrows: [...read, ...decided, { from: idOf(graph.answer), to: 'answer', label: null }],
  }
}

const idOf = (slot: number) => `n${slot}`

function boxOf({ trigger }: AnyFlow, vertex: Vertex): Box {
  const id = idOf(vertex.slot)
  if (vertex.kind === 'trigger') {
    return { id, shape: 'trigger', lines: [triggerText(trigger)] }
  }
  if (vertex.kind !== 'node') return { id, shape: vertex.kind, lines: [vertex.alias] }
  const { node, alias } = vertex
  const uses = node.uses.map(({ resource, access }) => `${resource} ${access}`).join(', ')
  const marks = [
    node.effects === 'pure' ? [] : node.effects,
    isStreamSchema(node.output) ? 'stream' : [],
  ].flat()
  return {
    id,
    shape: 'node',
    lines: [alias === node.name ? alias : `${alias}: ${node.name}`, uses, marks.join(', ')].filter(
      (line) => line !== '',
    ),
  }
}

function decisionBox({ index, kind, alias, pointer }: Surface): Box {
  return {
    id: `s${index}`,
    shape: 'decision',
    lines: [alias, `${kind} ${pointer === '' ? 'the value' : pointer}`],
  }
}

function decisionArrows(graph: Graph, surface: Surface, routed: Set<string>): readonly Arrow[] {
  const id = `s${surface.index}`
  const outer = surface.gate === null ? undefined : graph.surfaces[surface.gate.surface]
  const hangsOnOuter = outer?.source === surface.source
  const arms = surface.arms.flatMap((label, arm) => {
    const isArm = (gate: Vertex['gate']) => gate?.surface === surface.index && gate.arm === arm
    const entries = armEntries(graph, surface.index, arm).filter((slot) =>
      isArm(graph.vertices[slot]?.gate ?? null),
    )
    for (const slot of entries) routed.add(`${surface.source} ${slot}`)
    const inner = graph.surfaces.filter(
      ({ gate, source }) =>
        isArm(gate) && !isInArm(graph, graph.vertices[source]?.gate ?? null, surface.index, arm),
    )
    return [...entries.map(idOf), ...inner.map(({ index }) => `s${index}`)].map((to) => ({
      from: id,
      to,
      label,
    }))
  })
  return hangsOnOuter ? arms : [{ from: idOf(surface.source), to: id, label: null }, ...arms]
}
