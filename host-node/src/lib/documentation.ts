/** What the server's own documentation tools, such as @fastify/swagger, read of a route. Fastify validates nothing by it. */
import { type HttpRoute, routeSchema } from '@flowport/flow/http'
import type { FastifyInstance, RouteShorthandOptions } from 'fastify'

export function documentation(
  scope: FastifyInstance,
  route: HttpRoute,
): Pick<RouteShorthandOptions, 'schema' | 'serializerCompiler' | 'validatorCompiler'> {
  const { name, summary = name, tags } = route.flow
  const about: object = { operationId: name, summary, tags: [...tags] }
  // Schemas cost a look at each request: only where somebody shows them.
  if (!scope.hasDecorator('swagger')) return { schema: about }
  return {
    schema: { ...about, ...routeSchema(route) },
    validatorCompiler: () => () => true,
    serializerCompiler: () => (value) => JSON.stringify(value),
  }
}
