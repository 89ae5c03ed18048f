/** `flowportHono`: a Hono app with a route per flow, to serve or to mount. The next stop is `handleHttp`. */
import type { Awaitable } from '@flowport/capabilities'
import type { AnyFlow, App, Profiles } from '@flowport/flow'
import {
  type AllowedHosts,
  type AnswerHeaders,
  type BodyLimits,
  checkApp,
  checkedBodyLimits,
  checkedOperations,
  checkHandleOptions,
  checkSweepOption,
  type CrossSite,
  handleHttp,
  type HttpOutcome,
  httpRoutes,
  ledgerOutcome,
  methodsFor,
  noRoute,
  type Operations,
  problemOutcome,
  waitsForKey,
} from '@flowport/flow/http'
import { type Context, Hono } from 'hono'
import { routePath } from 'hono/route'
import { hostChecks, hostOf } from './doors.ts'
import type { WorkerEnv } from './environment.ts'
import { type Opened, type Opener, opener, type OpenOptions } from './opened.ts'
import { HeldBytes } from './held-bytes.ts'
import type { FlowportHonoEnv } from './hono-env.ts'
import { addOperations, type Answer } from './operations.ts'
import type { RoutesOf } from './schema.ts'
import { WebCall } from './web-call.ts'

export interface FlowportHonoOptions extends OpenOptions {
  /**
   * Maximum milliseconds a caller waits, if the route declares no deadline. Default 25 000, because Cloudflare ends work 30
   * seconds after the answer or the client's disconnect.
   */
  readonly deadlineMs?: number
  /** Headers added to the answers of routes. Default: `X-Request-Id` and `Cache-Control: no-store`, but no `Server-Timing`. */
  readonly answerHeaders?: AnswerHeaders
  /**
   * Who may see the overview (`GET /`), `/openapi.json` and `/readyz`; `/healthz` is public. `true` makes all of them public,
   * `false` serves none. Default: readiness is public, the other two answer only requests to a loopback name, as under
   * `wrangler dev`.
   */
  readonly operations?: boolean | Operations
  /**
   * Host names that the Worker answers to. Default: the comma-separated names in the variable `ALLOWED_HOSTS`, else all names.
   */
  readonly allowedHosts?: AllowedHosts
  /**
   * Handling of cross-site POSTs that browsers send without a preflight: `'refuse'` answers 403, `'allow'` accepts them, and a
   * list accepts them from its origins. A route can override it. Default `'refuse'`.
   */
  readonly crossSite?: CrossSite
  /** Minimum rate of request bodies, and maximum memory of the isolate for unfinished ones. */
  readonly bodies?: BodyLimits
  /** Whether unknown paths and methods under the mount point are answered with problems. Default true. */
  readonly notFound?: boolean
}

type HonoContext = Context<FlowportHonoEnv>

/**
 * Returns a Hono app with the flows' routes, typed for Hono's client. `new Hono().route('/api', flowportHono(app))` mounts it;
 * `hc<typeof mounted>(url)` calls it.
 */
export function flowportHono<const F extends readonly AnyFlow[]>(
  app: App<F, Profiles>,
  options: FlowportHonoOptions = {},
): Hono<FlowportHonoEnv, RoutesOf<F>, '/'> {
  return honoFor(app, opener(app, options), options, { ledger: ledgerOutcome })
}

export interface HonoParts {
  /** Serves `/flowport/ledger`. Default: not served, so that a page need not download its code. */
  readonly ledger?: typeof ledgerOutcome
  /**
   * Whether the Hono app is served directly and never mounted. Then unknown paths use `notFound` instead of a handler for all
   * paths: with a single matching handler, Hono creates no extra promises per request. Default false.
   */
  readonly isServed?: boolean
}

