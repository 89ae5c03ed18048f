/** The HTTP routes of an app, as hosts register them. */
import type { AnyFlow } from '../flow.ts'
import type { HttpTrigger } from '../trigger.ts'

export interface HttpRoute {
  readonly flow: AnyFlow
  readonly trigger: HttpTrigger
}

/** One route per flow with an HTTP trigger, in the order of the app. */
export function httpRoutes({ flows }: { readonly flows: readonly AnyFlow[] }): readonly HttpRoute[] {
  return flows.flatMap((flow) => (flow.trigger.kind === 'http' ? [{ flow, trigger: flow.trigger }] : []))
}

/** The methods that routes have for a path that matched none with the method asked for; empty for an unknown path. */
export function methodsFor(routes: readonly HttpRoute[], path: string): readonly string[] {
  const methods = new Set<string>()
  for (const { trigger } of routes) {
    if (!patternOf(trigger.path).test(path)) continue
    methods.add(trigger.method)
    if (trigger.method === 'GET') methods.add('HEAD')
  }
  return [...methods]
}

function patternOf(path: string): RegExp {
  const segments = path
    .split('/')
    .map((part) => (part.startsWith(':') ? '[^/]+' : part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')))
  return new RegExp(`^${segments.join('/')}$`)
}
