/** The OpenAPI 3.1 document of an app, from the schemas of its flows. Same app, same text. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { App } from '../app.ts'
import type { BodyBinding } from '../body.ts'
import { answerSchemas } from '../answer-schemas.ts'
import type { AnyFlow } from '../flow.ts'
import { isStreamSchema, jsonSchemaOf, type StreamSchema } from '../schema.ts'
import type { RecordedAnswers } from '../idempotency-option.ts'
import type { HttpTrigger } from '../trigger.ts'
import { httpRoutes } from './route.ts'
import { Components, type Json } from './openapi-components.ts'

export interface OpenApiOptions {
  /** Where the app is served. Default: relative to the document. */
  readonly serverUrl?: string
}

/** A complete document; JSON only. */
export function openApi(app: App, { serverUrl }: OpenApiOptions = {}): Json {
  const components = new Components()
  const paths: Record<string, Record<string, Json>> = {}
  for (const { flow, trigger } of httpRoutes(app)) {
    const path = trigger.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] ??= {}
    paths[path][trigger.method.toLowerCase()] = operation(flow, trigger, components)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: app.name,
      version: app.version,
      description: app.summary ?? `The flows of ${app.name}, served by Flowport.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: serverUrl ?? '/' }],
    tags: tagsOf(app).map((name) => ({ name, description: `Flows tagged ${name}` })),
    paths,
    components: { schemas: components.schemas() },
  }
}

function tagsOf({ flows }: App): readonly string[] {
  return [...new Set(flows.flatMap(({ tags }) => tags))].sort()
}

function operation(flow: AnyFlow, trigger: HttpTrigger, components: Components): Json {
  const schema = jsonSchemaOf(trigger.input, 'input') ?? {}
  const pathNames = [...trigger.path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '')
  const properties = (schema['properties'] ?? {}) as Record<string, Json>
  const required = new Set((schema['required'] as readonly string[] | undefined) ?? [])
  const fields = Object.keys(properties).filter((name) => !pathNames.includes(name))
  const inBody = trigger.body?.kind === 'json' || trigger.body?.kind === 'multipart'
  const parameters: Json[] = [
    ...pathNames.map((name) => parameter('path', name, properties[name], true, flow, components)),
    ...(inBody
      ? []
      : fields.map((name) =>
          parameter('query', name, properties[name], required.has(name), flow, components),
        )),
    ...(trigger.idempotency === null ? [] : [idempotencyHeader(trigger.idempotency)]),
  ]
  const body =
    trigger.body === null ? null : requestBody(trigger.body, schema, fields, required, flow, components)
  return {
    operationId: flow.name,
    summary: flow.summary ?? flow.name,
    description: flow.summary ?? `Runs the flow ${flow.name} ${flow.version}.`,
    tags: flow.tags.length === 0 ? [] : [...flow.tags],
    parameters,
    ...(body === null ? {} : { requestBody: body }),
    responses: responses(flow, trigger, components),
  }
}

function parameter(
  place: 'path' | 'query',
  name: string,
  schema: Json | undefined,
  required: boolean,
  flow: AnyFlow,
  components: Components,
): Json {
  return { name, in: place, required, schema: components.add(flow.name, schema ?? { type: 'string' }) }
}

function idempotencyHeader({ header }: RecordedAnswers): Json {
  return {
    name: 'Idempotency-Key',
    in: 'header',
    required: header === 'required',
    description:
      'A key that the client chooses for this request, as a Structured-Field string. Whoever repeats the request with the same key gets the recorded answer.',
    schema: { type: 'string', minLength: 1, maxLength: 257 },
  }
}

function requestBody(
  body: BodyBinding,
  schema: Record<string, unknown>,
  fields: readonly string[],
  required: ReadonlySet<string>,
  flow: AnyFlow,
  components: Components,
): Json {
  const properties = (schema['properties'] ?? {}) as Record<string, Json>
  const own = Object.fromEntries(fields.map((name) => [name, properties[name] ?? {}]))
  const needed = fields.filter((name) => required.has(name))
  switch (body.kind) {
    case 'json': {
      const isObject = schema['type'] === 'object' || schema['type'] === undefined
      const whole = isObject
        ? { ...schema, properties: own, ...(needed.length === 0 ? { required: [] } : { required: needed }) }
        : schema
      return {
        required: needed.length > 0,
        content: { 'application/json': { schema: components.add(flow.name, whole as Json) } },
      }
    }
    case 'multipart':
      return {
        required: true,
        content: {
          'multipart/form-data': {
            schema: {
              type: 'object',
              properties: {
                ...own,
                [body.field]: { type: 'array', items: { type: 'string', format: 'binary' } },
              },
            },
          },
        },
      }
    case 'stream':
      return {
        required: true,
        content: Object.fromEntries(body.accept.map((type) => [type, { schema: binary }])),
      }
    case 'blob':
      return { required: true, content: { '*/*': { schema: binary } } }
  }
}

const binary: Json = { type: 'string', format: 'binary' }

function responses(flow: AnyFlow, trigger: HttpTrigger, components: Components): Json {
  const problem = { content: { 'application/problem+json': { schema: components.problem() } } }
  return {
    [String(trigger.status)]: {
      description: 'The answer of the flow.',
      content: answerContent(flow, components),
    },
    '400': { description: 'The request is malformed.', ...problem },
    ...(trigger.idempotency === null
      ? {}
      : {
          '409': { description: 'A request with the same `Idempotency-Key` is being worked on.', ...problem },
        }),
    '422': {
      description:
        trigger.idempotency === null
          ? 'The input does not fit its schema; `details.issues` points at each field.'
          : 'The input does not fit its schema (`details.issues` points at each field), or the `Idempotency-Key` was used with another request.',
      ...problem,
    },
    ...(trigger.body?.kind === 'blob'
      ? { '412': { description: 'A condition on the stored version does not hold.', ...problem } }
      : {}),
    ...(trigger.body === null
      ? {}
      : {
          '408': { description: 'The body did not arrive in time.', ...problem },
          '413': { description: 'The body is too large.', ...problem },
          '415': {
            description: 'The body is of a type, a charset or a coding that is not taken.',
            ...problem,
          },
        }),
    '500': { description: 'The server failed.', ...problem },
    '503': { description: 'A resource is unavailable, or the server is draining.', ...problem },
    '504': { description: 'The deadline passed.', ...problem },
  }
}

function answerContent(flow: AnyFlow, components: Components): Json {
  const outputs = answerSchemas(flow)
  const stream = outputs.find((output): output is StreamSchema => isStreamSchema(output))
  if (stream !== undefined) {
    const item = components.add(flow.name, (jsonSchemaOf(stream.item, 'output') ?? {}) as Json)
    const result =
      stream.result === undefined
        ? {}
        : {
            'application/json': {
              schema: components.add(flow.name, (jsonSchemaOf(stream.result, 'output') ?? {}) as Json),
            },
          }
    return { ...result, 'text/event-stream': { schema: item }, 'application/x-ndjson': { schema: item } }
  }
  const schemas = outputs.map(
    (output) =>
      (output === undefined ? {} : (jsonSchemaOf(output as StandardSchemaV1, 'output') ?? {})) as Json,
  )
  const known = schemas.map((schema) => components.add(flow.name, schema))
  return { 'application/json': { schema: known.length === 1 ? (known[0] ?? {}) : { anyOf: known } } }
}
