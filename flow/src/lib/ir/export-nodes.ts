/** The nodes of a flow's IR: the trigger, its activities, and the inline nodes that pass and merge. */
import type { AnyFlow } from '../flow.ts'
import type { Graph, NodeVertex, Vertex } from '../graph/graph.ts'
import { templateIr } from '../graph/template.ts'
import type { NodeIdempotency } from '../idempotency.ts'
import type { AnyNode } from '../node.ts'
import { isStreamSchema, schemaName } from '../schema.ts'
import type { TriggerSpec } from '../trigger.ts'
import { triggerText } from '../trigger-text.ts'
import type { NormalUse } from '../uses.ts'
import { idOf, nodeId } from './ids.ts'
import { type IdempotencyIr, identifiers, type NodeIr, naturalKey, type SchemaIr, type UseIr } from './ir.ts'
import { milliseconds } from './milliseconds.ts'

const opaque: SchemaIr = { kind: 'opaque' }

export function nodesOf(flow: AnyFlow, graph: Graph): readonly NodeIr[] {
  const id = idOf(flow)
  const schemas = new Schemas(flow.trigger, graph)
  return graph.vertices.map((vertex): NodeIr => {
    const place = { id: nodeId(id, vertex.alias), alias: vertex.alias }
    if (vertex.kind === 'trigger') return { ...place, ...triggerNode(flow.trigger) }
    const params = paramsIr(graph, vertex)
    if (vertex.kind === 'node') return { ...place, ...activity(vertex), ...params }
    const schema = schemas.outOf(vertex.slot)
    return { ...place, ...inline(identifiers[vertex.kind], schema), ...params }
  })
}

function paramsIr(graph: Graph, vertex: Vertex): Pick<NodeIr, 'params'> {
  if (vertex.kind === 'trigger' || vertex.kind === 'merge' || vertex.source.kind !== 'template') return {}
  return { params: templateIr(vertex.source.template, (slot) => graph.vertices[slot]?.alias ?? '') }
}

type Unplaced = Omit<NodeIr, 'id' | 'alias'>

function activity({ node, options }: NodeVertex): Unplaced {
  const { name, summary, effects, determinism, uses, hints, idempotency } = node
  const { retry } = options
  return {
    identifier: name,
    name,
    kind: 'activity',
    ...(summary === undefined ? {} : { summary }),
    in_schema: named(schemaName(node.input)),
    out_schema: outSchema(node),
    effects,
    determinism,
    ...(idempotency === undefined ? {} : { idempotency: idempotencyIr(idempotency) }),
    determinismHints: sortedSet(hints.map((hint) => hint.name.split('::').slice(0, 2).join('::'))),
    effectHints: sortedSet(hints.filter((hint) => hint.minEffect !== 'pure').map((hint) => hint.name)),
    uses: usesIr(uses),
    streaming: isStreamSchema(node.output),
    ...(retry === undefined
      ? {}
      : {
          retry: {
            max_attempts: retry.maxAttempts,
            backoff_ms: milliseconds(retry.backoff === undefined ? 100 : retry.backoff),
          },
        }),
  }
}

function triggerNode(trigger: TriggerSpec): Unplaced {
  const stored =
    trigger.kind === 'http' && (trigger.body?.kind === 'blob' || trigger.body?.kind === 'multipart')
  const store = stored && trigger.body !== null && 'store' in trigger.body ? trigger.body.store : null
  return {
    identifier: identifiers.trigger,
    name: triggerText(trigger),
    kind: 'trigger',
    in_schema: named(schemaName(trigger.input)),
    out_schema: messageSchema(trigger),
    // What the host stores of a body is its own doing, before the flow begins: `uses` says it, `effects` does not.
    effects: 'read_only',
    determinism: 'strict',
    determinismHints: [],
    effectHints: [],
    uses: store === null ? [] : [{ resource: store, access: 'write', requirements: {}, features: [] }],
    streaming: false,
    ...startedBy(trigger),
  }
}

