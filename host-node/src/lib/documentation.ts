/** The route schema for documentation tools of the server, such as @fastify/swagger. Fastify does not validate with it. */
import { type HttpRoute, routeSchema } from '@flowport/flow/http'
import type { FastifyInstance, RouteShorthandOptions } from 'fastify'

export function documentation(
  scope: FastifyInstance,
  route: HttpRoute,
): Pick<RouteShorthandOptions, 'schema' | 'serializerCompiler' | 'validatorCompiler'> {
  const { name, summary = name, tags } = route.flow
  const about: object = { operationId: name, summary, tags: [...tags] }
  // Schemas slow down each request, so routes get them only if @fastify/swagger is registered.
  if (!scope.hasDecorator('swagger')) return { schema: about }
  return {
    schema: { ...about, ...routeSchema(route) },
    validatorCompiler: () => () => true,
    serializerCompiler: () => (value) => JSON.stringify(value),
  }
}
