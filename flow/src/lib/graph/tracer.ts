/** Runs a `graph` function once, with references instead of values, and records the DAG it describes. */
import { FlowDefinitionError } from '../diagnostics/diagnostic.ts'
import type { AnyNode } from '../node.ts'
import { parsePointer } from '../pointer.ts'
import type { EdgeSetting, Gate, Graph, Source, Surface, Vertex } from './graph.ts'
import { inputsOf } from './graph.ts'
import { type AnyRef, isRef, type Joined, type Ref, refState } from './ref.ts'
import type { EdgeOptions, Step, StepOptions } from './step.ts'

/** The DAG that `build` describes. Findings of stage D are thrown as `FlowDefinitionError`. */
export function traceGraph(flow: string, build: (input: Ref<never, never>, step: Step) => unknown): Graph {
  return new Tracer(flow).trace(build)
}

type Arm = readonly [label: string, body: (value: AnyRef) => unknown]

class Tracer {
  readonly #flow: string
  readonly #vertices: Vertex[] = [{ kind: 'trigger', slot: 0, alias: 'trigger', gate: null }]
  readonly #surfaces: Surface[] = []
  readonly #edges: EdgeSetting[] = []
  readonly #aliases = new Set(['trigger'])
  #gate: Gate | null = null
  #sealed = false

  constructor(flow: string) {
    this.#flow = flow
  }

