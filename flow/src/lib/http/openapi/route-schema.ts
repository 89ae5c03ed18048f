/** The schemas of a route one by one, for documentation tools of a host that collect routes by themselves. */
import type { HttpRoute } from '../route.ts'
import { inPlace, type Json } from './components.ts'
import { bodySchemas, inputOf } from './request.ts'
import { responses } from './responses.ts'

export interface RouteSchema {
  readonly params?: Json
  readonly querystring?: Json
  readonly body?: Json
  /** Media types of the body. */
  readonly consumes?: readonly string[]
  /** By status: `{ description, content }`, as in OpenAPI. */
  readonly response: Json
}

/** JSON Schemas with their definitions inside. */
export function routeSchema({ flow, trigger }: HttpRoute): RouteSchema {
  const input = inputOf(trigger)
  const bodies = trigger.body === null ? {} : bodySchemas(trigger.body, input)
  const [body] = Object.values(bodies)
  const fields = (names: readonly string[], required: readonly string[]) => ({
    type: 'object',
    properties: Object.fromEntries(names.map((name) => [name, input.properties[name] ?? { type: 'string' }])),
    required,
  })
  const isRequired = (name: string) => input.required.has(name)
  return {
    ...(input.path.length === 0 ? {} : { params: fields(input.path, input.path) }),
    ...(input.query.length === 0 ? {} : { querystring: fields(input.query, input.query.filter(isRequired)) }),
    ...(body === undefined ? {} : { body, consumes: Object.keys(bodies) }),
    response: responses(flow, trigger, inPlace, false),
  }
}
