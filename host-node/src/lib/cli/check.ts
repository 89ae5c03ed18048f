/** `flowport check`: validation and preflight of every flow, without opening anything. */
import type { Provider } from '@flowport/capabilities'
import {
  type App,
  atomicVerdicts,
  type Diagnostic,
  DiagnosticsError,
  hasErrors,
  preflightProfile,
  validateApp,
} from '@flowport/flow'
import { readEnvironment } from '../environment.ts'
import { hostDomains } from '../profile.ts'
import { type Console, exitCodes } from './console.ts'
import { profilesToUse } from './profiles.ts'

export interface CheckOptions {
  readonly profile?: string
  readonly strict?: boolean
  readonly json?: boolean
}

/** Prints every finding. With a profile named, its variables are checked too. */
export function check(
  app: App,
  { profile, strict = false, json = false }: CheckOptions,
  out: Console,
): number {
  const profiles = profilesToUse(app, profile)
  const diagnostics = [
    ...validateApp(app),
    ...profiles.flatMap((name) =>
      preflightProfile(app.flows, app.profiles[name] ?? [], hostDomains, {
        profile: name,
        queues: queuesOf(app.profiles[name] ?? []),
      }),
    ),
    ...(profile === undefined ? [] : environmentFindings(app, profile, out.host.env)),
  ]
  const atomic = profiles.flatMap((name) =>
    atomicVerdicts(app.flows, app.profiles[name] ?? []).map((verdict) => ({ profile: name, ...verdict })),
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
      ...(atomic.length === 0 ? {} : { atomic }),
    })
  else {
    for (const finding of diagnostics) out.result(pretty(finding, out))
    for (const { profile: on, flow, node, verdict } of atomic)
      out.result(`atomic: ${flow} / ${node}, profile ${on}: ${verdict}`)
    out.result(summary(app, profiles, diagnostics, ok, out))
  }
  return ok ? exitCodes.ok : exitCodes.findings
}

/**
 * A profile with what only Workers have is served by Workers, which bring the messages. Its presets are stubs here, so
 * that their names tell it. Wrongly taken for one, it is refused when it starts instead.
 */
function queuesOf(providers: readonly Provider[]): 'pulled' | 'pushed' {
  return providers.some(({ preset }) => /^(?:cloudflare|durable)-/.test(preset)) ? 'pushed' : 'pulled'
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
