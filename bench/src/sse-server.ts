/** One of the servers that `sse.ts` loads, selected by name. `GET /ticks?paceMs=0` streams the events. */
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineApp, event, flow, http, node, opaque, streamOf } from '@flowport/flow'
import flowport from '@flowport/host-node'
import Fastify, { type FastifyInstance } from 'fastify'
import * as z from 'zod'
import { encodeTick, eventCount, preamble, type Tick, tick } from './events.ts'
import { serveForParent } from './server-child.ts'

/** The source of events for all candidates. */
async function* ticks(paceMs: number): AsyncGenerator<Tick, void, void> {
  for (let sequence = 0; sequence < eventCount; sequence++) {
    if (paceMs > 0) await sleep(paceMs)
    yield tick(sequence)
  }
}

const TickSchema = z.object({
  sequence: z.number().int(),
  status: z.enum(['up', 'degraded']),
  at: z.string(),
  text: z.string(),
})

function appWith(item: ReturnType<typeof opaque<Tick>>) {
  const Query = z.object({ paceMs: z.coerce.number().int().min(0) })
  const watch = node('watch', {
    input: Query,
    output: streamOf(item),
    async *run({ paceMs }) {
      for await (const one of ticks(paceMs)) yield event('tick', one, { id: String(one.sequence) })
    },
  })
  const stream = flow('ticks', {
    trigger: http.get('/ticks', { input: Query }),
    graph: (query, step) => step(watch, query),
  })
  return defineApp({ flows: [stream], profiles: { bench: [] } })
}

interface Query {
  readonly Querystring: { readonly paceMs: string }
}

const headers = { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' }

const servers: Readonly<Record<string, (server: FastifyInstance) => unknown>> = {
  flowport: (server) => server.register(flowport, { app: appWith(TickSchema), profile: 'bench' }),

  'flowport-opaque': (server) =>
    server.register(flowport, { app: appWith(opaque<Tick>()), profile: 'bench' }),

  raw: (server) =>
    server.get<Query>('/ticks', async ({ query }, reply) => {
      reply.hijack()
      const { raw } = reply
      raw.writeHead(200, headers)
      raw.write(preamble)
      for await (const one of ticks(Number(query.paceMs))) {
        if (!raw.write(encodeTick(one))) await once(raw, 'drain')
      }
      raw.end()
    }),

  readable: (server) =>
    server.get<Query>('/ticks', ({ query }, reply) => {
      async function* encoded() {
        yield preamble
        for await (const one of ticks(Number(query.paceMs))) yield encodeTick(one)
      }
      return reply.headers(headers).send(Readable.from(encoded()))
    }),
}

const register = servers[process.argv[2] ?? '']
if (register === undefined) throw new Error(`there is no server "${process.argv[2]}"`)
const server = Fastify({ logger: false })
await register(server)
await serveForParent(server)
