/** Standard Schemas at the borders of nodes and flows: validating, typing without checking, streams of items. */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'
import { toPointer } from './pointer.ts'

/** Any Standard Schema: zod, valibot, arktype, typebox with an adapter, … */
export type Schema<I = unknown, O = I> = StandardSchemaV1<I, O>
export type InputOf<S extends StandardSchemaV1> = StandardSchemaV1.InferInput<S>
export type OutputOf<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>

const opaqueVendor = 'flowport-opaque'

/** A type without a check: what arrives is taken as it is. */
export function opaque<T>(): StandardSchemaV1<T, T> {
  return { '~standard': { version: 1, vendor: opaqueVendor, validate: (value) => ({ value: value as T }) } }
}

/** Whether the schema checks nothing, so that calling it can be left out. */
export function isOpaque(schema: StandardSchemaV1 | undefined): boolean {
  return schema === undefined || schema['~standard'].vendor === opaqueVendor
}

const named = new WeakMap<StandardSchemaV1, string>()

/** Gives a schema a name, shown in Flow IR and used for the component in OpenAPI. Returns the same schema. */
export function name<S extends StandardSchemaV1>(name: string, schema: S): S {
  named.set(schema, name)
  return schema
}

/** The name given with `name()`, or a schema's own `title`/`id` where its JSON Schema has one. */
export function schemaName(schema: StandardSchemaV1 | undefined): string | null {
  if (schema === undefined) return null
  return named.get(schema) ?? null
}

/**
 * A node that answers with many items over time: `output: streamOf(Item)`, `async *run() { yield … }`. With a `result`
 * the generator also returns a value: over HTTP that is the plain answer, and the items are progress for who asks.
 */
export interface StreamSchema<
  S extends StandardSchemaV1 = StandardSchemaV1,
  R extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined,
> {
  readonly kind: 'stream'
  readonly item: S
  readonly result: R
}

export function streamOf<S extends StandardSchemaV1>(item: S): StreamSchema<S, undefined>
export function streamOf<S extends StandardSchemaV1, R extends StandardSchemaV1>(
  item: S,
  options: { readonly result: R },
): StreamSchema<S, R>
export function streamOf(
  item: StandardSchemaV1,
  { result }: { readonly result?: StandardSchemaV1 } = {},
): StreamSchema {
  return { kind: 'stream', item, result }
}

export function isStreamSchema(schema: StandardSchemaV1 | StreamSchema | undefined): schema is StreamSchema {
  return schema !== undefined && 'kind' in schema && schema.kind === 'stream'
}

/** One thing wrong with a value: where, as a JSON Pointer, and what. */
export interface SchemaIssue {
  readonly pointer: string
  readonly message: string
}

/** Where a value failed its schema. */
export class SchemaError extends Error {
  readonly issues: readonly SchemaIssue[]

  constructor(what: string, issues: readonly SchemaIssue[]) {
    super(`${what}: ${issues.map(({ pointer, message }) => `${pointer || '(whole)'} ${message}`).join('; ')}`)
    this.name = 'SchemaError'
    this.issues = issues
  }
}

/** The validated value, at once where the schema is synchronous. A mismatch is a `SchemaError`. */
export function validate(schema: StandardSchemaV1, value: unknown, what: string): unknown {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) return result.then((settled) => unwrap(settled, what))
  return unwrap(result, what)
}

function unwrap(result: StandardSchemaV1.Result<unknown>, what: string): unknown {
  if (result.issues === undefined) return result.value
  throw new SchemaError(
    what,
    result.issues.map(({ path = [], message }) => ({
      pointer: toPointer(path.map((part) => (typeof part === 'object' ? part.key : part))),
      message,
    })),
  )
}

/**
 * The JSON Schema of one side of a schema, or `null` where its library offers none. A part that JSON Schema cannot say, such
 * as a transformed value, a bigint or a map, allows everything; a date is a date as text, as JSON has it.
 */
export function jsonSchemaOf(
  schema: StandardSchemaV1,
  side: 'input' | 'output',
): Record<string, unknown> | null {
  const standard = schema['~standard'] as Partial<StandardJSONSchemaV1.Props>
  if (standard.jsonSchema === undefined) return null
  try {
    const { $schema: _, ...rest } = standard.jsonSchema[side]({ target: 'draft-2020-12', libraryOptions })
    return rest
  } catch {
    // A library says so by throwing.
    return null
  }
}

const dateText = { type: 'string', format: 'date-time' }

/** Each library reads its own options here: zod the first two, valibot the next two, arktype `fallback`. */
const libraryOptions = {
  unrepresentable: 'any',
  override({ zodSchema, jsonSchema }: { zodSchema: { def: { type: string } }; jsonSchema: object }) {
    if (zodSchema.def.type === 'date') Object.assign(jsonSchema, dateText)
  },
  errorMode: 'ignore',
  overrideSchema: ({ valibotSchema }: { valibotSchema: { type: string } }) =>
    valibotSchema.type === 'date' ? dateText : undefined,
  fallback: { date: () => dateText, default: ({ base }: { base: object }) => base },
}
