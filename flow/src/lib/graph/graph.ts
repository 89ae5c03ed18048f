/** The traced graph: plain data that validation, Flow IR and the runtime's plan are made of. */
import type { AnyNode } from '../node.ts'
import type { EdgeOptions, StepOptions } from './step.ts'
import { slotsIn, type Template } from './template.ts'

/** Slot 0 is the flow's input; every vertex fills the slot of its own index. */
export interface Graph {
  readonly vertices: readonly Vertex[]
  readonly surfaces: readonly Surface[]
  readonly edges: readonly EdgeSetting[]
  /** What the flow answers with. */
  readonly answer: number
}

/** Where a vertex takes its input from. */
export type Source =
  | { readonly kind: 'slot'; readonly slot: number }
  | { readonly kind: 'object'; readonly fields: readonly (readonly [string, number])[] }
  | { readonly kind: 'tuple'; readonly slots: readonly number[] }
  | { readonly kind: 'template'; readonly template: Template }

export type Vertex = TriggerVertex | NodeVertex | PassVertex | MergeVertex

interface VertexBase {
  readonly slot: number
  readonly alias: string
  /** The arm it runs in, or `null` for always. */
  readonly gate: Gate | null
}

export interface TriggerVertex extends VertexBase {
  readonly kind: 'trigger'
}

export interface NodeVertex extends VertexBase {
  readonly kind: 'node'
  readonly node: AnyNode
  readonly source: Source
  /** Slots it waits for beside those it reads. */
  readonly after: readonly number[]
  readonly options: Omit<StepOptions, 'after'>
}

/** Hands its input on: the entry of an arm without nodes, or a join without a node. */
export interface PassVertex extends VertexBase {
  readonly kind: 'pass'
  readonly source: Source
  /** Slots it waits for beside those it reads. */
  readonly after: readonly number[]
}

/** Takes the result of the arm that was taken. */
export interface MergeVertex extends VertexBase {
  readonly kind: 'merge'
  readonly surface: number
  /** One slot per arm, in the order of the surface's arms. */
  readonly results: readonly number[]
}

export interface Gate {
  readonly surface: number
  readonly arm: number
}

/** A routing decision. The last arm of a switch, and the second of an if, is `otherwise`. */
export interface Surface {
  readonly index: number
  readonly kind: 'if' | 'switch'
  readonly alias: string
  readonly source: number
  readonly pointer: string
  readonly arms: readonly string[]
  readonly gate: Gate | null
}

export interface EdgeSetting {
  readonly from: number
  readonly to: number
  readonly options: EdgeOptions
}

/** The slots a source reads. */
export function slotsOf(source: Source): readonly number[] {
  if (source.kind === 'slot') return [source.slot]
  if (source.kind === 'template') return slotsIn(source.template)
  return source.kind === 'tuple' ? source.slots : source.fields.map(([, slot]) => slot)
}

/** The slots a vertex waits for. */
export function inputsOf(vertex: Vertex): readonly number[] {
  if (vertex.kind === 'trigger') return []
  return vertex.kind === 'merge' ? vertex.results : [...new Set([...slotsOf(vertex.source), ...vertex.after])]
}

/** Slots of an arm that wait for nothing inside that arm: where the decision enters it. */
export function armEntries(graph: Graph, surface: number, arm: number): readonly number[] {
  const inArm = (slot: number) => isGatedBy(graph, graph.vertices[slot]?.gate ?? null, surface, arm)
  return graph.vertices
    .filter((vertex) => inArm(vertex.slot) && !inputsOf(vertex).some(inArm))
    .map(({ slot }) => slot)
}

/** Whether a gate is the given arm, or lies inside it. */
function isGatedBy(graph: Graph, gate: Gate | null, surface: number, arm: number): boolean {
  for (let at = gate; at !== null; at = graph.surfaces[at.surface]?.gate ?? null) {
    if (at.surface === surface && at.arm === arm) return true
  }
  return false
}
