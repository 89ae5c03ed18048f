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
   * Milliseconds a caller waits at most, where a route does not say. Default 25 000: what goes on after an answer or a
   * disconnect has 30 seconds on the platform.
   */
  readonly deadlineMs?: number
  /** Headers that the answers of routes get. Default: `X-Request-Id` and `Cache-Control: no-store`, no `Server-Timing`. */
  readonly answerHeaders?: AnswerHeaders
  /**
   * Who may see the overview (`GET /`), `/openapi.json` and `/readyz`; `/healthz` is open. `true` opens all of them, `false`
   * serves none. Default: readiness for everybody, the other two only for requests to a loopback name, as under
   * `wrangler dev`.
   */
  readonly operations?: boolean | Operations
  /** Names the Worker answers to. Default: the variable `ALLOWED_HOSTS`, separated by commas; else all. */
  readonly allowedHosts?: AllowedHosts
  /**
   * What to do with cross-site POSTs that no preflight precedes: `'refuse'` them with 403, `'allow'` them, or allow those
   * of the origins in a list. Default `'refuse'`; a route can say otherwise.
   */
  readonly crossSite?: CrossSite
  /** How slowly request bodies may arrive, and how much memory of the isolate unfinished ones may take. */
  readonly bodies?: BodyLimits
  /** Answer unknown paths and methods under the mount point with problems. Default true. */
  readonly notFound?: boolean
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
  return honoFor(app, opener(app, options), options, { ledger: ledgerOutcome })
}

export interface HonoParts {
  /** Default: no `/flowport/ledger`. A page need not download it. */
  readonly ledger?: typeof ledgerOutcome
  /**
   * The Hono app is served as it is and never mounted. Hono calls one handler without promises of its own; beside a handler for
   * all paths, it would have two for each request. Default false.
   */
  readonly isServed?: boolean
}

/** The same over an opener that is shared with what else a Worker does. */
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
          // Nothing runs between requests: what is to be swept is looked for beside a request that may have left some of it.
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

/** The answer that `make` has for a request; what it throws as a problem, such as a profile that cannot be opened. */
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

/** The path the app is mounted under, from the matched route that ends in `own`. */
function mountOf(context: HonoContext, own: string): string {
  const matched = routePath(context)
  return matched.endsWith(own) ? matched.slice(0, -own.length) : ''
}