  trace(build: (input: Ref<never, never>, step: Step) => unknown): Graph {
    const answer = build(this.#ref(0) as Ref<never, never>, this.#step())
    if (answer instanceof Promise) {
      throw this.#error('DAG202', 'graph must not be async: it describes the flow, nodes do the waiting')
    }
    const slot = this.#slotOfAnswer(answer as Joined, 'answer')
    this.#sealed = true
    return { vertices: this.#vertices, surfaces: this.#surfaces, edges: this.#edges, answer: slot }
  }

  #step(): Step {
    const step = (target: AnyNode, from: Joined, options: StepOptions = {}) =>
      this.#node(target, from, options)
    return Object.assign(step, {
      if: (
        from: AnyRef,
        pointer: string,
        then: (value: AnyRef) => unknown,
        otherwise: (value: AnyRef) => unknown,
        options?: { alias?: string },
      ) =>
        this.#branch(
          'if',
          from,
          pointer,
          [
            ['then', then],
            ['otherwise', otherwise],
          ],
          options?.alias,
        ),
      switch: (
        from: AnyRef,
        pointer: string,
        cases: Record<string, (value: AnyRef) => unknown>,
        otherwise: (value: AnyRef) => unknown,
        options?: { alias?: string },
      ) =>
        this.#branch(
          'switch',
          from,
          pointer,
          [...Object.entries(cases), ['otherwise', otherwise]],
          options?.alias,
        ),
      edge: (from: AnyRef, to: AnyRef, options: EdgeOptions) => this.#edge(from, to, options),
    }) as unknown as Step
  }

  #node(node: AnyNode, from: Joined, options: StepOptions): AnyRef {
    const source = this.#source(from, options.alias ?? node.name)
    const alias = this.#claim(options.alias ?? node.name)
    return this.#add({
      kind: 'node',
      slot: this.#vertices.length,
      alias,
      gate: this.#gate,
      node,
      source,
      options,
    })
  }

  #branch(kind: 'if' | 'switch', from: AnyRef, pointer: string, arms: readonly Arm[], name?: string): AnyRef {
    const alias = this.#claim(name ?? this.#free(kind))
    const source = this.#slot(from, alias)
    this.#checkPointer(alias, pointer)
    const index = this.#surfaces.length
    const outer = this.#gate
    this.#surfaces.push({
      index,
      kind,
      alias,
      source,
      pointer,
      arms: arms.map(([label]) => label),
      gate: outer,
    })
    const results = arms.map(([label, body], arm) => {
      this.#gate = { surface: index, arm }
      const result = body(from) as Joined
      const slot = this.#slotInArm(result, `${alias}.${label}`)
      this.#gate = outer
      return slot
    })
    return this.#add({
      kind: 'merge',
      slot: this.#vertices.length,
      alias,
      gate: outer,
      surface: index,
      results,
    })
  }

  #edge(from: AnyRef, to: AnyRef, options: EdgeOptions): void {
    const [start, end] = [this.#slot(from, 'edge'), this.#slot(to, 'edge')]
    const name = `${this.#vertices[start]?.alias} -> ${this.#vertices[end]?.alias}`
    const target = this.#vertices[end]
    if (target === undefined || !inputsOf(target).includes(start)) {
      throw this.#error('DAG206', `options are given for the edge ${name}, which is not in the graph`)
    }
    if (this.#edges.some((edge) => edge.from === start && edge.to === end)) {
      throw this.#error('DAG207', `options are given twice for the edge ${name}`)
    }
    this.#edges.push({ from: start, to: end, options })
  }

  #add(vertex: Vertex): AnyRef {
    this.#vertices.push(vertex)
    return this.#ref(vertex.slot)
  }

  #ref(slot: number): AnyRef {
    return { [refState]: { tracer: this, slot } }
  }

  #slot(ref: AnyRef, at: string): number {
    if (this.#sealed)
      throw this.#error('DAG202', `"${at}" is added after the graph was built: use step only inside graph`)
    if (isRef(ref) && ref[refState].tracer === this) return ref[refState].slot
    throw this.#error('DAG202', `"${at}" takes its input from something that is no step of this flow`)
  }

  #source(from: Joined, at: string): Source {
    if (isRef(from)) return { kind: 'slot', slot: this.#slot(from, at) }
    if (Array.isArray(from)) return { kind: 'tuple', slots: from.map((ref) => this.#slot(ref as AnyRef, at)) }
    if (typeof from !== 'object' || from === null) {
      throw this.#error('DAG202', `"${at}" takes its input from something that is no step of this flow`)
    }
    return {
      kind: 'object',
      fields: Object.entries(from).map(([key, ref]) => [key, this.#slot(ref, at)]),
    }
  }

  /** An arm's result: a slot of that very arm, so that not taking the arm skips it. */
  #slotInArm(result: Joined, alias: string): number {
    const gate = this.#gate
    if (isRef(result)) {
      const slot = this.#slot(result, alias)
      const of = this.#vertices[slot]?.gate ?? null
      if (of !== null && gate !== null && of.surface === gate.surface && of.arm === gate.arm) return slot
    }
    return this.#pass(result, alias)
  }

  #slotOfAnswer(answer: Joined, alias: string): number {
    return isRef(answer) ? this.#slot(answer, alias) : this.#pass(answer, alias)
  }

  #pass(from: Joined, alias: string): number {
    const source = this.#source(from, alias)
    const slot = this.#vertices.length
    this.#add({ kind: 'pass', slot, alias: this.#claim(alias), gate: this.#gate, source })
    return slot
  }

  #claim(alias: string): string {
    if (this.#aliases.has(alias)) {
      throw this.#error(
        'DAG205',
        `"${alias}" is used twice: give one of the steps another name with { alias }`,
        alias,
      )
    }
    this.#aliases.add(alias)
    return alias
  }

  #free(kind: string): string {
    for (let n = 1; ; n++) if (!this.#aliases.has(`${kind}-${n}`)) return `${kind}-${n}`
  }

  #checkPointer(alias: string, pointer: string): void {
    try {
      parsePointer(pointer)
    } catch (error) {
      throw this.#error('DAG202', `"${alias}": ${(error as Error).message}`, alias)
    }
  }

  #error(
    code: 'DAG202' | 'DAG205' | 'DAG206' | 'DAG207',
    message: string,
    node?: string,
  ): FlowDefinitionError {
    return new FlowDefinitionError({
      code,
      message,
      location: { flow: this.#flow, ...(node === undefined ? {} : { node }) },
    })
  }
}
