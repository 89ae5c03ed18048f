/** Opens a profile of an app, on any host: validation, variables and bindings, drivers, preflight, in that order. */
import {
  type BindingNeed,
  type Clock,
  isKind,
  type Logger,
  openProviders,
  type Provider,
  type ResourceBag,
  type ResourceName,
} from '@flowport/capabilities'
import { type App, checkApp } from './app.ts'
import { type Diagnostic, DiagnosticsError, hasErrors } from './diagnostics/diagnostic.ts'
import { type EnvironmentIssue, environmentDiagnostics, presetDiagnostics } from './preflight/environment.ts'
import { preflight } from './preflight/preflight.ts'
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
  /** What the host binds by itself, beside the clock. */
  readonly others: ReadonlyMap<ResourceName, object>
}

export interface OpenedProfile {
  readonly name: string
  readonly bag: ResourceBag
  /** What is worth a look but refuses nothing. */
  readonly warnings: readonly Diagnostic[]
}

/**
 * The name of the profile to use. One the app does not have is an `UnknownProfileError` that lists those it has.
 * @throws TypeError for what is no app.
 */
export function chooseProfile(app: App, wanted: string): string {
  checkApp(app)
  if (Object.hasOwn(app.profiles, wanted)) return wanted
  const known = Object.keys(app.profiles).join(', ') || 'none'
  throw new UnknownProfileError(
    `there is no profile "${wanted.slice(0, 100)}": set FLOWPORT_PROFILE to one of: ${known}`,
  )
}

/** A profile the app does not have. */
export class UnknownProfileError extends Error {
  override readonly name = 'UnknownProfileError'
}

/** Opens a profile. Whatever would make a flow fail later is a `DiagnosticsError` now, with every finding at once. */
export async function openProfile(options: OpenProfileOptions): Promise<OpenedProfile> {
  const { app, profile, readVariables, env, bindings, queues = 'pushed', log, clock, others } = options
  const providers = app.profiles[profile] ?? []
  const findings = validateApp(app)
  refuse('the flows are not valid', findings)
  const { values, faults } = readVariables(providers)
  const missing = `the environment does not fit profile "${profile}"`
  refuse(missing, [
    ...environmentDiagnostics(profile, [
      ...faults,
      ...(providesSecrets(providers) ? [] : missingSecrets(app, env)),
      ...unfitBindings(providers, bindings),
    ]),
    ...(faults.length > 0 ? [] : presetDiagnostics(profile, providers, values)),
  ])
  const bag = await openProviders(
    providers,
    { clock, others },
    { env: values, log, bindings: bindings ?? {}, secrets: app.secrets },
  )
  const checked = preflight(app.flows, bag, { profile, providers, queues })
  try {
    if (providesSecrets(providers))
      refuse(missing, environmentDiagnostics(profile, await absentSecrets(app, bag)))
    refuse(`profile "${profile}" cannot run these flows`, checked)
  } catch (error) {
    await bag.close()
    throw error
  }
  return { name: profile, bag, warnings: [...findings, ...checked] }
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

function refuse(what: string, findings: readonly Diagnostic[]): void {
  if (hasErrors(findings)) throw new DiagnosticsError(what, findings)
}
