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
  type Runtime,
} from '@flowport/flow'
import { schedulesBesideUtc } from '@flowport/flow/delivery'
import { consoleLogger, type LogLevel, logLevels } from './console-logger.ts'
import { readVariables, type WorkerEnv } from './environment.ts'

export interface OpenOptions {
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
}

/** Opens for an `env`. A profile that cannot be opened is a `DiagnosticsError`, and is tried again at the next request. */
export type Open = (env: WorkerEnv) => Opened | Promise<Opened>

/**
 * Remembers what was opened by `env`, which is one object for the life of an isolate. Only what has been opened is kept,
 * never the opening itself: on Workers a request must not wait for another's work.
 */
export function opener(app: App, options: OpenOptions): Open {
  const known = new WeakMap<WorkerEnv, Opened>()
  return (env) => known.get(env) ?? remember(env)

  async function remember(env: WorkerEnv): Promise<Opened> {
    const opened = await open(app, env, options)
    const first = known.get(env)
    if (first !== undefined) return first
    known.set(env, opened)
    for (const warning of opened.warnings)
      opened.log.warn({ code: warning.code, location: warning.location }, formatDiagnostic(warning))
    return opened
  }
}

async function open(app: App, env: WorkerEnv, { profile, hooks, log }: OpenOptions): Promise<Opened> {
  const logger = log ?? consoleLogger(levelOf(env))
  const name = chooseProfile(app, profile ?? textOf(env, 'FLOWPORT_PROFILE') ?? 'workers')
  const schedules = schedulesBesideUtc(app, name)
  if (schedules.length > 0) throw new DiagnosticsError('some flows cannot be scheduled here', schedules)
  const opened = await openProfile({
    app,
    profile: name,
    readVariables: (providers) => readVariables(env, providers),
    env,
    bindings: env,
    log: logger,
    clock: systemClock,
    others: hostResources(app, env),
  })
  const runtime = createRuntime(opened.bag, { log: logger, ...(hooks === undefined ? {} : { hooks }) })
  return { ...opened, app, runtime, log: logger }
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
