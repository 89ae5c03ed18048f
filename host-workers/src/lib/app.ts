/** `flowportHono`: a Hono app with a route per flow, to serve or to mount. The next stop is `handleHttp`. */
import { silentLogger } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import type { AnyFlow, App, Profiles } from '@flowport/flow'
import {
  handleHttp,
  health,
  type HttpOutcome,
  type HttpRoute,
  httpRoutes,
  methodsFor,
  noRoute,
  openApi,
  overviewOf,
  overviewOutcome,
  problemOutcome,
  readiness,
} from '@flowport/flow/http'
import { type Context, Hono } from 'hono'
import { routePath } from 'hono/route'
import type { WorkerEnv } from './environment.ts'
import { type Open, type Opened, opener, type OpenOptions } from './opened.ts'
import { pathParams } from './path.ts'
import type { RoutesOf } from './schema.ts'
import { WebCall } from './web-call.ts'

export interface FlowportHonoOptions extends OpenOptions {
  /**
   * Milliseconds a caller waits at most, where a route does not say. Default 25 000: what goes on after an answer or a
   * disconnect has 30 seconds on the platform.
   */
  readonly deadlineMs?: number
  /** Tell node timings in `Server-Timing`. Default true. */
  readonly serverTiming?: boolean
  /** Serve `GET /` (flows and bindings). Default true. */
  readonly overview?: boolean
  /** Serve `/healthz`, `/readyz`, `/openapi.json`. Default true. */
  readonly operations?: boolean
  /** Answer unknown paths and methods under the mount point with problems. Default true. */
  readonly notFound?: boolean
}

/** What Hono knows of a Worker that runs Flowport. */
export interface FlowportHonoEnv {
  Bindings: WorkerEnv
}

type HonoContext = Context<FlowportHonoEnv>

/**
 * A Hono app with the routes of the flows, typed for Hono's client. `new Hono().route('/api', flowportHono(app))` mounts it;
 * `hc<typeof mounted>(url)` calls it.
 */
export function flowportHono<const F extends readonly AnyFlow[]>(
  app: App<F, Profiles>,
  options: FlowportHonoOptions = {},
): Hono<FlowportHonoEnv, RoutesOf<F>, '/'> {
  return honoFor(app, opener(app, options), options)
}

/** The same over an opener that is shared with what else a Worker does. */
export function honoFor(app: App, open: Open, options: FlowportHonoOptions): Hono<FlowportHonoEnv> {
  const { operations = true, overview = true, notFound = true } = options
  const hono = new Hono<FlowportHonoEnv>()
  const routes = httpRoutes(app)
  for (const route of routes) {
    const { method, path } = route.trigger
    const hasParams = path.includes('/:')
    hono.on(method, path, (context) => serve(context, open, route, hasParams, options))
  }
  if (operations) addOperations(hono, app, open)
  if (overview && !routes.some(({ trigger }) => trigger.method === 'GET' && trigger.path === '/'))
    hono.get('/', (context) => answer(context, open, overviewAnswer))
  if (notFound) hono.all('*', (context) => unknownRoute(context, routes))
  return hono
}

/** One request to a flow. */
async function serve(
  context: HonoContext,
  open: Open,
  route: HttpRoute,
  hasParams: boolean,
  { deadlineMs = 25_000, serverTiming }: FlowportHonoOptions,
): Promise<Response> {
  let call = callOf(context)
  try {
    const opening = open(context.env)
    const { runtime, log } = opening instanceof Promise ? await opening : opening
    const params = hasParams ? pathParams(routePath(context), call.path) : {}
    call = callOf(context, { params, log })
    const settings = { deadlineMs, ...(serverTiming === undefined ? {} : { serverTiming }) }
    return await call.respond(await handleHttp(runtime, route, call, settings))
  } catch (error) {
    return await call.respond(problemOutcome(error, call))
  }
}

/** One request that only needs what has been opened. */
async function answer(
  context: HonoContext,
  open: Open,
  make: (opened: Opened, call: WebCall) => HttpOutcome | Promise<HttpOutcome>,
): Promise<Response> {
  const call = callOf(context)
  try {
    return await call.respond(await make(await open(context.env), call))
  } catch (error) {
    return await call.respond(problemOutcome(error, call))
  }
}

function addOperations(hono: Hono<FlowportHonoEnv>, app: App, open: Open): void {
  let document: string | undefined
  hono.get('/healthz', (context) => callOf(context).respond(health()))
  hono.get('/readyz', (context) => answer(context, open, ({ runtime }) => readiness(runtime, systemClock)))
  hono.get('/openapi.json', (context) => {
    const mount = mountOf(context, '/openapi.json')
    document ??= JSON.stringify(openApi(app, mount === '' ? {} : { serverUrl: mount }))
    return callOf(context).respond({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: document,
    })
  })
}

function overviewAnswer({ app, name, bag }: Opened, call: WebCall): HttpOutcome {
  return overviewOutcome(overviewOf(app, name, bag), call)
}

function unknownRoute(context: HonoContext, routes: readonly HttpRoute[]): Promise<Response> {
  const call = callOf(context)
  const path = call.path.slice(mountOf(context, '/*').length) || '/'
  return call.respond(problemOutcome(noRoute(call.method, methodsFor(routes, path)), call))
}

/** The path the app is mounted under, from the matched route that ends in `own`. */
function mountOf(context: HonoContext, own: string): string {
  const matched = routePath(context)
  return matched.endsWith(own) ? matched.slice(0, -own.length) : ''
}

function callOf(
  context: HonoContext,
  { params = {}, log = silentLogger }: Partial<Pick<WebCall, 'params' | 'log'>> = {},
): WebCall {
  return new WebCall({ request: context.req.raw, params, log, waitUntil: waitUntilOf(context) })
}

/** Outside a Worker, as in tests over `app.request()`, Hono has no execution context and says so by throwing. */
function waitUntilOf(context: HonoContext): ((work: Promise<unknown>) => void) | undefined {
  try {
    const { executionCtx } = context
    return (work) => executionCtx.waitUntil(work)
  } catch {
    return undefined
  }
}
