/** Decides synchronously which requests belong to the app, because a service worker must decide before it awaits anything. */
import type { App } from '@flowport/flow'
import { httpRoutes, methodsFor } from '@flowport/flow/http'

/** Returns the path inside the app, or `null` when the path is not under `base`. */
export function pathUnder(base: string, path: string): string | null {
  if (base === '/') return path
  if (path === base) return '/'
  return path.startsWith(`${base}/`) ? path.slice(base.length) : null
}

/** Returns a function that checks whether a flow has a route for a method and a path inside the app. */
export function routeFinder(app: App): (method: string, path: string) => boolean {
  const routes = httpRoutes(app)
  return (method, path) => methodsFor(routes, path).includes(method)
}
