/** One of the servers that `echo.ts` loads, selected by name: the same work in different frameworks. */
import { defineApp } from '@flowport/flow'
import { echo } from '@flowport-examples/flows/flows/echo'
import flowport from '@flowport/host-node'
import { OpenAPIHandler } from '@orpc/openapi/fastify'
import { os } from '@orpc/server'
import { initTRPC } from '@trpc/server'
import { fastifyTRPCPlugin } from '@trpc/server/adapters/fastify'
import Fastify, { type FastifyInstance } from 'fastify'
import * as z from 'zod'
import { serveForParent } from './server-child.ts'

const Value = z.object({ value: z.string().max(10_000) })
const Echoed = z.object({ value: z.string(), length: z.number().int() })

/** The same work as the example's echo flow. */
function normalise({ value }: z.infer<typeof Value>): z.infer<typeof Echoed> {
  const normal = value.normalize('NFC').trim().replaceAll(/\s+/gu, ' ')
  return { value: normal, length: [...normal].length }
}

const schemas = { schema: { body: Value, response: { 200: Echoed } } }

/** Makes Fastify use the flow's schemas, through its validator and serializer compilers. */
function withZod(server: FastifyInstance): FastifyInstance {
  return server
    .setValidatorCompiler<z.ZodType>(({ schema }) => (input) => {
      const { success, data, error } = schema.safeParse(input)
      return success ? { value: data } : { error }
    })
    .setSerializerCompiler<z.ZodType>(
      ({ schema }) =>
        (output) =>
          JSON.stringify(schema.parse(output)),
    )
}

const app = defineApp({ flows: [echo], profiles: { bench: [] } })

const servers: Readonly<Record<string, (server: FastifyInstance) => unknown>> = {
  flowport: (server) => server.register(flowport, { app, profile: 'bench' }),

  'flowport-timing': (server) =>
    server.register(flowport, { app, profile: 'bench', answerHeaders: { serverTiming: true } }),

  fastify: (server) =>
    server.post<{ Body: z.infer<typeof Value> }>(
      '/echo',
      {
        schema: {
          body: {
            type: 'object',
            properties: { value: { type: 'string', maxLength: 10_000 } },
            required: ['value'],
            additionalProperties: false,
          },
          response: {
            200: {
              type: 'object',
              properties: { value: { type: 'string' }, length: { type: 'integer' } },
              required: ['value', 'length'],
              additionalProperties: false,
            },
          },
        },
      },
      async ({ body }) => normalise(body),
    ),

  /** Measures the cost of the same two headers without Flowport. */
  'fastify-headers': (server) =>
    withZod(server).post<{ Body: z.infer<typeof Value> }>('/echo', schemas, async ({ body }, reply) => {
      reply.header('x-request-id', crypto.randomUUID())
      reply.header('cache-control', 'no-store')
      return normalise(body)
    }),

  'fastify-zod': (server) =>
    withZod(server).post<{ Body: z.infer<typeof Value> }>('/echo', schemas, async ({ body }) =>
      normalise(body),
    ),

  trpc(server) {
    const t = initTRPC.create()
    const router = t.router({
      echo: t.procedure
        .input(Value)
        .output(Echoed)
        .mutation(({ input }) => normalise(input)),
    })
    return server.register(fastifyTRPCPlugin, { prefix: '', trpcOptions: { router } })
  },

  orpc(server) {
    const router = {
      echo: os
        .route({ method: 'POST', path: '/echo' })
        .input(Value)
        .output(Echoed)
        .handler(({ input }) => normalise(input)),
    }
    const handler = new OpenAPIHandler(router)
    // oRPC reads bodies itself.
    server.removeAllContentTypeParsers()
    server.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined))
    return server.post('/echo', async (request, reply) => {
      const { matched } = await handler.handle(request, reply, { context: {} })
      if (!matched) await reply.code(404).send('Not found')
    })
  },
}

const register = servers[process.argv[2] ?? '']
if (register === undefined) throw new Error(`there is no server "${process.argv[2]}"`)
const server = Fastify({ logger: false })
await register(server)
await serveForParent(server)
