/** Opens a profile once per `env` of a Worker, inside the first request: nothing happens at module scope. */
import {
  createHttp,
  createSecrets,
  envSecretsDriver,
  type Logger,
  type ResourceName,
} from '@flowport/capabilities'
import { systemClock, systemHttpDriver, systemRng } from '@flowport/capabilities/system'
import {
  type App,
  chooseProfile,
  createRuntime,
  DiagnosticsError,
  formatDiagnostic,
  type Hook,
  type OpenedProfile,
  openProfile,
  profileOfEnvironment,
  type Runtime,
} from '@flowport/flow'
import { deadlinesBeyondLease, schedulesBesideUtc } from '@flowport/flow/delivery'
import { createUploadSweeper, type SweepOption, type UploadSweeper } from '@flowport/flow/http'
import { consoleLogger, type LogLevel, logLevels } from './console-logger.ts'
import { readVariables, type WorkerEnv } from './environment.ts'

export interface OpenOptions extends SweepOption {
  /** Default: `FLOWPORT_PROFILE`, else `'workers'`. */
  readonly profile?: string
  /** Default: JSON lines on the console, from the level `LOG_LEVEL` names (default `'warn'`). */
  readonly log?: Logger
  /** In order around every run. */
  readonly hooks?: readonly Hook[]
}

/** What a request runs on. */
export interface Opened extends OpenedProfile {
  readonly app: App
  readonly runtime: Runtime
  readonly log: Logger
  readonly sweeper: UploadSweeper
}

export interface Opener {
  /** A profile that cannot be opened is a `DiagnosticsError`; it is tried again at the next request. */
  open(env: WorkerEnv | undefined): Opened | Promise<Opened>
  /** Where things are logged, also when nothing could be opened. */
  log(env: WorkerEnv | undefined): Logger
}

/**
 * Remembers what was opened by `env`, which is one object for the life of an isolate. Only what has been opened is kept,
 * never the opening itself: on Workers a request must not wait for another's work.
 */
export function opener(app: App, options: OpenOptions): Opener {
  const known = new WeakMap<WorkerEnv, Opened>()
  // As in Hono's own `app.request(path)`: without an `env` there is nothing in it.
  const nothing: WorkerEnv = {}
  const log = (env = nothing) => options.log ?? consoleLogger(levelOf(env))
  return { open: (env = nothing) => known.get(env) ?? remember(env), log }

  async function remember(env: WorkerEnv): Promise<Opened> {
    const opened = await open(app, env, log(env), options)
    const first = known.get(env)
    if (first !== undefined) return first
    known.set(env, opened)
    for (const warning of opened.warnings)
      opened.log.warn({ code: warning.code, location: warning.location }, formatDiagnostic(warning))
    return opened
  }
}

/** A consumer ends after 15 minutes: https://developers.cloudflare.com/queues/platform/limits/. */
const platformLeaseMs = 900_000

async function open(app: App, env: WorkerEnv, log: Logger, options: OpenOptions): Promise<Opened> {
  const { profile } = options
  const name =
    profile === undefined ? profileOfEnvironment(app, env, 'workers') : chooseProfile(app, profile, env)
  const schedules = schedulesBesideUtc(app, name)
  if (schedules.length > 0) throw new DiagnosticsError('some flows cannot be scheduled here', schedules)
  const deadlines = deadlinesBeyondLease(app, platformLeaseMs, name)
  if (deadlines.length > 0)
    throw new DiagnosticsError('some deliveries may work longer than the platform lets them', deadlines)
  return openNamed(app, name, env, log, options)
}

interface OpenNamedOptions extends Pick<OpenOptions, 'hooks' | 'sweepUploadsAfterMs'> {
  readonly queues?: 'pulled' | 'pushed'
}

/** Opens a profile the app has: variables, secrets and bindings out of `env`. */
export async function openNamed(
  app: App,
  name: string,
  env: WorkerEnv,
  log: Logger,
  { hooks, queues = 'pushed', ...options }: OpenNamedOptions = {},
): Promise<Opened> {
  const opened = await openProfile({
    app,
    profile: name,
    readVariables: (providers) => readVariables(env, providers),
    env,
    bindings: env,
    log,
    clock: systemClock,
    queues,
    others: hostResources(app, env),
  })
  const runtime = createRuntime(opened.bag, { log, ...(hooks === undefined ? {} : { hooks }) })
  const sweeper = createUploadSweeper({ app, bag: opened.bag, log, clock: systemClock }, options)
  return { ...opened, app, runtime, log, sweeper }
}

function hostResources(app: App, env: WorkerEnv): ReadonlyMap<ResourceName, object> {
  const texts = env as Readonly<Record<string, string | undefined>>
  return new Map<ResourceName, object>([
    ['rng', systemRng],
    ['http', createHttp(systemHttpDriver())],
    ['secrets', createSecrets(envSecretsDriver(texts, app.secrets))],
  ])
}

function textOf(env: WorkerEnv, name: string): string | undefined {
  const value = env[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

function levelOf(env: WorkerEnv): LogLevel {
  const wanted = textOf(env, 'LOG_LEVEL')
  return logLevels.find((level) => level === wanted) ?? 'warn'
}
