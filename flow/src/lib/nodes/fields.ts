/** A small schema for objects: named fields with types and defaults, as a Standard Schema that JSON Schema can be had of. */
import canonicalize from 'canonicalize'
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec'

export const fieldTypes = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'any'] as const
export type FieldType = (typeof fieldTypes)[number]

/** One field of an object. */
export interface Field {
  readonly type: FieldType
  readonly summary?: string
  /** The field may be left out. Default false. */
  readonly optional?: boolean
  /** What it is when left out. */
  readonly default?: unknown
  /** The only values it may have. */
  readonly oneOf?: readonly unknown[]
  /** Least value of a number. */
  readonly min?: number
  /** Greatest value of a number. */
  readonly max?: number
}

export type Fields = ReadonlyMap<string, Field>

export interface FieldsOptions {
  /** What to do with a field nobody named. Default `'refuse'`. */
  readonly others?: 'refuse' | 'drop'
  /** Takes `'42'` and `'true'` where a number or a boolean is due, as paths and queries bring them. Default false. */
  readonly fromText?: boolean
}

export interface FieldsSchema<T> extends StandardSchemaV1<T, T> {
  readonly fields: Fields
}

/** The schema of an object with these fields. */
export function fieldsSchema<T>(fields: Fields, options: FieldsOptions = {}): FieldsSchema<T> {
  const props: StandardSchemaV1.Props<T, T> & Pick<StandardJSONSchemaV1.Props, 'jsonSchema'> = {
    version: 1,
    vendor: 'flowport',
    validate: (value) => check(value, fields, options) as StandardSchemaV1.Result<T>,
    jsonSchema: { input: () => jsonSchema(fields, true), output: () => jsonSchema(fields, false) },
  }
  return { '~standard': props, fields }
}

/** What is wrong with a value for a field; `null` for nothing. */
export function faultOf(
  value: unknown,
  { type, oneOf, min = -Infinity, max = Infinity }: Field,
): string | null {
  if (!fits(value, type)) return `must be ${described[type]}, not ${describe(value)}`
  if (oneOf !== undefined && !oneOf.some((one) => one === value || isSameJson(one, value))) {
    return `must be one of ${oneOf.map((one) => JSON.stringify(one)).join(', ')}`
  }
  if (typeof value === 'number' && value < min) return `must be at least ${min}`
  if (typeof value === 'number' && value > max) return `must be at most ${max}`
  return null
}

function isSameJson(one: unknown, other: unknown): boolean {
  return typeof one === 'object' && typeof other === 'object' && canonicalize(one) === canonicalize(other)
}

const described: Readonly<Record<FieldType, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'an integer',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  any: 'a value',
}

function describe(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  const kinds: Readonly<Record<string, string>> = { string: 'a text', object: 'an object' }
  return kinds[typeof value] ?? `a ${typeof value}`
}

function fits(value: unknown, type: FieldType): boolean {
  switch (type) {
    case 'any':
      return value !== undefined
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isSafeInteger(value)
    case 'number':
      return typeof value === 'number' && Number.isFinite(value)
    case 'string':
    case 'boolean':
      return typeof value === type
  }
}

function check(value: unknown, fields: Fields, options: FieldsOptions): StandardSchemaV1.Result<unknown> {
  if (!fits(value, 'object')) return { issues: [{ message: `must be an object, not ${describe(value)}` }] }
  const given = value as Readonly<Record<string, unknown>>
  const issues: StandardSchemaV1.Issue[] = []
  const made: (readonly [string, unknown])[] = []
  for (const [name, field] of fields) {
    const raw = Object.hasOwn(given, name) ? given[name] : undefined
    if (raw === undefined) {
      if (field.default !== undefined) made.push([name, structuredClone(field.default)])
      else if (field.optional !== true) issues.push({ path: [name], message: 'is required' })
      continue
    }
    const read = options.fromText === true ? readText(raw, field.type) : raw
    const fault = faultOf(read, field)
    if (fault !== null) issues.push({ path: [name], message: fault })
    else made.push([name, read])
  }
  if (options.others !== 'drop') {
    for (const name of Object.keys(given)) {
      if (!fields.has(name)) issues.push({ path: [name], message: 'is not known here' })
    }
  }
  return issues.length > 0 ? { issues } : { value: Object.fromEntries(made) }
}

function readText(value: unknown, type: FieldType): unknown {
  if (typeof value !== 'string') return value
  if (type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
  const isNumber = (type === 'number' || type === 'integer') && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value)
  return isNumber ? Number(value) : value
}

function jsonSchema(fields: Fields, isInput: boolean): Record<string, unknown> {
  const required = [...fields].filter(([, field]) =>
    isInput
      ? field.optional !== true && field.default === undefined
      : field.optional !== true || field.default !== undefined,
  )
  return {
    type: 'object',
    properties: Object.fromEntries(
      [...fields].map(([name, { type, summary, oneOf, min, max, ...field }]) => [
        name,
        {
          ...(type === 'any' ? {} : { type }),
          ...(summary === undefined ? {} : { description: summary }),
          ...(oneOf === undefined ? {} : { enum: [...oneOf] }),
          ...(min === undefined ? {} : { minimum: min }),
          ...(max === undefined ? {} : { maximum: max }),
          ...(field.default === undefined ? {} : { default: field.default }),
        },
      ]),
    ),
    ...(required.length === 0 ? {} : { required: required.map(([name]) => name) }),
  }
}
