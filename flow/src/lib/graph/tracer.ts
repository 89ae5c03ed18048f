/** Runs a `graph` function once, with references instead of values, and records the DAG it describes. */
import { FlowDefinitionError } from '../diagnostics/diagnostic.ts'
import type { AnyNode } from '../node.ts'
import { parsePointer } from '../pointer.ts'
import type { EdgeSetting, Gate, Graph, Source, Surface, Vertex } from './graph.ts'
import { inputsOf, slotsOf } from './graph.ts'
import type { AnyRef, Joined, Ref } from './ref.ts'
import { isRef, makeRef, type RefState, refStateOf } from './reference.ts'
import type { EdgeOptions, Step, StepOptions } from './step.ts'
import { type FromSlot, slotsIn, type Template } from './template.ts'

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
      params: (template: unknown) => this.#made(this.#template(template, 'params')),
      at: (from: AnyRef, pointer: string) => {
        this.#checkPointer('at', pointer)
        return this.#made({ kind: 'from', slot: this.#solid(from, 'at'), pointer })
      },
      text: (literals: TemplateStringsArray, ...values: readonly AnyRef[]) =>
        this.#made(this.#text(literals, values)),
    }) as unknown as Step
  }

  #node(node: AnyNode, from: Joined, options: StepOptions): AnyRef {
    const { after = [], ...kept } = options
    const name = options.alias ?? node.name
    const source = this.#source(from, name)
    const others = after.flatMap((ref) => this.#slotsBehind(ref, name))
    const alias = this.#claim(name)
    return this.#add({
      kind: 'node',
      slot: this.#vertices.length,
      alias,
      gate: this.#gate,
      node,
      source,
      after: this.#waitsFor(source, others),
      options: kept,
    })
  }

  #branch(kind: 'if' | 'switch', from: AnyRef, pointer: string, arms: readonly Arm[], name?: string): AnyRef {
    const alias = this.#claim(name ?? this.#free(kind))
    const source = this.#solid(from, `${alias}.source`)
    this.#checkPointer(alias, pointer)
    const value = this.#ref(source)
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
      const result = body(value) as Joined
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
    const alias = this.#vertices[slot]?.alias ?? String(slot)
    return this.#reference({ owner: this, slot }, `the reference to "${alias}"`, alias)
  }

  #reference(state: RefState, title: string, node?: string): AnyRef {
    return makeRef(state, (use, instead) => {
      throw this.#error(
        'DAG202',
        `${title} ${use}, and it has no value yet: graph runs once, before any request`,
        node,
        `write ${instead}, or do it inside a node`,
      )
    })
  }

  #slot(ref: unknown, at: string): number {
    if (this.#sealed)
      throw this.#error('DAG202', `"${at}" is added after the graph was built: use step only inside graph`)
    const state = refStateOf(ref)
    if (state?.owner === this && 'slot' in state) return state.slot
    throw this.#noInput(ref, at)
  }

  #noInput(given: unknown, at: string): FlowDefinitionError {
    const { owner } = refStateOf(given) ?? {}
    if (owner instanceof Tracer && owner !== this) {
      return this.#error(
        'DAG202',
        `"${at}" takes its input from a reference of another flow, "${owner.#flow}"`,
        at,
        'use the references that this graph was given or that its own steps returned',
      )
    }
    return this.#error(
      'DAG202',
      `"${at}" takes its input from ${describeInput(given)}, which is no reference of this flow`,
      at,
      'pass a reference, or an object or list of references; constants go into step.params({ … })',
    )
  }

  /** The template of a reference that `params`, `at` or `text` made. */
  #templateOf(ref: unknown): Template | undefined {
    const state = refStateOf(ref)
    return state?.owner === this && 'template' in state && !this.#sealed ? state.template : undefined
  }

  /** A slot for any reference: what is put together gets a pass of its own. */
  #solid(ref: AnyRef, alias: string): number {
    return this.#templateOf(ref) === undefined
      ? this.#slot(ref, alias)
      : this.#pass(ref, this.#freeName(alias))
  }

  #slotsBehind(ref: AnyRef, at: string): readonly number[] {
    const template = this.#templateOf(ref)
    return template === undefined ? [this.#slot(ref, at)] : slotsIn(template)
  }

  #made(template: Template): AnyRef {
    if (template.kind === 'from' && template.pointer === '') return this.#ref(template.slot)
    return this.#reference({ owner: this, template }, 'a reference made by step.params, step.at or step.text')
  }

  #template(from: unknown, at: string): Template {
    const made = this.#templateOf(from)
    if (made !== undefined) return made
    if (isRef(from)) return { kind: 'from', slot: this.#slot(from, at), pointer: '' }
    if (typeof from !== 'object' || from === null || !holdsRef(from)) return { kind: 'value', value: from }
    if (Array.isArray(from)) return { kind: 'list', items: from.map((item) => this.#template(item, at)) }
    return {
      kind: 'record',
      fields: Object.entries(from).map(([name, field]) => [name, this.#template(field, at)] as const),
    }
  }

  #text(literals: readonly string[], values: readonly AnyRef[]): Template {
    const parts = literals.flatMap((literal, position): readonly (string | FromSlot)[] => {
      const value = values[position]
      const before = literal === '' ? [] : [literal]
      if (value === undefined) return before
      const made = this.#templateOf(value)
      if (made?.kind === 'from') return [...before, made]
      if (made?.kind === 'text') return [...before, ...made.parts]
      return [...before, { kind: 'from', slot: this.#solid(value, 'text'), pointer: '' }]
    })
    return { kind: 'text', parts }
  }

  /** Outside of arms something must let a step start: where its params are constants, the trigger does. */
  #waitsFor(source: Source, others: readonly number[]): readonly number[] {
    const read = slotsOf(source)
    const after = [...new Set(others)].filter((slot) => !read.includes(slot))
    const starts = source.kind === 'template' && read.length === 0 && after.length === 0
    return starts && this.#gate === null ? [0] : after
  }

  #source(from: Joined, at: string): Source {
    const made = this.#templateOf(from)
    if (made !== undefined) return { kind: 'template', template: made }
    if (isRef(from)) return { kind: 'slot', slot: this.#slot(from, at) }
    if (typeof from === 'object' && from !== null && Object.values(from).some((ref) => this.#templateOf(ref)))
      return { kind: 'template', template: this.#template(from, at) }
    // Nothing would ever start a step without an input; a copy made by structuredClone is such an object.
    if (typeof from !== 'object' || from === null || Object.keys(from).length === 0)
      throw this.#noInput(from, at)
    if (Array.isArray(from)) return { kind: 'tuple', slots: from.map((ref: unknown) => this.#slot(ref, at)) }
    return {
      kind: 'object',
      fields: Object.entries(from).map(([key, ref]) => [key, this.#slot(ref, at)]),
    }
  }

  /** An arm's result: a slot of that very arm, so that not taking the arm skips it. */
  #slotInArm(result: Joined, alias: string): number {
    const gate = this.#gate
    if (isRef(result) && this.#templateOf(result) === undefined) {
      const slot = this.#slot(result, alias)
      const of = this.#vertices[slot]?.gate ?? null
      if (of !== null && gate !== null && of.surface === gate.surface && of.arm === gate.arm) return slot
    }
    return this.#pass(result, alias)
  }

  #slotOfAnswer(answer: Joined, alias: string): number {
    const isSolid = isRef(answer) && this.#templateOf(answer) === undefined
    return isSolid ? this.#slot(answer, alias) : this.#pass(answer, alias)
  }

  #pass(from: Joined, alias: string): number {
    const source = this.#source(from, alias)
    const slot = this.#vertices.length
    const after = this.#waitsFor(source, [])
    this.#add({ kind: 'pass', slot, alias: this.#claim(alias), gate: this.#gate, source, after })
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

  #freeName(alias: string): string {
    return this.#aliases.has(alias) ? this.#free(alias) : alias
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
    hint?: string,
  ): FlowDefinitionError {
    return new FlowDefinitionError({
      code,
      message,
      location: { flow: this.#flow, ...(node === undefined ? {} : { node }) },
      ...(hint === undefined ? {} : { hint }),
    })
  }
}

function describeInput(given: unknown): string {
  if (typeof given === 'string') return 'a text'
  if (Array.isArray(given)) return given.length === 0 ? 'an empty list' : 'a list'
  if (typeof given !== 'object' || given === null) return String(given)
  return Object.keys(given).length === 0 ? 'an empty object' : 'an object without references'
}

/** Whether a reference stands anywhere inside: what holds none is a constant as a whole. */
function holdsRef(value: object): boolean {
  return Object.values(value).some((inner: unknown) => isRef(inner) || (isPlain(inner) && holdsRef(inner)))
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return Array.isArray(value) || prototype === Object.prototype || prototype === null
}
