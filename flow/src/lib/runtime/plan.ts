/** Compiles a flow once for one bag: who waits for whom, how inputs are put together, what each step executes. */
import type { ResourceBag } from '@flowport/capabilities'
import type { AnyFlow } from '../flow.ts'
import {
  armEntries,
  type Graph,
  inputsOf,
  type Source,
  slotsOf,
  type Surface,
  type Vertex,
} from '../graph/graph.ts'
import { compileTemplate } from '../graph/template.ts'
import { compilePointer } from '../pointer.ts'
import { isOpaque, isStreamSchema, type StreamSchema, validate } from '../schema.ts'
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { planNode } from './node-executor.ts'
import type { Execute } from './run-view.ts'

export interface Plan {
  readonly flow: AnyFlow
  /** By slot; slot 0 is the trigger. */
  readonly steps: readonly PlannedStep[]
  readonly answer: number
  /** How many completions each slot waits for. */
  readonly waits: readonly number[]
  /** The values of a run before it starts. */
  readonly blank: readonly undefined[]
}

export interface PlannedStep {
  readonly slot: number
  readonly alias: string
  /** Slots to tell when this one is done. */
  readonly next: readonly number[]
  /** Decisions that are made with this slot's value. */
  readonly decisions: readonly Decision[]
  /** Whether it waits for alternatives, of which at most one comes. */
  readonly merge: boolean
  /** The input, from the run's values. */
  readonly input: (values: readonly unknown[]) => unknown
  /** Does the step's work; `null` hands the input on. */
  readonly execute: Execute | null
  /** Checks what the step yields; `null` where there is nothing to check. */
  readonly check: ((value: unknown) => unknown) | null
  /** Set when the step yields a stream of items. */
  readonly stream: StreamSchema | null
  /** Slots whose value it may hand on as it is: of a merge its arms', of a pass its source's. */
  readonly handsOn: readonly number[]
}

export interface Decision {
  /** Position of the arm to take. */
  readonly choose: (value: unknown) => number
  /** By arm: the slots where it is entered. */
  readonly entries: readonly (readonly number[])[]
}

/** A value that was not made because its arm was not taken. */
export const skipped: unique symbol = Symbol('flowport.skipped')

/** The plan of a flow over the resources of a bag. */
export function compilePlan(flow: AnyFlow, bag: ResourceBag): Plan {
  const { graph } = flow
  const decisions = graph.surfaces.map((surface) => ({
    source: surface.source,
    ...planDecision(graph, surface),
  }))
  const waits = graph.vertices.map((vertex) => inputsOf(vertex).length)
  for (const { entries } of decisions)
    for (const arm of entries) for (const slot of arm) waits[slot] = (waits[slot] ?? 0) + 1
  const steps = graph.vertices.map((vertex): PlannedStep => {
    const output = vertex.kind === 'node' ? vertex.node.output : undefined
    const stream = isStreamSchema(output) ? output : null
    return {
      slot: vertex.slot,
      alias: vertex.alias,
      next: graph.vertices.filter((other) => inputsOf(other).includes(vertex.slot)).map(({ slot }) => slot),
      decisions: decisions.filter(({ source }) => source === vertex.slot),
      merge: vertex.kind === 'merge',
      input:
        vertex.kind === 'merge'
          ? firstMade(vertex.results)
          : vertex.kind === 'trigger'
            ? () => undefined
            : compileSource(vertex.source, (slot) => graph.vertices[slot]?.alias ?? ''),
      execute:
        vertex.kind === 'node' ? planNode(flow, vertex, alreadyChecked(flow, vertex.source), bag) : null,
      check: stream === null ? checker(output as StandardSchemaV1 | undefined, vertex) : null,
      stream,
      handsOn: handedOn(vertex),
    }
  })
  return { flow, steps, answer: graph.answer, waits, blank: steps.map(() => undefined) }
}

/** The schema of the stream that a slot's value is, followed back through merges and passes; `null` for a plain value. */
export function streamSchemaOf(plan: Plan, slot: number, values: readonly unknown[]): StreamSchema | null {
  for (let at: number | undefined = slot; at !== undefined; ) {
    const step: PlannedStep | undefined = plan.steps[at]
    if (step === undefined || step.stream !== null) return step?.stream ?? null
    at = step.handsOn.find((from) => values[from] !== skipped)
  }
  return null
}

function handedOn(vertex: Vertex): readonly number[] {
  if (vertex.kind === 'merge') return vertex.results
  return vertex.kind === 'pass' && vertex.source.kind === 'slot' ? [vertex.source.slot] : []
}

function planDecision(graph: Graph, surface: Surface): Decision {
  const read = compilePointer(surface.pointer)
  const byLabel = new Map(surface.arms.slice(0, -1).map((label, arm) => [label, arm]))
  const otherwise = surface.arms.length - 1
  return {
    choose:
      surface.kind === 'if'
        ? (value) => (read(value) === true ? 0 : 1)
        : (value) => byLabel.get(read(value) as string) ?? otherwise,
    entries: surface.arms.map((_, arm) => armEntries(graph, surface.index, arm)),
  }
}

function compileSource(
  source: Source,
  nameOf: (slot: number) => string,
): (values: readonly unknown[]) => unknown {
  if (source.kind === 'template') return compileTemplate(source.template, nameOf)
  if (source.kind === 'slot') {
    const { slot } = source
    return (values) => values[slot]
  }
  if (source.kind === 'tuple') {
    const { slots } = source
    return (values) => slots.map((slot) => values[slot])
  }
  const { fields } = source
  return (values) => {
    const joined: Record<string, unknown> = {}
    for (const [key, slot] of fields) joined[key] = values[slot]
    return joined
  }
}

function firstMade(results: readonly number[]): (values: readonly unknown[]) => unknown {
  return (values) => {
    for (const slot of results) if (values[slot] !== skipped) return values[slot]
    return skipped
  }
}

/** The schema a single source value has already been checked against, so that the same schema need not run twice. */
function alreadyChecked({ graph, trigger }: AnyFlow, source: Source): StandardSchemaV1 | undefined {
  const slot = slotsOf(source)[0]
  const from = source.kind === 'slot' && slot !== undefined ? graph.vertices[slot] : undefined
  if (from?.kind === 'trigger') return addsBody(trigger) ? undefined : trigger.input
  if (from?.kind !== 'node' || isStreamSchema(from.node.output)) return undefined
  return from.node.output
}

/** Whether the message has more in it than the trigger's schema has seen. */
function addsBody(trigger: AnyFlow['trigger']): boolean {
  return trigger.kind === 'http' && trigger.body !== null && trigger.body.kind !== 'json'
}

function checker(schema: StandardSchemaV1 | undefined, vertex: Vertex): ((value: unknown) => unknown) | null {
  if (schema === undefined || isOpaque(schema)) return null
  return (value) => validate(schema, value, `the output of "${vertex.alias}" does not fit`)
}
