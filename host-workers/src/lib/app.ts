/** `flowportHono`: a Hono app with a route per flow, to serve or to mount. The next stop is `handleHttp`. */
import { systemClock } from '@flowport/capabilities/system'
import type { AnyFlow, App, Profiles } from '@flowport/flow'
import {
  checkApp,
  checkHandleOptions,
  checkSweepOption,
  type HandleOptions,
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
import { type Opened, type Opener, opener, type OpenOptions } from './opened.ts'
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
export function honoFor(app: App, profile: Opener, options: FlowportHonoOptions): Hono<FlowportHonoEnv> {
  const { operations = true, overview = true, notFound = true, deadlineMs = 25_000, serverTiming } = options
  checkApp(app)
  checkHandleOptions(options)
  checkSweepOption(options)
  const hono = new Hono<FlowportHonoEnv>()
  const routes = httpRoutes(app)
  const settings = { deadlineMs, ...(serverTiming === undefined ? {} : { serverTiming }) }
  for (const route of routes) {
    const { method, path } = route.trigger
    const hasParams = path.includes('/:')
    hono.on(method, path, (context) => {
      const call = new WebCall(context, hasParams ? routePath(context) : null)
      return serve(context.env, call, profile, route, settings)
    })
  }
  if (operations) addOperations(hono, app, profile)
  if (overview && !routes.some(({ trigger }) => trigger.method === 'GET' && trigger.path === '/'))
    hono.get('/', (context) => answer(context, profile, overviewAnswer))
  if (notFound) hono.all('*', (context) => unknownRoute(context, routes))
  return hono
}

/** One request to a flow. */
async function serve(
  env: WorkerEnv | undefined,
  call: WebCall,
  profile: Opener,
  route: HttpRoute,
  settings: HandleOptions,
): Promise<Response> {
  try {
    const opening = profile.open(env)
    const { runtime, log, sweeper } = opening instanceof Promise ? await opening : opening
    call.log = log
    const outcome = await handleHttp(runtime, route, call, settings)
    // Nothing runs between requests, so that forms left unfinished are looked for beside one that was answered.
    const sweep = route.trigger.body?.kind === 'multipart' ? sweeper.sweepIfDue() : undefined
    if (sweep !== undefined) call.waitUntil(sweep)
    return await call.respond(outcome)
  } catch (error) {
    return await refused(error, env, call, profile)
  }
}

/** One request that only needs what has been opened. */
async function answer(
  context: HonoContext,
  profile: Opener,
  make: (opened: Opened, call: WebCall) => HttpOutcome | Promise<HttpOutcome>,
): Promise<Response> {
  const call = new WebCall(context)
  try {
    return await call.respond(await make(await profile.open(context.env), call))
  } catch (error) {
    return await refused(error, context.env, call, profile)
  }
}

/** A profile that could not be opened. */
function refused(
  error: unknown,
  env: WorkerEnv | undefined,
  call: WebCall,
  profile: Opener,
): Response | Promise<Response> {
  call.log ??= profile.log(env)
  return call.respond(problemOutcome(error, call))
}

function addOperations(hono: Hono<FlowportHonoEnv>, app: App, profile: Opener): void {
  let document: string | undefined
  hono.get('/healthz', (context) => new WebCall(context).respond(health()))
  hono.get('/readyz', (context) => answer(context, profile, ({ runtime }) => readiness(runtime, systemClock)))
  hono.get('/openapi.json', (context) => {
    const mount = mountOf(context, '/openapi.json')
    document ??= JSON.stringify(openApi(app, mount === '' ? {} : { serverUrl: mount }))
    return new WebCall(context).respond({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: document,
    })
  })
}

function overviewAnswer({ app, name, bag }: Opened, call: WebCall): HttpOutcome {
  return overviewOutcome(overviewOf(app, name, bag), call)
}

function unknownRoute(context: HonoContext, routes: readonly HttpRoute[]): Response | Promise<Response> {
  const call = new WebCall(context)
  const path = call.path.slice(mountOf(context, '/*').length) || '/'
  return call.respond(problemOutcome(noRoute(call.method, methodsFor(routes, path)), call))
}

/** The path the app is mounted under, from the matched route that ends in `own`. */
function mountOf(context: HonoContext, own: string): string {
  const matched = routePath(context)
  return matched.endsWith(own) ? matched.slice(0, -own.length) : ''
}
