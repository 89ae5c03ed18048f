/** Chooses a profile by environment and opens it: validation, variables, drivers, preflight, in that order. */
import {
  openProviders,
  type Logger,
  type ResourceBag,
  type ResourceName,
  createHttp,
  createSecrets,
  envSecretsDriver,
} from '@flowport/capabilities'
import { systemClock, systemHttpDriver, systemRng } from '@flowport/capabilities/system'
import {
  type App,
  type Diagnostic,
  DiagnosticsError,
  hasErrors,
  preflight,
  validateApp,
} from '@flowport/flow'
import { type Environment, readEnvironment } from './environment.ts'

export interface OpenProfileOptions {
  readonly app: App
  /** Default: `FLOWPORT_PROFILE`, else `'local'`. */
  readonly profile?: string | undefined
  /** Default `process.env`. */
  readonly env?: Environment | undefined
  readonly log: Logger
}

export interface OpenedProfile {
  readonly name: string
  readonly bag: ResourceBag
  /** What is worth a look but refuses nothing. */
  readonly warnings: readonly Diagnostic[]
}

/** The name of the profile to use. One the app does not have is an error that lists those it has. */
export function chooseProfile(app: App, profile: string | undefined, env: Environment): string {
  const name = profile ?? (env['FLOWPORT_PROFILE'] || 'local')
  if (Object.hasOwn(app.profiles, name)) return name
  const known = Object.keys(app.profiles).join(', ') || 'none'
  throw new UnknownProfileError(
    `there is no profile "${name.slice(0, 100)}": set FLOWPORT_PROFILE to one of: ${known}`,
  )
}

/** A profile the app does not have. */
export class UnknownProfileError extends Error {
  override readonly name = 'UnknownProfileError'
}

/** Opens a profile. Whatever would make a flow fail later is an error now. */
export async function openProfile({
  app,
  profile,
  env = process.env,
  log,
}: OpenProfileOptions): Promise<OpenedProfile> {
  const name = chooseProfile(app, profile, env)
  const providers = app.profiles[name] ?? []
  const findings = validateApp(app)
  refuse('the flows are not valid', findings)
  const values = readEnvironment(env, { profile: name, providers, secrets: app.secrets })
  const bag = await openProviders(providers, hostResources(app, env), { env: values, log, bindings: {} })
  const checked = preflight(app.flows, bag, { profile: name, providers })
  try {
    refuse(`profile "${name}" cannot run these flows`, checked)
  } catch (error) {
    await bag.close()
    throw error
  }
  return { name, bag, warnings: [...findings, ...checked] }
}

/** The domains a Node host binds by itself. */
export const hostDomains = ['clock', 'rng', 'http', 'secrets'] as const

function hostResources(app: App, env: Environment) {
  const others = new Map<ResourceName, object>([
    ['rng', systemRng],
    ['http', createHttp(systemHttpDriver())],
    ['secrets', createSecrets(envSecretsDriver(env, app.secrets))],
  ])
  return { clock: systemClock, others }
}

function refuse(what: string, findings: readonly Diagnostic[]): void {
  if (hasErrors(findings)) throw new DiagnosticsError(what, findings)
}
