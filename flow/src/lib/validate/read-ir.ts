/**
 * Reads unknown JSON as Flow IR. Never throws: what is malformed is reported, with a JSON Pointer to it, and left out;
 * the rest is validated as usual. Malformed surfaces are CTRL130, all else is DAG202: a thing that should be there is not.
 */
import { determinisms, effects } from '@flowport/capabilities'
import type { Finding } from '../diagnostics/diagnostic.ts'
import {
  type BufferIr,
  type ControlSurfaceIr,
  type EdgeIr,
  type FlowIr,
  type NodeIr,
  nodeKinds,
  type SchemaIr,
  surfaceKinds,
  type UseIr,
  unknownChoices,
} from '../ir/ir.ts'
import { IrReader, isRecord, type JsonRecord } from './ir-reader.ts'

const profiles = ['web', 'queue', 'temporal', 'wasm', 'dev'] as const
const deliveries = ['at_most_once', 'at_least_once', 'exactly_once'] as const
const opaque: SchemaIr = { kind: 'opaque' }

export interface ReadIr {
  readonly ir: FlowIr
  readonly findings: readonly Finding[]
}

/** The IR with every default spelled out, and what was wrong with its shape. */
export function readIr(value: unknown): ReadIr {
  const flow = isRecord(value) && typeof value['name'] === 'string' ? value['name'] : ''
  const reader = new IrReader(flow)
  const source = reader.record(value, '')
  const lint = reader.record(
    reader.record(source['policies'] ?? {}, '/policies')['lint'] ?? {},
    '/policies/lint',
  )
  const metadata = reader.record(source['metadata'] ?? {}, '/metadata')
  const answer = reader.optionalText(metadata, 'answer', '/metadata')
  const ir: FlowIr = {
    id: reader.text(source, 'id', ''),
    name: reader.text(source, 'name', ''),
    version: reader.text(source, 'version', ''),
    profile: reader.choice(source, 'profile', profiles, 'dev', '', true),
    nodes: reader.list(source, 'nodes', '').flatMap((node, at) => readNode(reader, node, `/nodes/${at}`)),
    edges: reader.list(source, 'edges', '').flatMap((edge, at) => readEdge(reader, edge, `/edges/${at}`)),
    control_surfaces: reader
      .list(source, 'control_surfaces', '')
      .flatMap((surface, at) => readSurface(reader, surface, `/control_surfaces/${at}`)),
    checkpoints: [],
    policies: {
      lint: {
        require_control_hints: lint['require_control_hints'] === true,
        allow_multiple_triggers: lint['allow_multiple_triggers'] === true,
      },
    },
    metadata: {
      tags: reader.texts(metadata, 'tags', '/metadata'),
      ...(answer === undefined ? {} : { answer }),
    },
    artifacts: [],
  }
  return { ir: byAlias(ir), findings: reader.findings }
}

function readNode(reader: IrReader, value: unknown, at: string): readonly NodeIr[] {
  if (!isRecord(value)) return reader.malformed(at, 'must be a node')
  const { alias, kind } = value
  if (typeof alias !== 'string' || alias === '')
    return reader.malformed(`${at}/alias`, 'must be a non-empty text')
  if (!isOneOf(nodeKinds, kind))
    return reader.malformed(`${at}/kind`, `must be one of ${nodeKinds.join(', ')}`)
  const identifier = reader.optionalText(value, 'identifier', at) ?? alias
  return [
    {
      id: reader.optionalText(value, 'id', at) ?? alias,
      alias,
      identifier,
      name: reader.optionalText(value, 'name', at) ?? identifier,
      kind,
      in_schema: readSchema(reader, value, 'in_schema', at),
      out_schema: readSchema(reader, value, 'out_schema', at),
      // Nothing said is the weakest claim.
      effects: reader.choice(value, 'effects', effects, kind === 'trigger' ? 'pure' : 'effectful', at),
      determinism: reader.choice(value, 'determinism', determinisms, 'best_effort', at),
      ...readIdempotency(reader, value, at),
      determinismHints: reader.texts(value, 'determinismHints', at),
      effectHints: reader.texts(value, 'effectHints', at),
      uses: reader.list(value, 'uses', at).flatMap((use, n) => readUse(reader, use, `${at}/uses/${n}`)),
      streaming: value['streaming'] === true,
      ...readRetry(reader, value, at),
    },
  ]
}

function readSchema(reader: IrReader, node: JsonRecord, key: string, at: string): SchemaIr {
  const schema = node[key]
  if (schema === undefined || schema === null) return opaque
  if (isRecord(schema) && schema['kind'] === 'opaque') return opaque
  if (isRecord(schema) && schema['kind'] === 'named' && typeof schema['name'] === 'string') {
    return { kind: 'named', name: schema['name'] }
  }
  reader.malformed(`${at}/${key}`, "must be {kind: 'opaque'} or {kind: 'named', name}")
  return opaque
}

