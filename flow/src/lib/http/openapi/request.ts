/** What an operation takes: parameters of the path, the query and headers, and the body. */
import type { AnyFlow } from '../../flow.ts'
import type { BodyBinding } from '../../body.ts'
import { jsonSchemaOf } from '../../schema.ts'
import type { HttpTrigger } from '../../trigger.ts'
import { answersWithBytes } from './answers.ts'
import { binary, type Json, type SchemaPlace } from './components.ts'

/** The input of a route, divided by where its fields come from. */
export interface RouteInput {
  readonly schema: Readonly<Record<string, Json>>
  readonly properties: Readonly<Record<string, Json>>
  readonly required: ReadonlySet<string>
  readonly path: readonly string[]
  readonly query: readonly string[]
  readonly body: readonly string[]
}

export function inputOf(trigger: HttpTrigger): RouteInput {
  const schema = (jsonSchemaOf(trigger.input, 'input') ?? {}) as Record<string, Json>
  const path = [...trigger.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '')
  const properties = (schema['properties'] ?? {}) as Record<string, Json>
  const fields = Object.keys(properties).filter((name) => !path.includes(name))
  const inBody = trigger.body?.kind === 'json' || trigger.body?.kind === 'multipart'
  return {
    schema,
    properties,
    required: new Set((schema['required'] as readonly string[] | undefined) ?? []),
    path,
    query: inBody ? [] : fields,
    body: inBody ? fields : [],
  }
}

export function parameters(
  { path, query, properties, required }: RouteInput,
  owner: string,
  place: SchemaPlace,
): readonly Json[] {
  const parameter = (from: 'path' | 'query', name: string) => ({
    name,
    in: from,
    required: from === 'path' || required.has(name),
    schema: place.add(owner, properties[name] ?? { type: 'string' }),
  })
  return [...path.map((name) => parameter('path', name)), ...query.map((name) => parameter('query', name))]
}

/** Headers that the bridge itself reads for this route. */
export function headerParameters(flow: AnyFlow, trigger: HttpTrigger): readonly Json[] {
  const { idempotency, method, body } = trigger
  const header = (name: string, description: string): Json => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: { type: 'string' },
  })
  const conditions = [
    header('If-Match', 'Entity tags; 412 unless the stored version has one of them.'),
    header('If-None-Match', 'Entity tags, or `*`.'),
  ]
  return [
    ...(idempotency === null
      ? []
      : [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: idempotency.header === 'required',
            description:
              'A key that the client chooses for this request, as a Structured-Field string. Whoever repeats the request with the same key gets the recorded answer.',
            schema: { type: 'string', minLength: 1, maxLength: 257 },
          },
        ]),
    ...(body?.kind === 'blob' ? conditions : []),
    ...(method === 'GET' && answersWithBytes(flow)
      ? [...conditions, header('Range', 'One range of bytes, such as `bytes=0-99`.')]
      : []),
  ]
}

export function requestBody(body: BodyBinding, input: RouteInput, owner: string, place: SchemaPlace): Json {
  const isOptional = body.kind === 'json' && !input.body.some((name) => input.required.has(name))
  const schemas = Object.entries(bodySchemas(body, input))
  return {
    required: !isOptional,
    content: Object.fromEntries(
      schemas.map(([type, schema]) => [type, { schema: place.add(owner, schema) }]),
    ),
  }
}

/** The schema of the body by media type, the one that clients should send first. */
export function bodySchemas(body: BodyBinding, input: RouteInput): Readonly<Record<string, Json>> {
  const { schema } = input
  const own = Object.fromEntries(input.body.map((name) => [name, input.properties[name] ?? {}]))
  const required = input.body.filter((name) => input.required.has(name))
  switch (body.kind) {
    case 'json': {
      const isObject = schema['type'] === 'object' || schema['type'] === undefined
      return { 'application/json': isObject ? { ...schema, properties: own, required } : schema }
    }
    case 'multipart': {
      const files: Json = { type: 'array', items: binary, maxItems: body.maxFiles }
      const properties = { ...own, [body.field]: files }
      return { 'multipart/form-data': { ...schema, type: 'object', properties, required } }
    }
    case 'stream':
      return Object.fromEntries(body.accept.map((type) => [type, binary]))
    case 'blob':
      return { 'application/octet-stream': binary, '*/*': binary }
  }
}
