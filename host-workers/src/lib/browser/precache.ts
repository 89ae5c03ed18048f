/**
 * Stores the page's files for offline starts when the service worker is installed, and serves each tab the files of its
 * version.
 */
import { CapabilityError } from '@flowport/capabilities'
import type { ServiceWorkerScope } from './scope.ts'
import { Versions } from './versions.ts'

export interface PrecacheOptions {
  /** Paths of all files that an offline start needs, relative to the service worker's script. Default: none. */
  readonly precache?: readonly string[]
  /**
   * Version of the files, which must change with every release, such as a build's hash. A new version is stored completely
   * before it takes over; tabs opened before keep their version until they reload. Required with `precache`.
   */
  readonly version?: string
  /** File that answers navigations to other paths, for single-page apps. Default: none. */
  readonly navigate?: string
}

export interface Precache {
  /** Stores every file, or rejects. */
  install(): Promise<void>
  /** Deletes this scope's other versions, except versions of open tabs. Leaves other caches alone. */
  activate(): Promise<void>
  /** Answers from the tab's version, else from the network. Does not store network answers. */
  answer(request: Request, clientId: string): Promise<Response>
  /**
   * Whether a request can be answered from the stored files. Stored files are complete, so range requests are left to the
   * browser.
   */
  takes(request: Request, clientId: string): boolean
  /** Deletes the files of versions whose last tab has closed. */
  sweep(): Promise<void>
}

/** Returns `undefined` when no files are listed. */
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
      // Unknown at the first request after a start: a page's subresource may belong to an earlier version.
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

/** Fetches a file past the HTTP cache, so that a version does not contain files of another. */
async function store(scope: ServiceWorkerScope, cache: Cache, url: string): Promise<void> {
  const response = await scope.fetch(new Request(url, { cache: 'reload', credentials: 'same-origin' }))
  if (!response.ok) {
    throw new CapabilityError(
      'NotFound',
      `${url} cannot be stored for offline starts: the server answers ${response.status}`,
    )
  }
  // A redirected response cannot answer a navigation, so it is copied.
  const { body, status, statusText, headers } = response
  await cache.put(url, response.redirected ? new Response(body, { status, statusText, headers }) : response)
}

/** Removes query and fragment, which do not select a file. */
function plain(url: string): string {
  return url.replace(/[?#].*$/s, '')
}