function readIdempotency(reader: IrReader, node: JsonRecord, at: string): Pick<NodeIr, 'idempotency'> {
  const value = node['idempotency']
  if (value === undefined || value === null) return {}
  const source = reader.record(value, `${at}/idempotency`)
  const key = reader.optionalText(source, 'key', `${at}/idempotency`)
  const ttlMs = reader.optionalNumber(source, 'ttlMs', `${at}/idempotency`)
  const scope = reader.choice(source, 'scope', ['node', 'edge', 'partition'], 'node', `${at}/idempotency`)
  const choice = <const T extends string>(name: string, choices: readonly T[], otherwise: T) =>
    (source[name] ?? undefined) === undefined
      ? undefined
      : reader.choice(source, name, choices, otherwise, `${at}/idempotency`)
  const atomic = choice('atomic', ['required', 'preferred'], 'required')
  const partition = reader.optionalText(source, 'partition', `${at}/idempotency`)
  const unknown = choice('unknown', unknownChoices, 'never')
  const begins = choice('begins', ['handler', 'effect'], 'handler')
  const sink = choice('sink', ['keyed'], 'keyed')
  return {
    idempotency: {
      scope,
      ...(key === undefined ? {} : { key }),
      ...(ttlMs === undefined ? {} : { ttlMs }),
      ...(atomic === undefined ? {} : { atomic }),
      ...(partition === undefined ? {} : { partition }),
      ...(unknown === undefined ? {} : { unknown }),
      ...(begins === undefined ? {} : { begins }),
      ...(sink === undefined ? {} : { sink }),
    },
  }
}

function readUse(reader: IrReader, value: unknown, at: string): readonly UseIr[] {
  const source = reader.record(value, at)
  const resource = reader.text(source, 'resource', at)
  const requirements = reader.record(source['requirements'] ?? {}, `${at}/requirements`)
  return [
    {
      resource,
      access: reader.text(source, 'access', at),
      requirements,
      features: reader.texts(source, 'features', at),
    },
  ]
}

function readRetry(reader: IrReader, node: JsonRecord, at: string): Pick<NodeIr, 'retry'> {
  if (node['retry'] === undefined || node['retry'] === null) return {}
  const source = reader.record(node['retry'], `${at}/retry`)
  return {
    retry: {
      max_attempts: numberOf(source['max_attempts']),
      backoff_ms: numberOf(source['backoff_ms'] ?? 0),
    },
  }
}

function readEdge(reader: IrReader, value: unknown, at: string): readonly EdgeIr[] {
  if (!isRecord(value)) return reader.malformed(at, 'must be an edge')
  const { from, to, timeout_ms: timeout, buffer } = value
  if (typeof from !== 'string') return reader.malformed(`${at}/from`, 'must be the alias of a node')
  if (typeof to !== 'string') return reader.malformed(`${at}/to`, 'must be the alias of a node')
  const partitionKey = reader.optionalText(value, 'partition_key', at)
  return [
    {
      from,
      to,
      delivery: reader.choice(value, 'delivery', deliveries, 'at_least_once', at),
      ordering: reader.choice(value, 'ordering', ['ordered', 'unordered'], 'ordered', at),
      ...(partitionKey === undefined ? {} : { partition_key: partitionKey }),
      ...(timeout === undefined ? {} : { timeout_ms: numberOf(timeout) }),
      buffer: buffer === undefined || buffer === null ? {} : readBuffer(reader, buffer, `${at}/buffer`),
      ...(value['feeds'] === undefined ? {} : { feeds: reader.texts(value, 'feeds', at) }),
    },
  ]
}

function readBuffer(reader: IrReader, value: unknown, at: string): BufferIr {
  const source = reader.record(value, at)
  const tier = reader.optionalText(source, 'spill_tier', at)
  const onDrop = reader.optionalText(source, 'on_drop', at)
  return {
    ...(source['max_items'] === undefined ? {} : { max_items: numberOf(source['max_items']) }),
    ...(source['spill_threshold_bytes'] === undefined
      ? {}
      : { spill_threshold_bytes: numberOf(source['spill_threshold_bytes']) }),
    ...(tier === undefined ? {} : { spill_tier: tier }),
    ...(onDrop === undefined ? {} : { on_drop: onDrop }),
  }
}

function readSurface(reader: IrReader, value: unknown, at: string): readonly ControlSurfaceIr[] {
  if (!isRecord(value)) return reader.malformed(at, 'must be a control surface', 'CTRL130')
  const { id, kind, targets = [], config } = value
  if (!isOneOf(surfaceKinds, kind)) {
    return reader.malformed(`${at}/kind`, `must be one of ${surfaceKinds.join(', ')}`, 'CTRL130')
  }
  const code = kind === 'switch' ? 'CTRL110' : kind === 'if' ? 'CTRL120' : 'CTRL130'
  if (!isRecord(config)) return reader.malformed(`${at}/config`, 'must be an object', code)
  if (!Array.isArray(targets) || !targets.every((target) => typeof target === 'string')) {
    return reader.malformed(`${at}/targets`, 'must be a list of aliases', code)
  }
  return [{ id: typeof id === 'string' ? id : `${kind} ${at}`, kind, targets, config }]
}

/** Edges may name nodes by id as well; from here on they name aliases. */
function byAlias(ir: FlowIr): FlowIr {
  const aliases = new Set(ir.nodes.map(({ alias }) => alias))
  const byId = new Map(ir.nodes.map(({ id, alias }) => [id, alias]))
  const alias = (name: string) => (aliases.has(name) ? name : (byId.get(name) ?? name))
  return { ...ir, edges: ir.edges.map((edge) => ({ ...edge, from: alias(edge.from), to: alias(edge.to) })) }
}

function isOneOf<const T extends string>(choices: readonly T[], value: unknown): value is T {
  return (choices as readonly unknown[]).includes(value)
}

/** A number, or `NaN`, which the checks of that field report. */
function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : Number.NaN
}
