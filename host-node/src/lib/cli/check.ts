/** `flowport check`: validation, preflight and the verdict of every effect, without opening anything. */
import type { Provider } from '@flowport/capabilities'
import {
  type App,
  type Diagnostic,
  DiagnosticsError,
  effectVerdicts,
  hasErrors,
  statedFindings,
  validateApp,
} from '@flowport/flow'
import { workersPlatform } from '@flowport/flow/delivery'
import { readEnvironment } from '../environment.ts'
import { presetsFor } from '../known-presets.ts'
import { hostDomains } from '../profile.ts'
import { type Console, exitCodes } from './console.ts'
import { effectsTable } from './effects-table.ts'
import { profilesToUse } from './profiles.ts'

export interface CheckOptions {
  readonly profile?: string
  readonly strict?: boolean
  readonly json?: boolean
}

/** Prints every finding. If a profile is named, also checks its environment variables. */
export function check(
  app: App,
  { profile, strict = false, json = false }: CheckOptions,
  out: Console,
): number {
  const profiles = profilesToUse(app, profile)
  const diagnostics = [
    ...validateApp(app),
    ...profiles.flatMap((name) =>
      findingsOf(app, name, profile === undefined ? [] : environmentFindings(app, name, out.host.env)),
    ),
  ]
  const effects = profiles.flatMap((name) =>
    effectVerdicts(app.flows, app.profiles[name] ?? []).map((found) => ({ profile: name, ...found })),
  )
  const ok =
    !hasErrors(diagnostics) && !(strict && diagnostics.some(({ severity }) => severity === 'warning'))
  if (json)
    out.json({
      schemaVersion: 1,
      command: 'check',
      ok,
      profiles,
      flows: app.flows.length,
      diagnostics,
      effects,
    })
  else {
    for (const finding of diagnostics) out.result(pretty(finding, out))
    if (effects.length > 0) out.result(effectsTable(effects, profiles))
    out.result(summary(app, profiles, diagnostics, ok, out))
  }
  return ok ? exitCodes.ok : exitCodes.findings
}

/** Returns the findings that the profile's host would report at start. */
function findingsOf(app: App, profile: string, environment: readonly Diagnostic[]): readonly Diagnostic[] {
  const host = isForWorkers(profile, app.profiles[profile] ?? [])
    ? { queues: 'pushed' as const, platform: workersPlatform, candidates: presetsFor('workers') }
    : { queues: 'pulled' as const, candidates: presetsFor('node') }
  return statedFindings({ app, profile, hostBound: hostDomains, environment, ...host }).profile
}

/**
 * Whether a Worker serves the profile: its name is `workers`, or a preset's name marks it as one that only Workers can open. If
 * this guess is wrong, the start of the actual host still reports the findings.
 */
function isForWorkers(profile: string, providers: readonly Provider[]): boolean {
  return profile === 'workers' || providers.some(({ preset }) => /^(?:cloudflare|durable)-/.test(preset))
}

function environmentFindings(app: App, profile: string, env: Readonly<Record<string, string | undefined>>) {
  try {
    readEnvironment(env, { profile, providers: app.profiles[profile] ?? [], secrets: app.secrets })
    return []
  } catch (error) {
    if (error instanceof DiagnosticsError) return error.diagnostics
    throw error
  }
}

function pretty({ code, severity, message, location, hint }: Diagnostic, out: Console): string {
  const head = out.paint(severity === 'error' ? 'red' : 'yellow', `${severity}[${code}]`)
  const { flow, node, edge, profile } = location
  const place = [flow, node ?? edge].filter((part) => part !== undefined && part !== '').join(' / ')
  const where = [place, profile === undefined ? '' : `profile ${profile}`]
    .filter((part) => part !== '')
    .join(', ')
  return `${head}: ${message}\n  at ${where}${hint === '' ? '' : `\n  help: ${hint}`}`
}

function summary(
  app: App,
  profiles: readonly string[],
  diagnostics: readonly Diagnostic[],
  ok: boolean,
  out: Console,
) {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning').length
  const counts = `${errors} ${errors === 1 ? 'error' : 'errors'}, ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`
  return out.paint(
    ok ? 'green' : 'red',
    `${app.flows.length} ${app.flows.length === 1 ? 'flow' : 'flows'} checked against ${profiles.join(', ')}: ${counts}`,
  )
}
