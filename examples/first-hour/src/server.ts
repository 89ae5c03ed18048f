/** The app on Fastify, together with plugins that many servers use: CORS, Helmet, JWT, multipart, rate limits and Swagger. */
import cors from '@fastify/cors'
import helmet from '@fastify/helmet'
import jwt from '@fastify/jwt'
import multipart from '@fastify/multipart'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import type { Hook } from '@flowport/flow'
import flowport, { safeLogging } from '@flowport/host-node'
import Fastify, { type FastifyRequest } from 'fastify'
import app from './app.ts'

declare module '@fastify/jwt' {
  interface FastifyJWT {
    payload: { sub: string }
    user: { sub: string }
  }
}

/** Passes the caller's id to the flows. @fastify/jwt has already verified the token. */
const caller: Hook<FastifyRequest> = {
  name: 'caller',
  before: ({ trigger, request }) => (trigger === 'http' ? { principal: request.user.sub } : undefined),
}

const { JWT_SECRET, PORT = '3000', RATE_LIMIT = '300' } = process.env
if (JWT_SECRET === undefined) throw new Error('set JWT_SECRET')

const server = Fastify({ logger: { level: 'warn', ...safeLogging } })
await server.register(cors, { origin: ['https://shop.example'] })
await server.register(helmet)
await server.register(rateLimit, { max: Number(RATE_LIMIT), timeWindow: '1 minute' })
await server.register(jwt, { secret: JWT_SECRET })
await server.register(multipart)
await server.register(swagger, { openapi: { openapi: '3.1.0', info: { title: 'Orders', version: '1.0.0' } } })
await server.register(async (api) => {
  api.addHook('onRequest', async (request) => {
    await request.jwtVerify()
  })
  await api.register(flowport, { app, prefix: '/api', hooks: [caller] })
})
server.get('/openapi.json', () => server.swagger())

// A plain Fastify route, which uses the multipart plugin's parser.
server.route({
  method: 'POST',
  url: '/form',
  async handler(request) {
    const file = await request.file()
    return { name: file?.filename, size: (await file?.toBuffer())?.length }
  },
})

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void server.close()
  })
console.log(await server.listen({ port: Number(PORT), host: '127.0.0.1' }))
