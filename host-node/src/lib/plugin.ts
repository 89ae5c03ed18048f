/**
 * The Fastify plugin: opens a profile, registers a route per flow, and closes with the server. The next stop is `handleHttp`.
 */
import multipart from '@fastify/multipart'
import type { Logger, ResourceBag } from '@flowport/capabilities'
import { systemClock } from '@flowport/capabilities/system'
import {
  type App,
  createRuntime,
  type Diagnostic,
  formatDiagnostic,
  type Hook,
  type Runtime,
} from '@flowport/flow'
import {
  type AllowedHosts,
  type AnswerHeaders,
  answerHttp,
  type BodyLimits,
  checkedOperations,
  checkHandleOptions,
  checkSweepOption,
  type CrossSite,
  closingBeforeWhole,
  createUploadSweeper,
  type HttpRoute,
  httpRoutes,
  methodsFor,
  noRoute,
  type Operations,
  problemOutcome,
  type SweepOption,
} from '@flowport/flow/http'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { digest } from './digest.ts'
import { type RunningDelivery, startDelivery } from './delivery/delivery.ts'
import type { DeliveryOptions } from './delivery/options.ts'
import type { Environment } from './environment.ts'
import { RequestBodies } from './bodies/request-bodies.ts'
import { documentation } from './documentation.ts'
import { addDrainHooks } from './drain-hooks.ts'
import { stopDiscarding } from './discard-rest.ts'
import { FastifyCall, sendOutcome } from './fastify-call.ts'
import { Listening } from './listening.ts'
import { addOperations } from './operations.ts'
import { nodeAdvice } from './node-version.ts'
import { checkPluginNumbers } from './numbers.ts'
import { openProfile } from './profile.ts'
import { type RunningSweeps, startSweeps } from './sweep-uploads.ts'
import { hasErrorHandler, toFastifyProblem } from './fastify-problem.ts'

export interface FlowportOptions extends SweepOption {
  readonly app: App
  /** Name of the profile. Default: `FLOWPORT_PROFILE`, else `'local'`. */
  readonly profile?: string
  /** Environment variables. Default `process.env`. */
  readonly env?: Environment
  /** Path prefix of all routes, such as `'/api'`. Default: none. */
  readonly prefix?: string
  /**
   * Hooks, in order, around every run of a request, message or schedule. `trigger` names the kind; `request` is Fastify's
   * request.
   */
  readonly hooks?: readonly Hook<FastifyRequest>[]
  /** Maximum milliseconds a caller waits, if the route declares no deadline. Default 30 000. */
  readonly deadlineMs?: number
  /** Milliseconds that running flows have to finish when the server closes, up to 2 147 483 647. Default 10 000. */
  readonly drainMs?: number
  /**
   * Whether to deliver messages to flows with a `queue()` trigger and to run flows with a `cron()` trigger, from when the
   * server listens until it closes. `inject` does not listen and starts neither. Default true.
   */
  readonly consume?: boolean | DeliveryOptions
  /** Minimum rate of request bodies, and maximum memory for unfinished ones. */
  readonly bodies?: BodyLimits
  /** Headers added to the answers of routes. Default: `X-Request-Id` and `Cache-Control: no-store`, but no `Server-Timing`. */
  readonly answerHeaders?: AnswerHeaders
  /**
   * Who may see the overview (`GET /`), `/openapi.json` and `/readyz`; `/healthz` is public. `true` makes all of them public,
   * `false` serves none. Default: readiness is public, the other two are served only if the server listens on loopback.
   */
  readonly operations?: boolean | Operations
  /**
   * Host names that the server answers to. On loopback, they are added to `localhost`, `*.localhost` and loopback addresses, so
   * that another site's page cannot reach the server through its own host name (DNS rebinding). On other addresses, only the
   * listed names are answered. `'any'` answers every name. Default: on loopback only the names above, on other addresses all
   * names.
   */
  readonly allowedHosts?: AllowedHosts
  /**
   * Handling of cross-site POSTs that browsers send without a preflight: `'refuse'` answers 403, `'allow'` accepts them, and a
   * list accepts them from its origins. A route can override it. Default `'refuse'`.
   */
  readonly crossSite?: CrossSite
  /** Whether unknown paths and methods under the prefix are answered with problems. Default true. */
  readonly notFound?: boolean
}

