/** Validates a profile's variables without generating code, which Workers forbid. */
import type { Provider } from '@flowport/capabilities'
import type { EnvironmentIssue, ReadVariables } from '@flowport/flow'
import { type OutputUnit, type Schema, Validator } from '@cfworker/json-schema'

/** A Worker's `env`: variables and secrets as text (or JSON), bindings as objects. */
export type WorkerEnv = Readonly<Record<string, unknown>>

/** The type of the platform's `env`: any object type, such as an interface that names the bindings. */
export type PlatformEnv = object

/**
 * Validates and converts the variables that the providers' schemas name, and applies defaults. An empty variable counts as
 * unset.
 */
export function readVariables(env: WorkerEnv, providers: readonly Pick<Provider, 'env'>[]): ReadVariables {
  const properties: Record<string, Property> = Object.assign(
    {},
    ...providers.map((provider) => provider.env.properties as object),
  )
  if (Object.keys(properties).length === 0) return { values: {}, faults: [] }
  const required = [...new Set(providers.flatMap((provider) => provider.env.required ?? []))]
  const values: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(properties)) {
    const given = env[name]
    const value = given === undefined || given === '' ? property.default : coerced(given, property)
    if (value !== undefined) values[name] = value
  }
  const schema = JSON.parse(JSON.stringify({ type: 'object', properties, required })) as Schema
  const { errors } = new Validator(schema, '2020-12', false).validate(values)
  return { values, faults: errors.flatMap((error) => faultOf(error, properties)) }
}

interface Property {
  readonly type?: unknown
  readonly enum?: readonly unknown[]
  readonly default?: unknown
}

/** Parses a number or boolean from a variable's text. Text that cannot be parsed stays text and fails validation. */
function coerced(value: unknown, { type }: Property): unknown {
  if (typeof value !== 'string') return value
  if (
    (type === 'number' || type === 'integer') &&
    /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(value)
  )
    return Number(value)
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true'
  return value
}

/** Converts an error to the Node host's wording, because the validator's own messages show values. */
function faultOf(
  { keyword, instanceLocation, error }: OutputUnit,
  properties: Readonly<Record<string, Property>>,
): readonly EnvironmentIssue[] {
  if (keyword === 'required') {
    const variable = /"([^"]+)"/.exec(error)?.[1] ?? ''
    return [{ variable, problem: 'is missing' }]
  }
  const variable = instanceLocation.replace(/^#\/?/, '')
  const property = properties[variable] as (Property & Readonly<Record<string, unknown>>) | undefined
  if (property === undefined) return []
  return [{ variable, problem: problemOf(keyword, property) }]
}

function problemOf(keyword: string, property: Property & Readonly<Record<string, unknown>>): string {
  const bound = String(property[keyword])
  switch (keyword) {
    case 'enum':
      return `must be one of ${(property.enum ?? []).join(', ')}`
    case 'type':
      return `must be ${bound}`
    case 'minimum':
      return `must be >= ${bound}`
    case 'maximum':
      return `must be <= ${bound}`
    case 'minLength':
      return `must NOT have fewer than ${bound} characters`
    case 'maxLength':
      return `must NOT have more than ${bound} characters`
    case 'pattern':
    case 'format':
      return `must match ${keyword} "${bound}"`
    default:
      return 'is malformed'
  }
}
