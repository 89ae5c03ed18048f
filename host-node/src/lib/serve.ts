/** Serves an app by itself: a Fastify server with sane limits that drains on SIGTERM. */
import { longestTimerMs } from '@flowport/capabilities'
import {
  type App,
  DiagnosticsError,
  environmentDiagnostics,
  type EnvironmentIssue,
  missingSecrets,
  profileFaults,
} from '@flowport/flow'
import closeWithGrace from 'close-with-grace'
import { type AllowedHosts, noRoute, problemOutcome } from '@flowport/flow/http'
import Fastify, { type FastifyInstance } from 'fastify'
import { type Environment, validateVariables } from './environment.ts'
import { answerClientError, answerExpectation } from './client-error.ts'
import { FastifyCall, sendOutcome } from './fastify-call.ts'
import { requestId, safeLogging } from './logging.ts'
import { toFastifyProblem } from './fastify-problem.ts'
import { checkServeNumbers } from './numbers.ts'
import { flowport, type FlowportOptions } from './plugin.ts'

export interface ServeOptions extends Omit<FlowportOptions, 'app'> {
  /** Port. Default `PORT`, else 3000; 0 takes a free one. */
  readonly port?: number
  /** Default `ALLOWED_HOSTS`, names separated by commas; else as for the plugin. */
  readonly allowedHosts?: AllowedHosts
  /** Address to listen on. Default `HOST`, else 127.0.0.1. */
  readonly host?: string
  /** Milliseconds between readiness turning 503 and the server closing. Default 0; set it behind a load balancer. */
  readonly shutdownDelayMs?: number
  /** Most connections at a time; more are closed as they come. Default 10 000. */
  readonly maxConnections?: number
  /** Level of the logs, written as JSON to standard error. Default `LOG_LEVEL`, else `'warn'`. */
  readonly logLevel?: string
}

const variables = {
  properties: {
    PORT: { type: 'integer', minimum: 0, maximum: 65535 },
    HOST: { type: 'string', minLength: 1 },
    ALLOWED_HOSTS: { type: 'string', minLength: 1 },
    LOG_LEVEL: { type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] },
  },
} as const

/** A server with the limits that a public one needs, and Flowport on it. Does not listen yet. */
export async function createServer(app: App, options: ServeOptions = {}): Promise<FastifyInstance> {
  checkServeNumbers(options)
  const { logLevel = 'warn', maxConnections = 10_000, ...rest } = options
  const server = Fastify({
    logger: { level: logLevel, stream: process.stderr, ...safeLogging },
    requestIdHeader: false,
    genReqId: requestId,
    bodyLimit: 1024 * 1024,
    // Long enough for any key a store takes: the store, not the router, should say that a key is too long.
    routerOptions: { maxParamLength: 8 * 1024 },
    // A request without `Host` is answered by the plugin, with a problem.
    http: {
      maxHeaderSize: 32 * 1024,
      headersTimeout: 20_000,
      connectionsCheckingInterval: 5_000,
      requireHostHeader: false,
    },
    // The time of a body is the plugin's to measure: uploads may take long, but not stand still.
    requestTimeout: 0,
    // A connection on which nothing moves for this long is closed; streams send a comment every 15 s.
    connectionTimeout: 15 * 60_000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => {
      const problem = toFastifyProblem(error, { bodyLimit: 0, replyStatus: reply.statusCode })
      sendOutcome(reply, problemOutcome(problem, new FastifyCall(request, reply)))
    },
  })
  server.server.maxConnections = maxConnections
  server.server.on('checkExpectation', (_request, response) => answerExpectation(response))
  // What still holds a connection when the runs have ended, such as half a head, does not hold up the server.
  server.addHook('preClose', async () => {
    const closeAll = () => server.server.closeAllConnections()
    setTimeout(closeAll, (rest.drainMs ?? 10_000) + 2_000).unref()
  })
  // Fastify's own answer to paths beside the prefix would repeat the query, in the log too.
  if (rest.notFound !== false && rest.prefix !== undefined && rest.prefix !== '/') {
    server.setNotFoundHandler((request, reply) => {
      sendOutcome(reply, problemOutcome(noRoute(request.method, []), new FastifyCall(request, reply)))
    })
  }
  await server.register(flowport, { ...rest, app })
  return server
}

/** Serves until SIGINT or SIGTERM, then: `/readyz` 503, running flows drain within their bound, resources close. */
export async function serve(app: App, options: ServeOptions = {}): Promise<FastifyInstance> {
  checkServeNumbers(options)
  const env: Environment = options.env ?? process.env
  const { values, faults } = validateVariables(env, [variables])
  refuseEnvironment(app, options.profile, env, faults)
  const port = options.port ?? (values['PORT'] as number | undefined) ?? 3000
  const host = options.host ?? (values['HOST'] as string | undefined) ?? '127.0.0.1'
  const allowedHosts = values['ALLOWED_HOSTS'] as string | undefined
  const server = await createServer(app, {
    logLevel: (values['LOG_LEVEL'] as string | undefined) ?? 'warn',
    ...(allowedHosts === undefined
      ? {}
      : { allowedHosts: allowedHosts.split(',').map((name) => name.trim()) }),
    ...options,
    env,
  })
  const { drainMs = 10_000, shutdownDelayMs = 0 } = options
  // A promise that a node dropped is that node's fault: it must not take the other runs down with it.
  const onRejection = (reason: unknown) => server.log.error({ err: reason }, 'unhandled promise rejection')
  process.on('unhandledRejection', onRejection)
  const skip: closeWithGrace.AllEvents[] = ['unhandledRejection', 'beforeExit']
  closeWithGrace(
    { delay: Math.min(drainMs + shutdownDelayMs + 5_000, longestTimerMs), logger: false, skip },
    async ({ err, signal }) => {
      if (err !== undefined) server.log.fatal({ err }, 'closing after an error nobody caught')
      else server.log.info({ signal }, 'closing')
      const drained = server.flowport.drain()
      await new Promise((resolve) => setTimeout(resolve, shutdownDelayMs))
      await drained
      await server.close()
      process.off('unhandledRejection', onRejection)
    },
  )
  await server.listen({ port, host })
  return server
}

/** All that is wrong with the server's own variables, told together with what is wrong with those of the profile. */
function refuseEnvironment(
  app: App,
  profile: string | undefined,
  env: Environment,
  own: readonly EnvironmentIssue[],
): void {
  // Without a fault of its own, opening the profile tells the rest.
  if (own.length === 0) return
  const faults = [...own, ...(profile === undefined ? profileFaults(app, env, 'local') : [])]
  const name = profile ?? env['FLOWPORT_PROFILE'] ?? 'local'
  const providers = Object.hasOwn(app.profiles, name) ? (app.profiles[name] ?? []) : []
  const schemas = providers.map((provider) => provider.env)
  const others = [...validateVariables(env, schemas).faults, ...missingSecrets(app, env)]
  throw new DiagnosticsError(
    'the environment does not fit',
    environmentDiagnostics(name, [...faults, ...others]),
  )
}
