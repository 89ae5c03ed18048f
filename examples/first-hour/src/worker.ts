/** The app on Cloudflare Workers: a Hono app checks tokens, and the platform delivers queue messages and schedules. */
import type { Hook } from '@flowport/flow'
import { createWorker, flowportHono, type HookContext } from '@flowport/host-workers'
import { Hono } from 'hono'
import { jwt, type JwtVariables } from 'hono/jwt'
import app from './app.ts'

export { KeyValueObject, LedgerObject } from '@flowport/presets/durable-dedupe/objects'

interface Env {
  readonly JWT_SECRET: string
  readonly CARRIER_URL: string
  readonly PHOTOS: R2Bucket
  readonly LABELS: Queue
  readonly LEDGER: DurableObjectNamespace
  readonly KV_OBJECT: DurableObjectNamespace
}

interface Place {
  Bindings: Env
  Variables: JwtVariables<{ sub: string }>
}

/** Passes the caller's id to the flows. Hono's middleware has already verified the token. */
const caller: Hook<HookContext<Place>> = {
  name: 'caller',
  before: ({ trigger, request }) =>
    trigger === 'http' ? { principal: request.var.jwtPayload.sub } : undefined,
}

const server = new Hono<Place>()
server.use('/api/*', (context, next) => jwt({ secret: context.env.JWT_SECRET, alg: 'HS256' })(context, next))
server.route('/api', flowportHono(app, { hooks: [caller] }))

const { queue, scheduled } = createWorker(app)
export default { fetch: server.fetch, queue, scheduled } satisfies ExportedHandler<Env>