/** The value of `fastify.flowport`. */
export interface FlowportInstance {
  readonly app: App
  readonly profile: string
  readonly bag: ResourceBag
  readonly runtime: Runtime
  readonly warnings: readonly Diagnostic[]
  /**
   * Stops accepting requests, messages and schedules. Resolves when running flows have ended, or were cancelled after
   * `drainMs`. Closing the server drains it too.
   */
  drain(): Promise<void>
}

declare module 'fastify' {
  interface FastifyInstance {
    flowport: FlowportInstance
  }
}

const plugin: FastifyPluginAsync<FlowportOptions> = async (fastify, options) => {
  const { app, profile, env, hooks, drainMs, consume = true } = options
  const advice = nodeAdvice(process.versions.node)
  if (advice !== null) throw new Error(advice)
  checkHandleOptions(options)
  checkSweepOption(options)
  checkPluginNumbers(options)
  const log: Logger = fastify.log
  const queues = consume === false ? 'pushed' : 'pulled'
  const opened = await openProfile({ app, profile, env, log, queues })
  for (const warning of opened.warnings)
    log.warn({ code: warning.code, location: warning.location }, formatDiagnostic(warning))
  const runtime = createRuntime(opened.bag, {
    log,
    digest,
    deadlineTimer: 'shared',
    ...(hooks === undefined ? {} : { hooks }),
    ...(drainMs === undefined ? {} : { drainMs }),
  })
  let delivery: RunningDelivery | undefined
  let sweeps: RunningSweeps | undefined
  const drain = async () => {
    await Promise.all([delivery?.stop(), sweeps?.stop(), runtime.close()])
  }
  fastify.decorate('flowport', {
    app,
    profile: opened.name,
    bag: opened.bag,
    runtime,
    warnings: opened.warnings,
    drain,
  })
  if (consume !== false) {
    fastify.addHook('onListen', async () => {
      if (runtime.closing) return
      const parts = { app, bag: opened.bag, runtime, log }
      delivery = startDelivery({ ...parts, options: consume === true ? {} : consume })
    })
  }
  const sweeper = createUploadSweeper({ app, bag: opened.bag, log, clock: systemClock }, options)
  if (sweeper.isNeeded) {
    fastify.addHook('onListen', async () => {
      if (!runtime.closing) sweeps = startSweeps(sweeper, systemClock)
    })
  }
  const bodies = new RequestBodies(options.bodies)
  const listening = new Listening(fastify, options.allowedHosts)
  // One more second for cancelled runs to end.
  addDrainHooks(fastify, (drainMs ?? 10_000) + 1_000, drain)
  fastify.addHook('preClose', async () => {
    bodies.close(closingBeforeWhole())
    stopDiscarding(fastify.server)
  })
  fastify.addHook('onClose', () => opened.bag.close())
  const prefix = options.prefix === undefined || options.prefix === '/' ? {} : { prefix: options.prefix }
  await fastify.register(routes, { ...prefix, server: fastify, served: options, bodies, listening })
}

/**
 * Registers Flowport on a Fastify instance. The routes are in an encapsulated scope; `fastify.flowport` is visible on the
 * instance.
 */
export const flowport = fp(plugin, { name: '@flowport/host-node', fastify: '5.x' })

interface RoutesOptions {
  /** The instance on which the plugin was registered. */
  readonly server: FastifyInstance
  readonly served: FlowportOptions
  readonly bodies: RequestBodies
  readonly listening: Listening
}

