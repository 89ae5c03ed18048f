/** Where requests may go: the base URL, the origins allowed beside its own, and the check of every URL before it is asked. */
import { CapabilityError } from '@flowport/capabilities'
import { isPrivateHost } from './private-address.ts'

export interface PlaceOptions {
  readonly url: string
  readonly allowOrigins: readonly string[]
  readonly allowPrivate: boolean
}

export class HttpPlace {
  /** Without a slash at its end. */
  readonly #base: URL
  readonly #origins: ReadonlySet<string>
  readonly #allowPrivate: boolean

  /** `Misconfigured` when an origin is none, or leads into a private network. */
  constructor({ url, allowOrigins, allowPrivate }: PlaceOptions) {
    this.#allowPrivate = allowPrivate
    this.#base = this.#configured(url, 'the URL')
    if (this.#base.search !== '') throw misconfigured('the URL must have no query: keys are its paths')
    this.#base.pathname = this.#base.pathname.replace(/(?<!\/)\/+$/, '')
    const origins = allowOrigins.map((origin) => {
      const { pathname, search, origin: plain } = this.#configured(origin, 'an origin of allowOrigins')
      if (pathname === '/' && search === '') return plain
      throw misconfigured('an origin of allowOrigins is a scheme, a host and a port, without a path')
    })
    this.#origins = new Set([this.#base.origin, ...origins])
  }

  get origin(): string {
    return this.#base.origin
  }

  /** The URL of a key; that of the base without one. */
  url(key?: string): URL {
    const url = new URL(this.#base)
    if (key !== undefined) url.pathname = `${url.pathname === '/' ? '' : url.pathname}/${encodeKey(key)}`
    return url
  }

  /** Where a redirect leads, if that is allowed. */
  next(location: string, from: URL): URL {
    if (!URL.canParse(location, from.href))
      throw new CapabilityError('Unexpected', 'the server redirects to what is no URL')
    const url = new URL(location, from)
    if (!isHttp(url) || hasUser(url) || !this.#origins.has(url.origin)) {
      throw new CapabilityError(
        'PermissionDenied',
        `the server redirects to another origin (${url.origin}); add it to allowOrigins if it is to be trusted`,
        { code: 'HTTP_ORIGIN_NOT_ALLOWED', details: { origin: url.origin } },
      )
    }
    return url
  }

  #configured(text: string, what: string): URL {
    const url = URL.canParse(text) ? new URL(text) : null
    // The text is not repeated: it may hold a password.
    if (url === null || !isHttp(url) || hasUser(url) || url.hash !== '') {
      throw misconfigured(`${what} must be an http or https URL without user, password and fragment`)
    }
    if (this.#allowPrivate || !isPrivateHost(url.hostname)) return url
    throw misconfigured(
      `${what} leads to ${url.hostname}, in a private network; if that is meant, set allowPrivate: true`,
    )
  }
}

/** A key as the path of a URL, segment by segment. */
function encodeKey(key: string): string {
  const segments = key.split('/')
  // A URL would resolve them, encoded or not.
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..')) {
    throw new CapabilityError('InvalidInput', 'a key has no empty segments and none that are "." or ".."')
  }
  return segments.map(encodeURIComponent).join('/')
}

function isHttp({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:'
}

function hasUser({ username, password }: URL): boolean {
  return username !== '' || password !== ''
}

/** An error of the preset's configuration. */
export function misconfigured(reason: string): CapabilityError {
  return new CapabilityError('Misconfigured', `preset "http": ${reason}`)
}
