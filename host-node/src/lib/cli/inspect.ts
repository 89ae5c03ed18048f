/**
 * `flowport inspect`: prints a profile's routes, bindings with their guarantees, effect verdicts and environment variables.
 * Opens nothing.
 */
import type { Provider } from '@flowport/capabilities'
import { type App, effectVerdicts, providesSecrets, triggerColumns } from '@flowport/flow'
import { guaranteesOf } from '@flowport/flow/http'
import type { VariablesSchema } from '../environment.ts'
import { hostDomains } from '../profile.ts'
import { table } from '../table.ts'
import { type Console, exitCodes } from './console.ts'
import { effectsTable } from './effects-table.ts'
import { oneProfile } from './profiles.ts'

export interface InspectOptions {
  readonly profile?: string
  readonly json?: boolean
}

export function inspect(app: App, { profile, json = false }: InspectOptions, out: Console): number {
  const name = oneProfile(app, profile, out.host.env)
  const providers = app.profiles[name] ?? []
  const routes = app.flows.map(({ name: flow, version, trigger, summary }) => ({
    flow,
    version,
    method: triggerColumns(trigger)[0],
    path: triggerColumns(trigger)[1],
    summary: summary ?? '',
  }))
  const provided = new Set(providers.flatMap(({ provides }) => Object.keys(Object(provides))))
  const bindings = [
    ...providers.flatMap(bindingsOf),
    ...hostDomains
      .filter((domain) => !provided.has(domain))
      .map((domain) => ({ binding: domain, preset: 'host', guarantees: {}, info: null })),
  ]
  const variables = [
    ...providers.flatMap(variablesOf),
    ...(providesSecrets(providers) ? [] : app.secrets.map(secretRow)),
  ]
  const effects = effectVerdicts(app.flows, providers).map((found) => ({ profile: name, ...found }))
  if (json)
    out.json({
      schemaVersion: 1,
      command: 'inspect',
      ok: true,
      app: app.name,
      version: app.version,
      profile: name,
      routes,
      bindings,
      variables,
      effects,
    })
  else {
    out.result(`${out.paint('bold', `${app.name} ${app.version}`)}, profile ${name}\n`)
    out.result(
      table(
        ['TRIGGER', 'ON', 'FLOW', 'SUMMARY'],
        routes.map((row) => [row.method, row.path, row.flow, row.summary]),
      ),
    )
    out.result(
      table(
        ['BINDING', 'PRESET', 'GUARANTEES'],
        bindings.map(({ binding, preset, guarantees }) => [
          binding,
          preset,
          Object.entries(guarantees)
            .map(([key, level]) => `${key} ${level}`)
            .join(', ') || '-',
        ]),
      ),
    )
    if (effects.length > 0) out.result(effectsTable(effects, [name]))
    out.result(
      table(
        ['VARIABLE', 'PRESET', 'REQUIRED', 'DEFAULT', 'MEANING'],
        variables.map((row) => [
          row.variable,
          row.preset,
          row.required ? 'yes' : 'no',
          row.default ?? '-',
          row.description,
        ]),
      ),
    )
  }
  return exitCodes.ok
}

function bindingsOf({ preset, provides }: Provider) {
  return Object.entries(provides as Readonly<Record<string, unknown>>).map(([binding, info]) => ({
    binding,
    preset,
    guarantees: guaranteesOf(info),
    info: finite(info),
  }))
}

/** JSON has no Infinity, so an unlimited value becomes `null`. */
function finite(info: unknown): unknown {
  return JSON.parse(JSON.stringify(info))
}

function variablesOf({ preset, env }: Provider) {
  const { properties, required = [] } = env satisfies VariablesSchema as VariablesSchema
  return Object.entries(properties).map(([variable, schema]) => {
    const { description = '', default: usual } = schema as { description?: string; default?: unknown }
    return {
      variable,
      preset,
      required: required.includes(variable) && usual === undefined,
      default: usual === undefined ? null : String(usual),
      description,
    }
  })
}

function secretRow(variable: string) {
  return { variable, preset: 'app', required: true, default: null, description: 'A secret the app reads' }
}