const routes: FastifyPluginAsync<RoutesOptions> = async (scope, options) => {
  const { server, served, bodies, listening } = options
  const { app, notFound = true, operations } = served
  const all = httpRoutes(app)
  // Answers without a route do not wait for a body.
  scope.removeContentTypeParser(['application/json', 'text/plain'])
  leaveBodiesUnread(scope)
  scope.setErrorHandler((error, request, reply) => {
    // A rethrown error goes to the enclosing scope's handler.
    if (hasErrorHandler(server)) throw error
    const context = { bodyLimit: request.routeOptions.bodyLimit ?? 0, replyStatus: reply.statusCode }
    sendOutcome(reply, problemOutcome(toFastifyProblem(error, context), new FastifyCall(request, reply)))
  })
  scope.addHook('onRequest', (request, reply, done) => {
    const refusal = listening.refusal(request)
    if (refusal === undefined) return done()
    sendOutcome(reply, problemOutcome(refusal, new FastifyCall(request, reply)))
  })
  const root = scope.prefix
  if (notFound) {
    scope.setNotFoundHandler((request, reply) => {
      const call = new FastifyCall(request, reply)
      const path = call.path.startsWith(root) ? call.path.slice(root.length) || '/' : call.path
      sendOutcome(reply, problemOutcome(noRoute(request.method, methodsFor(all, path)), call))
    })
  }
  const hasRoot = all.some(({ trigger }) => trigger.method === 'GET' && trigger.path === '/')
  addOperations(scope, app, checkedOperations(operations), listening, { hasRoot, bodies })
  const takes = (...kinds: readonly (string | undefined)[]) =>
    all.filter(({ trigger }) => kinds.includes(trigger.body?.kind))
  await scope.register(async (unread) => {
    // The server's own parsers would read a body before the hooks admit its request.
    unread.removeAllContentTypeParsers()
    leaveBodiesUnread(unread)
    for (const route of takes('json', 'blob', 'stream', undefined)) addRoute(unread, route, served, bodies)
  })
  // A separate scope, because the multipart plugin's hooks slow down every route in their scope.
  await scope.register(async (forms) => {
    const routes = takes('multipart')
    forms.removeAllContentTypeParsers()
    leaveBodiesUnread(forms)
    // Hides forms from a multipart plugin of the server, which would read them with `attachFieldsToBody`.
    if (routes.length > 0 && !forms.hasRequestDecorator('parts')) await forms.register(multipart)
    for (const route of routes) addRoute(forms, route, served, bodies)
  })
}

/**
 * Leaves bodies to the bridge, which reads them after the hooks have admitted the request. If a `preParsing` hook of the server
 * replaced the stream, for example to decompress it, the bridge reads the replacement.
 */
function leaveBodiesUnread(scope: FastifyInstance): void {
  // `application/json` is named in addition, because Fastify finds an exact name without parsing the header.
  scope.addContentTypeParser(['application/json', '*'], (request, payload, done) =>
    done(null, payload === request.raw ? undefined : payload),
  )
}

function addRoute(
  scope: FastifyInstance,
  route: HttpRoute,
  { deadlineMs, answerHeaders, crossSite }: FlowportOptions,
  bodies: RequestBodies,
): void {
  const { runtime } = scope.flowport
  const { flow, trigger } = route
  const settings = {
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(answerHeaders === undefined ? {} : { answerHeaders }),
    ...(crossSite === undefined ? {} : { crossSite }),
  }
  const hasParams = trigger.path.includes('/:')
  scope.route({
    ...documentation(scope, route),
    // Handles HEAD itself: Fastify's own HEAD route would run the handler and send the length of an empty body.
    method: trigger.method === 'GET' ? ['GET', 'HEAD'] : trigger.method,
    exposeHeadRoute: false,
    url: trigger.path,
    config: { flow: flow.name },
    handler(request, reply) {
      const call = new FastifyCall(request, reply, bodies)
      // Fastify matches empty parameters, as in `/notes/` for `/notes/:id`.
      if (hasParams && Object.values(call.params).includes(''))
        return sendOutcome(reply, problemOutcome(noRoute(request.method, []), call))
      answerHttp(runtime, route, call, settings, (outcome) => sendOutcome(reply, outcome))
    },
  })
}