/** Like `flowportHono`, with an opener that the Worker's other handlers share. */
export function honoFor(
  app: App,
  profile: Opener,
  options: FlowportHonoOptions,
  { ledger, isServed = false }: HonoParts = {},
): Hono<FlowportHonoEnv> {
  const { notFound = true, deadlineMs = 25_000, answerHeaders, crossSite } = options
  checkApp(app)
  checkHandleOptions(options)
  checkSweepOption(options)
  const hono = new Hono<FlowportHonoEnv>()
  const routes = httpRoutes(app)
  const limits = checkedBodyLimits(options.bodies)
  const bodies = { limits, held: new HeldBytes(limits.maxHeldBytes) }
  const checks = hostChecks(options.allowedHosts)
  const operations = checkedOperations(options.operations)
  if (operations.ledger === 'guarded' && ledger === undefined)
    throw new TypeError('operations.ledger is not for pages: settle their ledger with ledgerOperations()')
  const settings = {
    deadlineMs,
    ...(answerHeaders === undefined ? {} : { answerHeaders }),
    ...(crossSite === undefined ? {} : { crossSite }),
  }
  const check = (context: HonoContext) => {
    const refusal = checks(context.env)?.(hostOf(context.req.raw.url))
    if (refusal !== undefined) throw refusal
  }
  for (const route of routes) {
    const { method, path } = route.trigger
    const hasParams = path.includes('/:')
    const { body, idempotency } = route.trigger
    const leavesParts = waitsForKey(body) || idempotency !== null
    hono.on(method, path, (context) => {
      const call = new WebCall(context, hasParams ? routePath(context) : null, bodies)
      return answered(context.env, call, profile, () => {
        check(context)
        const opening = profile.open(context.env)
        const run = ({ runtime, log, sweeper }: Opened) => {
          call.log = log
          const outcome = handleHttp(runtime, route, call, settings)
          if (!leavesParts) return outcome
          // A Worker runs only during requests, so unfinished uploads are swept after a request that may leave some.
          return outcome.then((answer) => {
            const sweep = sweeper.sweepIfDue()
            if (sweep !== undefined) call.waitUntil(sweep)
            return answer
          })
        }
        return opening instanceof Promise ? opening.then(run) : run(opening)
      })
    })
  }
  const answer: Answer = (context, make) => {
    const call = new WebCall(context)
    return answered(context.env, call, profile, () => {
      check(context)
      return make(call, () => profile.open(context.env))
    })
  }
  const hasRoot = routes.some(({ trigger }) => trigger.method === 'GET' && trigger.path === '/')
  addOperations(hono, app, operations, answer, { hasRoot, mountOf, ledger })
  if (notFound) {
    const refuse = (context: HonoContext) => {
      const call = new WebCall(context)
      return answered(context.env, call, profile, () => {
        check(context)
        const path = isServed ? call.path : call.path.slice(mountOf(context, '/*').length) || '/'
        throw noRoute(call.method, methodsFor(routes, path))
      })
    }
    if (isServed) hono.notFound(refuse)
    else hono.all('*', refuse)
  }
  return hono
}

/** Returns the answer of `make`. Converts what it throws to a problem, for example when the profile cannot be opened. */
function answered(
  env: WorkerEnv | undefined,
  call: WebCall,
  profile: Opener,
  make: () => Awaitable<HttpOutcome>,
): Response | Promise<Response> {
  const refused = (error: unknown) => {
    call.log ??= profile.log(env)
    return call.respond(problemOutcome(error, call))
  }
  const respond = (outcome: HttpOutcome) => {
    try {
      const response = call.respond(outcome)
      return response instanceof Promise ? response.catch(refused) : response
    } catch (error) {
      return refused(error)
    }
  }
  try {
    return Promise.resolve(make()).then(respond, refused)
  } catch (error) {
    return refused(error)
  }
}

/** Returns the path under which the app is mounted, derived from the matched route, which ends in `own`. */
function mountOf(context: HonoContext, own: string): string {
  const matched = routePath(context)
  return matched.endsWith(own) ? matched.slice(0, -own.length) : ''
}
