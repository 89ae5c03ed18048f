/**
 * Compares requests with an `Idempotency-Key`, recorded and replayed, with a bare route and a peer's middleware, in one
 * process.
 */
import { defineApp, flow, http, node } from '@flowport/flow'
import flowport from '@flowport/host-node'
import { flowportHono } from '@flowport/host-workers'
import { memory } from '@flowport/presets/memory'
import { Idempotency } from '@node-idempotency/core'
import { MemoryStorageAdapter } from '@node-idempotency/storage-adapter-memory'
import Fastify from 'fastify'
import { type Context, Hono } from 'hono'
import * as z from 'zod'
import { type Candidate, compare } from '../harness.ts'
import { comparisonTable, type Report } from '../report.ts'
import { result } from './shared.ts'

const Order = z.object({ id: z.string(), amount: z.number() })
const Accepted = z.object({ order: z.number(), state: z.string() })

const accept = node('accept', { input: Order, output: Accepted, run: () => result })
const app = defineApp({
  flows: [
    flow('bare', {
      trigger: http.post('/bare', { input: Order }),
      graph: (order, step) => step(accept, order),
    }),
    flow('recorded', {
      trigger: http.post('/recorded', { input: Order, idempotency: 'optional' }),
      graph: (order, step) => step(accept, order),
    }),
  ],
  profiles: { bench: [memory()] },
})

type Ask = (path: string, headers: Readonly<Record<string, string>>) => Promise<string>

const body = JSON.stringify({ id: 'a', amount: 1 })
const answer = JSON.stringify(result)

const notes = ['Requests are made and answered in this process: nothing goes through a socket.']

export async function measureAnswers(): Promise<Report> {
  const reports = [await measureOnFastify(), await measureOnHono()]
  return { tables: reports.flatMap(({ tables }) => tables), aims: [] }
}

async function measureOnFastify(): Promise<Report> {
  const server = Fastify({ logger: false })
  await server.register(flowport, { app, profile: 'bench' })
  const ask: Ask = async (path, headers) => {
    const { body: text } = await server.inject({ method: 'POST', url: path, headers, payload: body })
    return text
  }
  const reference = 'Flowport, a bare route'
  try {
    const measured = await compare({
      by: 'cpu',
      reference,
      expected: answer,
      candidates: [
        requests(reference, ask, '/bare', null),
        requests('Flowport, `idempotency`, no key', ask, '/recorded', null),
        requests('Flowport, recorded', ask, '/recorded', (i) => `new-${i}`),
        requests('Flowport, replayed', ask, '/recorded', () => 'the-same'),
      ],
    })
    const title = 'POST with `Idempotency-Key` on Fastify, answers in memory'
    return { tables: [comparisonTable(title, measured, { unit: 'µs', notes })], aims: [] }
  } finally {
    await server.close()
  }
}

/** Returns a function that sends requests to a Hono app through its `fetch`. */
function askerOf(fetch: (request: Request) => Response | Promise<Response>): Ask {
  return async (path, headers) =>
    (await fetch(new Request(`http://localhost${path}`, { method: 'POST', headers, body }))).text()
}

async function measureOnHono(): Promise<Report> {
  const ours = flowportHono(app, { profile: 'bench' })
  const env = {}
  const flowportAsk = askerOf((request) => ours.fetch(request, env))
  const peers = honoRoutes()
  const hono = askerOf((request) => peers.fetch(request))
  const reference = 'Flowport, a bare route'
  const measured = await compare({
    by: 'cpu',
    reference,
    expected: answer,
    candidates: [
      requests(reference, flowportAsk, '/bare', null),
      requests('Flowport, `idempotency`, no key', flowportAsk, '/recorded', null),
      requests('Flowport, recorded', flowportAsk, '/recorded', (i) => `new-${i}`),
      requests('Flowport, replayed', flowportAsk, '/recorded', () => 'the-same'),
      requests('Hono, a bare route', hono, '/bare', null),
      requests('Hono with `@node-idempotency/core`, recorded', hono, '/recorded', (i) => `new-${i}`),
      requests('Hono with `@node-idempotency/core`, replayed', hono, '/recorded', () => 'the-same'),
    ],
  })
  const title = 'POST with `Idempotency-Key` on Hono in Node, answers in memory'
  return { tables: [comparisonTable(title, measured, { unit: 'µs', notes })], aims: [] }
}

/** The same handler and schemas in Hono, with a small middleware over the core of a library that has no Hono middleware. */
function honoRoutes(): Hono {
  const idempotency = new Idempotency(new MemoryStorageAdapter())
  const handle = async (context: Context) => {
    Order.parse(await context.req.json())
    return context.json(Accepted.parse(result))
  }
  return new Hono().post('/bare', handle).post(
    '/recorded',
    async (context, next) => {
      const request = {
        headers: context.req.header(),
        path: context.req.path,
        method: context.req.method,
        body: await context.req.json<Record<string, unknown>>(),
      }
      const recorded = await idempotency.onRequest<string, string>(request)
      if (recorded !== undefined)
        return context.body(recorded.body ?? '', 200, { 'content-type': 'application/json' })
      await next()
      await idempotency.onResponse(request, { body: await context.res.clone().text() })
      return undefined
    },
    handle,
  )
}

/** Sends one request after another, and returns the last body. */
function requests(
  name: string,
  ask: Ask,
  path: string,
  key: ((i: number) => string) | null,
): Candidate<string> {
  let at = 0
  return {
    name,
    async run(times) {
      let last = ''
      for (let i = 0; i < times; i++) {
        const keyed: Record<string, string> = key === null ? {} : { 'idempotency-key': key(at++) }
        const headers = { 'content-type': 'application/json', ...keyed }
        last = await ask(path, headers)
      }
      return last
    },
  }
}
