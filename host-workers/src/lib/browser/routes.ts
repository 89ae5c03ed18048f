/** Which requests are the app's: decided at once, because a service worker must say so before anything is awaited. */
import type { App } from '@flowport/flow'
import { httpRoutes, methodsFor } from '@flowport/flow/http'

/** The path inside the app, or `null` when the request is not under `base`. */
export function pathUnder(base: string, path: string): string | null {
  if (base === '/') return path
  if (path === base) return '/'
  return path.startsWith(`${base}/`) ? path.slice(base.length) : null
}

/** Whether a flow has a route for a method and a path inside the app. */
export function routeFinder(app: App): (method: string, path: string) => boolean {
  const routes = httpRoutes(app)
  return (method, path) => methodsFor(routes, path).includes(method)
}
