/** Shared parts of an OpenAPI document: definitions inside a JSON Schema move to `components`, references follow. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** Bytes. */
export const binary: Json = { type: 'string', format: 'binary' }

/** Where the schemas of a document are put. */
export interface SchemaPlace {
  /** What stands for the schema where it is used. `owner` tells the definitions of one flow from those of another. */
  add(owner: string, schema: Json): Json
  /** What stands for the RFC 9457 schema. */
  problem(): Json
}

/** Schemas stay where they are used, definitions of their own included. */
export const inPlace: SchemaPlace = {
  add: (_owner, schema) => schema,
  problem: () => problemSchema,
}

export class Components implements SchemaPlace {
  readonly #schemas = new Map<string, Json>()

  /** The schema, with its own `$defs` moved to `components` under the owner's name. */
  add(owner: string, schema: Json): Json {
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return schema
    const { $defs, ...rest } = schema as Record<string, Json>
    const recursive = refersToRoot(rest)
    const nameOf = (name: string) => `${owner}.${name}`.replaceAll(/[^\w.-]/g, '_')
    const follow = (ref: string) => {
      if (ref === '#') return `#/components/schemas/${nameOf('root')}`
      return ref.startsWith('#/$defs/') ? `#/components/schemas/${nameOf(ref.slice('#/$defs/'.length))}` : ref
    }
    for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Json>)) {
      this.#schemas.set(nameOf(name), rewrite(definition, follow))
    }
    const moved = rewrite(rest, follow)
    if (!recursive) return moved
    this.#schemas.set(nameOf('root'), moved)
    return { $ref: `#/components/schemas/${nameOf('root')}` }
  }

  /** A reference to the RFC 9457 schema. */
  problem(): Json {
    this.#schemas.set('Problem', problemSchema)
    return { $ref: '#/components/schemas/Problem' }
  }

  schemas(): Json {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)))
  }
}

const problemSchema: Json = {
  type: 'object',
  description: 'RFC 9457 problem details.',
  required: ['type', 'title', 'status', 'code', 'requestId'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    requestId: { type: 'string' },
    details: { type: 'object' },
  },
}

function refersToRoot(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.some(refersToRoot)
  if (typeof schema !== 'object' || schema === null) return false
  const record = schema as Record<string, Json>
  return record['$ref'] === '#' || Object.values(record).some(refersToRoot)
}

function rewrite(schema: Json, follow: (ref: string) => string): Json {
  if (Array.isArray(schema)) return schema.map((item) => rewrite(item as Json, follow))
  if (typeof schema !== 'object' || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === '$ref' && typeof value === 'string' ? follow(value) : rewrite(value, follow),
    ]),
  )
}
