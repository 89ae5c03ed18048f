/** Files of the page kept for offline starts: stored when the service worker is installed, each tab with those of its version. */
import { CapabilityError } from '@flowport/capabilities'
import type { ServiceWorkerScope } from './scope.ts'
import { Versions } from './versions.ts'

export interface PrecacheOptions {
  /** Paths of all files an offline start needs, relative to the service worker's script. Default none. */
  readonly precache?: readonly string[]
  /**
   * Changes with every release of the files: a build's hash. A new version is stored whole before it takes over; tabs that were
   * opened before go on with their own until they are loaded again. Required with `precache`.
   */
  readonly version?: string
  /** The file that answers navigations to paths that are none of these, as single-page apps want. Default none. */
  readonly navigate?: string
}

export interface Precache {
  /** Stores every file, or fails. */
  install(): Promise<void>
  /** Removes the other versions of this scope, except those that open tabs were opened under; caches of others stay. */
  activate(): Promise<void>
  /** The stored answer of the tab's version, else the network's. What the network answers is not stored. */
  answer(request: Request, clientId: string): Promise<Response>
  /** Whether a request can be answered from what is stored, which is whole: the rest, ranges too, is left to the browser. */
  takes(request: Request, clientId: string): boolean
  /** Removes the files of versions whose last tab has gone. */
  sweep(): Promise<void>
}

/** `undefined` when nothing is to be kept. */
export function precacheOf(scope: ServiceWorkerScope, options: PrecacheOptions): Precache | undefined {
  const { precache: files = [], version, navigate } = options
  if (files.length === 0) return undefined
  if (version === undefined || version === '') {
    throw new CapabilityError(
      'Misconfigured',
      'precache needs a version: without one, files of two releases would mix',
    )
  }
  const prefix = `flowport ${scope.registration.scope} `
  const name = prefix + version
  const urls = files.map((file) => new URL(file, scope.location.href).href)
  const fallback = navigate === undefined ? undefined : new URL(navigate, scope.location.href).href
  const known = new Set(urls)
  const versions = new Versions(scope, prefix, name)
  if (fallback !== undefined && !known.has(fallback))
    throw new CapabilityError('Misconfigured', `"${navigate}" answers navigations but is not among the files`)

  return {
    async install() {
      const cache = await scope.caches.open(name)
      await Promise.all(urls.map((url) => store(scope, cache, url)))
    },
    activate: () => versions.activate(),
    sweep: () => versions.sweep(),
    takes({ method, mode, url, headers, destination }, clientId) {
      if (method !== 'GET' || headers.has('range')) return false
      if (known.has(plain(url)) || (mode === 'navigate' && fallback !== undefined)) return true
      if (mode === 'navigate') return false
      // Not known yet, at the first request after a start: what a page is made of may be of an earlier version.
      return versions.has(clientId, plain(url)) ?? destination !== ''
    },
    async answer(request, clientId) {
      const wanted = plain(request.url)
      const earlier = request.mode === 'navigate' ? undefined : await versions.match(clientId, wanted)
      if (earlier !== undefined) return earlier
      const isNavigation = request.mode === 'navigate' && fallback !== undefined
      const path = known.has(wanted) ? wanted : isNavigation ? fallback : undefined
      const cache = path === undefined ? undefined : await scope.caches.open(name)
      const stored = path === undefined ? undefined : await cache?.match(path)
      return stored ?? scope.fetch(request)
    },
  }
}

/** Past the HTTP cache: a version must not be made of files of another. */
async function store(scope: ServiceWorkerScope, cache: Cache, url: string): Promise<void> {
  const response = await scope.fetch(new Request(url, { cache: 'reload', credentials: 'same-origin' }))
  if (!response.ok) {
    throw new CapabilityError(
      'NotFound',
      `${url} cannot be kept for offline starts: the server answers ${response.status}`,
    )
  }
  // An answer that was redirected may not answer a navigation.
  const { body, status, statusText, headers } = response
  await cache.put(url, response.redirected ? new Response(body, { status, statusText, headers }) : response)
}

/** Without query and fragment: they do not choose a file. */
function plain(url: string): string {
  return url.replace(/[?#].*$/s, '')
}