/** What a queue or a schedule starts by. A route is in the name, as it ever was. */
function startedBy(trigger: TriggerSpec): Pick<NodeIr, 'trigger'> {
  switch (trigger.kind) {
    case 'queue': {
      const { kind, queue, maxAttempts, backoffMs, concurrency, deadlineMs } = trigger
      return {
        trigger: {
          kind,
          queue,
          ...(maxAttempts === undefined ? {} : { max_attempts: maxAttempts }),
          backoff_ms: backoffMs,
          concurrency,
          ...(deadlineMs === undefined ? {} : { deadline_ms: deadlineMs }),
        },
      }
    }
    case 'cron': {
      const { kind, cron, timeZone, deadlineMs } = trigger
      return {
        trigger: {
          kind,
          cron,
          time_zone: timeZone,
          ...(deadlineMs === undefined ? {} : { deadline_ms: deadlineMs }),
        },
      }
    }
    case 'http':
    case 'manual':
      return {}
  }
}

function inline(identifier: string, schema: SchemaIr): Unplaced {
  return {
    identifier,
    name: identifier,
    kind: 'inline',
    in_schema: schema,
    out_schema: schema,
    effects: 'pure',
    determinism: 'strict',
    determinismHints: [],
    effectHints: [],
    uses: [],
    streaming: false,
  }
}

function idempotencyIr(idempotency: NodeIdempotency): IdempotencyIr {
  if (idempotency.kind === 'natural') return { key: naturalKey, scope: 'node' }
  const { keyText, scope, ttlMs, atomic, partitionText, unknown, begins, sink } = idempotency
  return {
    key: keyText,
    scope,
    ttlMs,
    ...(atomic === undefined ? {} : { atomic: atomic === true ? ('required' as const) : atomic }),
    ...(partitionText === undefined ? {} : { partition: partitionText }),
    ...(unknown === undefined ? {} : { unknown: typeof unknown === 'function' ? 'ask' : unknown }),
    begins,
    ...(sink === undefined ? {} : { sink }),
  }
}

function usesIr(uses: readonly NormalUse[]): readonly UseIr[] {
  return uses
    .map(({ resource, access, requirements, features }) => ({
      resource,
      access,
      requirements: Object.fromEntries(Object.entries(requirements).toSorted(byKey)),
      features: features.toSorted(),
    }))
    .toSorted((a, b) => (a.resource < b.resource ? -1 : 1))
}

const byKey = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) =>
  a < b ? -1 : a > b ? 1 : 0

function sortedSet(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted()
}

function named(name: string | null): SchemaIr {
  return name === null ? opaque : { kind: 'named', name }
}

function outSchema({ output }: AnyNode): SchemaIr {
  return named(schemaName(isStreamSchema(output) ? output.item : output))
}

/** A body that is stored or streamed adds a field, which makes the message another type than the schema's. */
function messageSchema(trigger: TriggerSpec): SchemaIr {
  const adds = trigger.kind === 'http' && trigger.body !== null && trigger.body.kind !== 'json'
  return adds ? opaque : named(schemaName(trigger.input))
}

/** Schemas of what inline nodes hand on: a pass of one value keeps its name, a merge the name its arms share. */
class Schemas {
  readonly #trigger: TriggerSpec
  readonly #graph: Graph
  readonly #known = new Map<number, SchemaIr>()

  constructor(trigger: TriggerSpec, graph: Graph) {
    this.#trigger = trigger
    this.#graph = graph
  }

  outOf(slot: number): SchemaIr {
    let schema = this.#known.get(slot)
    if (schema === undefined) {
      const vertex = this.#graph.vertices[slot]
      schema = vertex === undefined ? opaque : this.#compute(vertex)
      this.#known.set(slot, schema)
    }
    return schema
  }

  #compute(vertex: Vertex): SchemaIr {
    if (vertex.kind === 'trigger') return messageSchema(this.#trigger)
    if (vertex.kind === 'node') return isStreamSchema(vertex.node.output) ? opaque : outSchema(vertex.node)
    if (vertex.kind === 'pass') return vertex.source.kind === 'slot' ? this.outOf(vertex.source.slot) : opaque
    const [first = opaque, ...others] = vertex.results.map((slot) => this.outOf(slot))
    const same = others.every((other) => JSON.stringify(other) === JSON.stringify(first))
    return same ? first : opaque
  }
}
