/** Serves an app without a server of your own: a Fastify server with sensible limits and a graceful shutdown on SIGTERM. */
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
  /** Port to listen on; 0 picks a free one. Default `PORT`, else 3000. */
  readonly port?: number
  /**
   * Host names that the server answers to. Default: the comma-separated names in `ALLOWED_HOSTS`, else the plugin's default.
   */
  readonly allowedHosts?: AllowedHosts
  /** Address to listen on. Default `HOST`, else 127.0.0.1. */
  readonly host?: string
  /** Milliseconds from the moment `/readyz` answers 503 until the server closes. Set it behind a load balancer. Default 0. */
  readonly shutdownDelayMs?: number
  /** Maximum number of open connections; further ones are closed immediately. Default 10 000. */
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

/** Creates a Fastify server with limits for public use and the Flowport plugin. Does not listen yet. */
export async function createServer(app: App, options: ServeOptions = {}): Promise<FastifyInstance> {
  checkServeNumbers(options)
  const { logLevel = 'warn', maxConnections = 10_000, ...rest } = options
  const server = Fastify({
    logger: { level: logLevel, stream: process.stderr, ...safeLogging },
    requestIdHeader: false,
    genReqId: requestId,
    bodyLimit: 1024 * 1024,
    // Long enough for a key of any store, so that the store rather than the router refuses a key that is too long.
    routerOptions: { maxParamLength: 8 * 1024 },
    // The plugin answers a request without `Host` with a problem.
    http: {
      maxHeaderSize: 32 * 1024,
      headersTimeout: 20_000,
      connectionsCheckingInterval: 5_000,
      requireHostHeader: false,
    },
    // The plugin limits the time of bodies: an upload may take long, but may not stall.
    requestTimeout: 0,
    // Closes a connection that is idle for this long. Event streams send a comment every 15 s.
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
  // Closes connections that are still open after the runs have ended, such as one with half a request head.
  server.addHook('preClose', async () => {
    const closeAll = () => server.server.closeAllConnections()
    setTimeout(closeAll, (rest.drainMs ?? 10_000) + 2_000).unref()
  })
  // For paths outside the prefix: Fastify's default answer and its log line would repeat the query.
  if (rest.notFound !== false && rest.prefix !== undefined && rest.prefix !== '/') {
    server.setNotFoundHandler((request, reply) => {
      sendOutcome(reply, problemOutcome(noRoute(request.method, []), new FastifyCall(request, reply)))
    })
  }
  await server.register(flowport, { ...rest, app })
  return server
}

/**
 * Serves until SIGINT or SIGTERM. Then `/readyz` answers 503, running flows finish within `drainMs` or are cancelled, and
 * resources close.
 */
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
  // An unhandled rejection in one node must not end the runs of other flows.
  const onRejection = (reason: unknown) => server.log.error({ err: reason }, 'unhandled promise rejection')
  process.on('unhandledRejection', onRejection)
  const skip: closeWithGrace.AllEvents[] = ['unhandledRejection', 'beforeExit']
  closeWithGrace(
    { delay: Math.min(drainMs + shutdownDelayMs + 5_000, longestTimerMs), logger: false, skip },
    async ({ err, signal }) => {
      if (err !== undefined) server.log.fatal({ err }, 'closing after an uncaught error')
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

/** Throws all faults of the server's own variables together with the faults of the profile's variables. */
function refuseEnvironment(
  app: App,
  profile: string | undefined,
  env: Environment,
  own: readonly EnvironmentIssue[],
): void {
  // If the server's own variables are valid, opening the profile reports the other faults.
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
