/** The Fastify plugin: opens a profile, registers a route per flow, closes with the server. The next stop is `handleHttp`. */
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
  /** Default: `FLOWPORT_PROFILE`, else `'local'`. */
  readonly profile?: string
  /** Default `process.env`. */
  readonly env?: Environment
  /** Path all routes are under, such as `'/api'`. Default none. */
  readonly prefix?: string
  /** In order around every run: requests, messages, schedules. `trigger` says which; `request` is Fastify's. */
  readonly hooks?: readonly Hook<FastifyRequest>[]
  /** Milliseconds a caller waits at most, where a route does not say. Default 30 000. */
  readonly deadlineMs?: number
  /** Milliseconds that running flows get to end when the server closes, up to 2 147 483 647. Default 10 000. */
  readonly drainMs?: number
  /**
   * Deliver messages to flows with a `queue()` trigger and run those with a `cron()` trigger, from when the server listens
   * until it closes. `inject` does not listen, so it starts nothing. Default true.
   */
  readonly consume?: boolean | DeliveryOptions
  /** How slowly request bodies may arrive, and how much memory unfinished ones may take. */
  readonly bodies?: BodyLimits
  /** Headers that the answers of routes get. Default: `X-Request-Id` and `Cache-Control: no-store`, no `Server-Timing`. */
  readonly answerHeaders?: AnswerHeaders
  /**
   * Who may see the overview (`GET /`), `/openapi.json` and `/readyz`; `/healthz` is open. `true` opens all of them, `false`
   * serves none. Default: readiness for everybody, the other two only where the server listens on loopback.
   */
  readonly operations?: boolean | Operations
  /**
   * Names the server answers to. Default: on loopback `localhost`, `*.localhost` and loopback addresses, so that the page of
   * another site cannot reach it by a name of its own; elsewhere all. What is listed here is added to them, or is all.
   */
  readonly allowedHosts?: AllowedHosts
  /**
   * What to do with cross-site POSTs that no preflight precedes: `'refuse'` them with 403, `'allow'` them, or allow those
   * of the origins in a list. Default `'refuse'`; a route can say otherwise.
   */
  readonly crossSite?: CrossSite
  /** Answer unknown paths and methods under the prefix with problems. Default true. */
  readonly notFound?: boolean
}

/** What `fastify.flowport` holds. */
export interface FlowportInstance {
  readonly app: App
  readonly profile: string
  readonly bag: ResourceBag
  readonly runtime: Runtime
  readonly warnings: readonly Diagnostic[]
  /**
   * Takes no more requests, messages and schedules; resolves when what runs has ended, or was cancelled after `drainMs`.
   * Closing the server does it too.
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
  // A run that is cancelled gets a second to end.
  addDrainHooks(fastify, (drainMs ?? 10_000) + 1_000, drain)
  fastify.addHook('preClose', async () => {
    bodies.close(closingBeforeWhole())
    stopDiscarding(fastify.server)
  })
  fastify.addHook('onClose', () => opened.bag.close())
  const prefix = options.prefix === undefined || options.prefix === '/' ? {} : { prefix: options.prefix }
  await fastify.register(routes, { ...prefix, server: fastify, served: options, bodies, listening })
}

/** Registers Flowport on a Fastify instance. The routes live in a scope of their own, `fastify.flowport` does not. */
export const flowport = fp(plugin, { name: '@flowport/host-node', fastify: '5.x' })

interface RoutesOptions {
  /** Where the plugin was registered. */
  readonly server: FastifyInstance
  readonly served: FlowportOptions
  readonly bodies: RequestBodies
  readonly listening: Listening
}

const routes: FastifyPluginAsync<RoutesOptions> = async (scope, options) => {
  const { server, served, bodies, listening } = options
  const { app, notFound = true, operations } = served
  const all = httpRoutes(app)
  // For answers without a route: they do not wait for a body.
  scope.removeContentTypeParser(['application/json', 'text/plain'])
  leaveBodiesUnread(scope)
  scope.setErrorHandler((error, request, reply) => {
    // Thrown again, an error goes to the handler of the enclosing scope.
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
    // Parsers of the server's own would read a body before its request is admitted.
    unread.removeAllContentTypeParsers()
    leaveBodiesUnread(unread)
    for (const route of takes('json', 'blob', 'stream', undefined)) addRoute(unread, route, served, bodies)
  })
  // A scope of its own: the multipart plugin's hooks cost every route they are on.
  await scope.register(async (forms) => {
    const routes = takes('multipart')
    forms.removeAllContentTypeParsers()
    leaveBodiesUnread(forms)
    // The server's own multipart plugin, if it has one, sees no form here: with `attachFieldsToBody` it would read it.
    if (routes.length > 0 && !forms.hasRequestDecorator('parts')) await forms.register(multipart)
    for (const route of routes) addRoute(forms, route, served, bodies)
  })
}

/**
 * The bridge reads a body when the hooks have admitted its request, and not before. What a `preParsing` hook of the server
 * made of the request, such as a decompressed stream, is read in its place.
 */
function leaveBodiesUnread(scope: FastifyInstance): void {
  // By its exact name as well: Fastify finds that without parsing the header.
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
    // HEAD by ourselves: Fastify's own would run the handler and set the length of an empty body.
    method: trigger.method === 'GET' ? ['GET', 'HEAD'] : trigger.method,
    exposeHeadRoute: false,
    url: trigger.path,
    config: { flow: flow.name },
    handler(request, reply) {
      const call = new FastifyCall(request, reply, bodies)
      // Fastify lets a parameter be empty, as in `/notes/` for `/notes/:id`.
      if (hasParams && Object.values(call.params).includes(''))
        return sendOutcome(reply, problemOutcome(noRoute(request.method, []), call))
      answerHttp(runtime, route, call, settings, (outcome) => sendOutcome(reply, outcome))
    },
  })
}
