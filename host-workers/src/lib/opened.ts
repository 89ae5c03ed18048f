/** Opens a profile one time per `env` of a Worker, during the first request. Only the flows are checked before that. */
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
  type Diagnostic,
  formatDiagnostic,
  type Hook,
  type OpenedProfile,
  openProfile,
  profileOfEnvironment,
  type Runtime,
  validateApp,
} from '@flowport/flow'
import { type Platform, workersPlatform } from '@flowport/flow/delivery'
import { checkApp, createUploadSweeper, type SweepOption, type UploadSweeper } from '@flowport/flow/http'
import { consoleLogger, type LogLevel, logLevels } from './console-logger.ts'
import type { HookContext } from './hono-env.ts'
import { readVariables, type WorkerEnv } from './environment.ts'

export interface OpenOptions extends SweepOption {
  /** Name of the profile. Default: `FLOWPORT_PROFILE`, else `'workers'`. */
  readonly profile?: string
  /** Logger. Default: JSON lines on the console, from the level in `LOG_LEVEL` (default `'warn'`). */
  readonly log?: Logger
  /**
   * Hooks, in order, around every run of a request, message or schedule. `trigger` names the kind; `request` is Hono's context.
   */
  readonly hooks?: readonly Hook<HookContext>[]
}

/** An open profile with its runtime. */
export interface Opened extends OpenedProfile {
  readonly app: App
  readonly runtime: Runtime
  readonly log: Logger
  readonly sweeper: UploadSweeper
}

export interface Opener {
  /** Opens the profile. Throws a `DiagnosticsError` if it cannot be opened; the next request tries again. */
  open(env: WorkerEnv | undefined): Opened | Promise<Opened>
  /** Returns the logger, even if the profile cannot be opened. */
  log(env: WorkerEnv | undefined): Logger
}

/**
 * Returns an opener that caches the open profile by `env`, which is one object for the life of an isolate. Caches only an open
 * profile, never a pending opening, because on Workers a request must not wait for another's work.
 */
export function opener(app: App, options: OpenOptions): Opener {
  checkApp(app)
  // Flows are validated while an isolate starts, so that the first request waits only for work that depends on `env`.
  const findings = validateApp(app)
  const known = new WeakMap<WorkerEnv, Opened>()
  // Hono's `app.request(path)` passes no `env`, which counts as empty.
  const nothing: WorkerEnv = {}
  const log = (env = nothing) => options.log ?? consoleLogger(levelOf(env))
  return { open: (env = nothing) => known.get(env) ?? remember(env), log }

  async function remember(env: WorkerEnv): Promise<Opened> {
    const opened = await open(app, env, log(env), { ...options, findings })
    const first = known.get(env)
    if (first !== undefined) return first
    known.set(env, opened)
    for (const warning of opened.warnings)
      opened.log.warn({ code: warning.code, location: warning.location }, formatDiagnostic(warning))
    return opened
  }
}

async function open(
  app: App,
  env: WorkerEnv,
  log: Logger,
  options: OpenOptions & Pick<OpenNamedOptions, 'findings'>,
): Promise<Opened> {
  const { profile } = options
  const name =
    profile === undefined ? profileOfEnvironment(app, env, 'workers') : chooseProfile(app, profile, env)
  return openNamed(app, name, env, log, { ...options, platform: workersPlatform })
}

interface OpenNamedOptions extends Pick<OpenOptions, 'hooks' | 'sweepUploadsAfterMs'> {
  readonly queues?: 'pulled' | 'pushed'
  readonly platform?: Platform
  /** Findings of `validateApp`. Default: the app is validated when the profile is opened. */
  readonly findings?: readonly Diagnostic[]
}

/** Opens a profile of the app, with variables, secrets and bindings from `env`. */
export async function openNamed(
  app: App,
  name: string,
  env: WorkerEnv,
  log: Logger,
  { hooks, queues = 'pushed', platform, findings, ...options }: OpenNamedOptions = {},
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
    ...(platform === undefined ? {} : { platform }),
    findings,
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
