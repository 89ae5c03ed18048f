/** Opens a profile of an app, on any host: validation, variables and bindings, drivers, preflight, in that order. */
import {
  type BindingNeed,
  type Clock,
  domainOf,
  isKind,
  type Layer,
  type Logger,
  openProviders,
  type Provider,
  type ResourceBag,
  type ResourceName,
} from '@flowport/capabilities'
import { type App, checkApp } from './app.ts'
import { type Diagnostic, DiagnosticsError, hasErrors } from './diagnostics/diagnostic.ts'
import { type EnvironmentIssue, environmentDiagnostics, presetDiagnostics } from './preflight/environment.ts'
import type { Platform } from './delivery/platform.ts'
import type { Candidate } from './preflight/compare.ts'
import { preflight } from './preflight/preflight.ts'
import { statedFindings } from './preflight/stated.ts'
import { validateApp } from './validate/validate-app.ts'

/** The variables of a profile, read by a host in its own way. Values never show in `faults`. */
export interface ReadVariables {
  readonly values: Readonly<Record<string, unknown>>
  readonly faults: readonly EnvironmentIssue[]
}

export interface OpenProfileOptions {
  readonly app: App
  /** A profile the app has. */
  readonly profile: string
  /** Validates and coerces what the providers' `env` schemas name. */
  readonly readVariables: (providers: readonly Provider[]) => ReadVariables
  /** Text values by name, where secrets are looked up. */
  readonly env: Readonly<Record<string, unknown>>
  /** Bindings of the platform. Default none: presets that need some then say so. */
  readonly bindings?: Readonly<Record<string, unknown>>
  readonly log: Logger
  readonly clock: Clock
  /**
   * How messages come to queue flows: `'pulled'` by the host out of `queue:<name>`, or `'pushed'` by the platform. Default
   * `'pushed'`.
   */
  readonly queues?: 'pulled' | 'pushed'
  /** The platform that delivers messages and schedules. Default: none, the host does it by itself. */
  readonly platform?: Platform
  /** Presets to name where one has what a profile lacks. Default none. */
  readonly candidates?: readonly Candidate[]
  /** What the host binds by itself, beside the clock. */
  readonly others: ReadonlyMap<ResourceName, object>
  /** Layers outside those of the presets, outermost first. Default none. */
  readonly layers?: readonly Layer[] | undefined
  /** What `validateApp` has found in this app, for a host that asks before its first request. Default: `openProfile` asks. */
  readonly findings?: readonly Diagnostic[] | undefined
}

export interface OpenedProfile {
  readonly name: string
  readonly bag: ResourceBag
  /** What is worth a look but refuses nothing. */
  readonly warnings: readonly Diagnostic[]
}

/**
 * The name of the profile to use. One the app does not have is an `UnknownProfileError` that lists those it has.
 * @param env Searched for whatever else can be said to be wrong without a profile. Default: nothing is.
 * @throws TypeError for what is no app.
 */
export function chooseProfile(app: App, wanted: string, env?: Readonly<Record<string, unknown>>): string {
  checkApp(app)
  if (Object.hasOwn(app.profiles, wanted)) return wanted
  const shown = wanted.slice(0, 100)
  throw new UnknownProfileError(
    `there is no profile "${shown}": set FLOWPORT_PROFILE to one of: ${namesOf(app)}`,
    profileFindings(app, shown, env),
  )
}

/** The profile that `FLOWPORT_PROFILE` names, else `fallback`. A variable that is set to nothing names none. */
export function profileOfEnvironment(
  app: App,
  env: Readonly<Record<string, unknown>>,
  fallback: string,
): string {
  checkApp(app)
  const wanted = env['FLOWPORT_PROFILE']
  if (wanted === undefined) return chooseProfile(app, fallback, env)
  if (typeof wanted === 'string' && wanted.trim() !== '') return chooseProfile(app, wanted, env)
  throw new UnknownProfileError(
    `FLOWPORT_PROFILE names no profile: leave it out, or set it to one of: ${namesOf(app)}`,
    profileFindings(app, '', env),
  )
}

/** What is wrong with `FLOWPORT_PROFILE`, to be told beside other variables. */
export function profileFaults(
  app: App,
  env: Readonly<Record<string, unknown>>,
  fallback: string,
): readonly EnvironmentIssue[] {
  try {
    profileOfEnvironment(app, env, fallback)
    return []
  } catch (error) {
    if (error instanceof UnknownProfileError) return [profileIssue(app)]
    throw error
  }
}

/** A profile the app does not have, with what else is wrong as far as that can be said without one. */
export class UnknownProfileError extends DiagnosticsError {
  override readonly name = 'UnknownProfileError'
}

