/**
 * Brings a traced graph into the shape Flow IR can say: at most one routing surface per source, one entry per arm.
 * Pass vertices are put in where the graph has more; what runs, and with which values, stays the same.
 */
import {
  armEntries,
  type EdgeSetting,
  type Gate,
  type Graph,
  inputsOf,
  type Source,
  type Surface,
  slotsOf,
  type Vertex,
} from '../graph/graph.ts'
import { withSlots } from '../graph/template.ts'

export interface NormalGraph {
  readonly graph: Graph
  /** By surface, then by arm. */
  readonly routes: readonly (readonly Route[])[]
}

/** How an arm is entered: at one vertex, which lets further ones start that read nothing inside the arm. */
export interface Route {
  readonly entry: number
  readonly further: readonly number[]
}

export function normalGraph(graph: Graph): NormalGraph {
  const draft = new Draft(graph)
  draft.separateSources()
  return { routes: draft.routeArms(), graph: draft }
}

class Draft implements Graph {
  readonly vertices: Vertex[]
  readonly surfaces: Surface[]
  edges: EdgeSetting[]
  readonly answer: number
  readonly #aliases: Set<string>

  constructor({ vertices, surfaces, edges, answer }: Graph) {
    this.vertices = [...vertices]
    this.surfaces = [...surfaces]
    this.edges = [...edges]
    this.answer = answer
    this.#aliases = new Set(vertices.map(({ alias }) => alias))
  }

  /** Outer surfaces come first, so an inner one on the same source moves to a pass inside the arm of the outer. */
  separateSources(): void {
    const taken = new Set<number>()
    for (let index = 0; index < this.surfaces.length; index++) {
      const surface = this.surfaces[index] as Surface
      if (taken.has(surface.source)) {
        const within = (gate: Gate | null) => lies(this, gate, (at) => at.surface === index)
        const pass = this.#pass(`${surface.alias}.source`, surface.gate, surface.source)
        this.surfaces[index] = { ...surface, source: pass }
        this.#reroute(surface.source, pass, within)
        for (const inner of this.surfaces) {
          if (inner.source !== surface.source || !within(inner.gate)) continue
          this.surfaces[inner.index] = { ...inner, source: pass }
        }
      }
      taken.add((this.surfaces[index] as Surface).source)
    }
  }

  /** Inner surfaces first: what they put in may be an entry of an outer arm. */
  routeArms(): readonly (readonly Route[])[] {
    const routes: (readonly Route[])[] = []
    for (const surface of this.surfaces.toReversed()) {
      routes[surface.index] = surface.arms.map((label, arm): Route => {
        const [entry, ...others] = this.#starts(surface, arm)
        if (entry !== undefined && others.length === 0) return { entry, further: [] }
        const within = (gate: Gate | null) => isInArm(this, gate, surface.index, arm)
        const head = this.#pass(
          `${surface.alias}.${label}.entry`,
          { surface: surface.index, arm },
          surface.source,
        )
        this.#reroute(surface.source, head, within)
        return { entry: head, further: this.#starts(surface, arm).filter((slot) => slot !== head) }
      })
    }
    return routes
  }

  /** Entries of an arm, without those that a decision made inside the arm lets start. */
  #starts(surface: Surface, arm: number): readonly number[] {
    const decidedInside = (gate: Gate | null) =>
      lies(this, gate, (at) => {
        const source = this.surfaces[at.surface]?.source
        const gateOfSource = source === undefined ? null : (this.vertices[source]?.gate ?? null)
        return isInArm(this, gateOfSource, surface.index, arm)
      })
    return armEntries(this, surface.index, arm).filter(
      (slot) => !decidedInside(this.vertices[slot]?.gate ?? null),
    )
  }

  #pass(name: string, gate: Gate | null, from: number): number {
    let alias = name
    for (let n = 2; this.#aliases.has(alias); n++) alias = `${name}-${n}`
    this.#aliases.add(alias)
    const slot = this.vertices.length
    this.vertices.push({ kind: 'pass', slot, alias, gate, source: { kind: 'slot', slot: from }, after: [] })
    return slot
  }

  /** Lets the vertices behind the gates named read `to` instead of `from`. */
  #reroute(from: number, to: number, within: (gate: Gate | null) => boolean): void {
    for (const [slot, vertex] of this.vertices.entries()) {
      // A merge reads only its own arms, which no pass comes before.
      if (slot === to || vertex.kind === 'trigger' || vertex.kind === 'merge' || !within(vertex.gate))
        continue
      if (!inputsOf(vertex).includes(from)) continue
      this.vertices[slot] = {
        ...vertex,
        source: replaced(vertex.source, from, to),
        after: vertex.after.map((other) => (other === from ? to : other)),
      }
      this.edges = this.edges.map((edge) =>
        edge.from === from && edge.to === slot ? { ...edge, from: to } : edge,
      )
    }
  }
}

function replaced(source: Source, from: number, to: number): Source {
  const swap = (slot: number) => (slot === from ? to : slot)
  if (source.kind === 'slot') return { kind: 'slot', slot: swap(source.slot) }
  if (source.kind === 'template') return { kind: 'template', template: withSlots(source.template, swap) }
  if (source.kind === 'tuple') return { kind: 'tuple', slots: slotsOf(source).map(swap) }
  return { kind: 'object', fields: source.fields.map(([key, slot]) => [key, swap(slot)] as const) }
}

/** Whether a gate is the given arm, or lies inside it. */
export function isInArm(graph: Graph, gate: Gate | null, surface: number, arm: number): boolean {
  return lies(graph, gate, (at) => at.surface === surface && at.arm === arm)
}

/** Whether a gate, or one around it, passes the test. */
function lies(graph: Graph, gate: Gate | null, test: (gate: Gate) => boolean): boolean {
  for (let at = gate; at !== null; at = graph.surfaces[at.surface]?.gate ?? null) if (test(at)) return true
  return false
}
