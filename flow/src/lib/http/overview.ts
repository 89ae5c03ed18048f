/** `GET /`: the app's flows and what is bound, as HTML for people and JSON for programs. */
import type { ResourceBag, ResourceDescription } from '@flowport/capabilities'
import Negotiator from 'negotiator'
import type { App } from '../app.ts'
import type { AnyFlow } from '../flow.ts'
import type { HttpCall, HttpOutcome } from './call.ts'

export interface OverviewFlow {
  readonly name: string
  readonly version: string
  readonly summary?: string
  readonly trigger: string
  readonly method?: string
  readonly path?: string
  readonly queue?: string
  readonly cron?: string
  readonly timeZone?: string
}

export interface Overview {
  readonly name: string
  readonly version: string
  readonly profile: string
  readonly flows: readonly OverviewFlow[]
  readonly bindings: readonly (Omit<ResourceDescription, 'info'> & {
    readonly guarantees: Readonly<Record<string, string>>
  })[]
}

/** What an app on a profile consists of. */
export function overviewOf(app: App, profile: string, bag: ResourceBag): Overview {
  return {
    name: app.name,
    version: app.version,
    profile,
    flows: app.flows.map(flowRow),
    bindings: bag.describe().map(({ info, ...rest }) => ({ ...rest, guarantees: guaranteesOf(info) })),
  }
}

/** The ordered levels that a resource's info states. */
export function guaranteesOf(info: unknown): Readonly<Record<string, string>> {
  const names = ['consistency', 'durability', 'ttl', 'delivery', 'ordering', 'reservation']
  const stated = (typeof info === 'object' && info !== null ? info : {}) as Record<string, unknown>
  return Object.fromEntries(
    names.flatMap((name) => (typeof stated[name] === 'string' ? [[name, stated[name]]] : [])),
  )
}

/** The overview in the form the client prefers. */
export function overviewOutcome(overview: Overview, call: Pick<HttpCall, 'header'>): HttpOutcome {
  const accept = call.header('accept')
  const html =
    accept !== undefined &&
    new Negotiator({ headers: { accept } }).mediaType(['application/json', 'text/html']) === 'text/html'
  const headers = { 'cache-control': 'no-store', vary: 'accept', 'x-content-type-options': 'nosniff' }
  if (!html) {
    return {
      status: 200,
      headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(overview),
    }
  }
  return {
    status: 200,
    headers: {
      ...headers,
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    },
    body: page(overview),
  }
}

function flowRow({ name, version, summary, trigger }: AnyFlow): OverviewFlow {
  return {
    name,
    version,
    ...(summary === undefined ? {} : { summary }),
    trigger: trigger.kind,
    ...(trigger.kind === 'http' ? { method: trigger.method, path: trigger.path } : {}),
    ...(trigger.kind === 'queue' ? { queue: trigger.queue } : {}),
    ...(trigger.kind === 'cron' ? { cron: trigger.cron, timeZone: trigger.timeZone } : {}),
  }
}

/** A flow's cell under "Path": whatever tells it from others of its kind. */
function whichOf({ path, queue, cron, timeZone = 'UTC' }: OverviewFlow): string {
  return path ?? queue ?? (cron === undefined ? '' : timeZone === 'UTC' ? cron : `${cron} (${timeZone})`)
}

function page({ name, version, profile, flows, bindings }: Overview): string {
  const flowRows = flows.map(
    (flow) =>
      `<tr><td><code>${text(flow.method ?? flow.trigger)}</code></td><td><code>${text(whichOf(flow))}</code></td><td>${text(flow.name)}</td><td>${text(flow.summary ?? '')}</td></tr>`,
  )
  const bindingRows = bindings.map(
    (binding) =>
      `<tr><td><code>${text(binding.name)}</code></td><td>${text(binding.provider)}</td><td>${text(
        Object.entries(binding.guarantees)
          .map(([key, level]) => `${key}: ${level}`)
          .join(', '),
      )}</td><td>${text(binding.layers.join(' → '))}</td></tr>`,
  )
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${text(name)}</title>
<style>
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100%; margin: 0 0 2rem }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); vertical-align: top }
h1 small { font-weight: normal; opacity: .6; font-size: 1rem }
.scroll { overflow-x: auto }
</style>
<h1>${text(name)} <small>${text(version)}, profile ${text(profile)}</small></h1>
<h2>Flows</h2>
<div class="scroll"><table><thead><tr><th>Trigger</th><th>On</th><th>Flow</th><th>What it does</th></tr></thead>
<tbody>${flowRows.join('\n')}</tbody></table></div>
<h2>Bindings</h2>
<div class="scroll"><table><thead><tr><th>Name</th><th>Provider</th><th>Guarantees</th><th>Layers</th></tr></thead>
<tbody>${bindingRows.join('\n')}</tbody></table></div>
<p><a href="openapi.json">openapi.json</a> · <a href="readyz">readyz</a> · <a href="healthz">healthz</a></p>
</html>
`
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function text(value: string): string {
  return value.replaceAll(/[&<>"']/g, (character) => entities[character] ?? character)
}