function profileFindings(
  app: App,
  profile: string,
  env: Readonly<Record<string, unknown>> | undefined,
): readonly Diagnostic[] {
  const secrets = env === undefined ? [] : missingSecrets(app, env)
  return [...validateApp(app), ...environmentDiagnostics(profile, [profileIssue(app), ...secrets])]
}

function profileIssue(app: App): EnvironmentIssue {
  return { variable: 'FLOWPORT_PROFILE', problem: `must be one of ${namesOf(app)}` }
}

function namesOf({ profiles }: App): string {
  return Object.keys(profiles).join(', ') || 'none'
}

/** Opens a profile. Whatever would make a flow fail later is a `DiagnosticsError` now, with every finding at once. */
export async function openProfile(options: OpenProfileOptions): Promise<OpenedProfile> {
  const { app, profile, readVariables, env, bindings, log, clock, others, layers } = options
  const { queues = 'pushed', platform, candidates = [], findings } = options
  const providers = app.profiles[profile] ?? []
  const { values, faults } = readVariables(providers)
  const environment = [
    ...environmentDiagnostics(profile, [
      ...faults,
      ...(providesSecrets(providers) ? [] : missingSecrets(app, env)),
      ...unfitBindings(providers, bindings),
    ]),
    ...(faults.length > 0 ? [] : presetDiagnostics(profile, providers, values)),
  ]
  const hostBound = ['clock' as const, ...[...others.keys()].flatMap((name) => domainOf(name) ?? [])]
  const compare = { profile, queues, candidates }
  const stated = statedFindings({ app, hostBound, platform, environment, flows: findings, ...compare })
  const refusals = {
    flows: 'the flows are not valid',
    environment: `the environment does not fit profile "${profile}"`,
    profile: `profile "${profile}" cannot run these flows`,
  }
  if (stated.refusedFor !== null)
    throw new DiagnosticsError(refusals[stated.refusedFor], [...stated.flows, ...stated.profile])
  const bag = await openProviders(
    providers,
    { clock, others },
    {
      env: values,
      log,
      bindings: bindings ?? {},
      secrets: app.secrets,
      ...(layers === undefined ? {} : { layers }),
    },
  )
  const found = [...stated.flows, ...preflight(app.flows, bag, { providers, ...compare })]
  try {
    if (providesSecrets(providers))
      refuse(refusals.environment, environmentDiagnostics(profile, await absentSecrets(app, bag)), found)
    refuse(refusals.profile, found)
  } catch (error) {
    await bag.close()
    throw error
  }
  return { name: profile, bag, warnings: found }
}

/** Secrets the app names and the environment lacks. */
export function missingSecrets(
  { secrets }: Pick<App, 'secrets'>,
  env: Readonly<Record<string, unknown>>,
): readonly EnvironmentIssue[] {
  return secrets
    .filter((name) => env[name] === undefined || env[name] === '')
    .map((variable) => ({ variable, problem: 'is missing (the app reads it as a secret)' }))
}

/** Whether a preset of the profile brings the secrets, so that the environment need not hold them. */
export function providesSecrets(providers: readonly Provider[]): boolean {
  return providers.some(({ provides }) => Object.hasOwn(Object(provides), 'secrets'))
}

/** Secrets the app names and the preset that provides them does not have. Their values are not kept. */
async function absentSecrets(
  { secrets }: Pick<App, 'secrets'>,
  bag: ResourceBag,
): Promise<readonly EnvironmentIssue[]> {
  const store = bag.require('secrets')
  const found = await Promise.all(
    secrets.map(async (variable) => {
      try {
        await store.get(variable)
        return []
      } catch (error) {
        if (!isKind(error, 'NotFound')) throw error
        return [{ variable, problem: 'is missing in the preset that provides the secrets' }]
      }
    }),
  )
  return found.flat()
}

function unfitBindings(
  providers: readonly Provider[],
  bindings: Readonly<Record<string, unknown>> | undefined,
): readonly EnvironmentIssue[] {
  return providers.flatMap(({ preset, bindings: needs }) =>
    needs.flatMap((need) => {
      const problem = problemOf(need, bindings?.[need.name])
      if (problem === null) return []
      const hint =
        bindings === undefined
          ? `serve the profile on Cloudflare Workers, or use another preset: this host has no bindings for "${preset}"`
          : `bind ${need.name} in the wrangler file`
      return [{ variable: need.name, problem: `${problem} (preset "${preset}")`, hint }]
    }),
  )
}

function problemOf({ what, fits }: BindingNeed, bound: unknown): string | null {
  if (bound === undefined) return `is not bound: it must be ${what}`
  return fits(bound) ? null : `is bound to something else: it must be ${what}`
}

/** @param others Told beside the errors. Default none. */
function refuse(what: string, findings: readonly Diagnostic[], others: readonly Diagnostic[] = []): void {
  if (hasErrors(findings)) throw new DiagnosticsError(what, [...findings, ...others])
}
