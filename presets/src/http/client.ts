/** Sends one request, along redirects that lead to allowed origins only, with credentials for the base origin only. */
import { CapabilityError, type Clock } from '@flowport/capabilities'
import { within } from './deadline.ts'
import type { HttpPlace } from './place.ts'
import { errorFor, networkError } from './translate-error.ts'

/** `fetch`, as far as it is used. */
export type Send = (
  url: string,
  init: {
    readonly method: 'GET' | 'HEAD'
    readonly headers: Record<string, string>
    readonly redirect: 'manual'
    readonly signal: AbortSignal
  },
) => Promise<Response>

export interface HttpClientOptions {
  readonly place: Pick<HttpPlace, 'origin' | 'url' | 'next'>
  /** The `Authorization` header; `null` without credentials. */
  readonly authorization: string | null
  readonly send: Send
  readonly clock: Clock
  /** Milliseconds until the headers of an answer are there. */
  readonly timeoutMs: number
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD'
  /** Without one the request is about the base URL. */
  readonly key?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** Most redirects in a row. */
const maxRedirects = 5

/** Holds the credentials where neither `JSON.stringify` nor `util.inspect` looks. */
export class HttpClient {
  readonly #options: HttpClientOptions

  constructor(options: HttpClientOptions) {
    this.#options = options
  }

  get clock(): Clock {
    return this.#options.clock
  }

  /** Resolves the answer, whatever its status, once it is no redirect. */
  async request({ method, key, headers = {}, signal }: HttpRequest): Promise<Response> {
    const { place, authorization } = this.#options
    let url = place.url(key)
    let trusted = true
    for (let redirects = 0; redirects <= maxRedirects; redirects++) {
      // What another origin redirects to is its choice: credentials are not given back on the way home.
      trusted &&= url.origin === place.origin
      const own = trusted && authorization !== null ? { authorization } : {}
      const response = await this.#send(
        url,
        method,
        { 'accept-encoding': 'identity', ...headers, ...own },
        signal,
      )
      if (response.type === 'opaqueredirect') {
        throw new CapabilityError(
          'Unsupported',
          'the server redirects, and a browser does not say where to; give the URL it redirects to',
        )
      }
      const location = response.headers.get('location')
      if (!redirectStatuses.has(response.status) || location === null) return response
      letGo(response)
      url = place.next(location, url)
    }
    throw new CapabilityError('Unexpected', `the server redirects more than ${maxRedirects} times in a row`)
  }

  /** The error for an answer that is no object; its body is let go unread. */
  failure(response: Response): CapabilityError {
    letGo(response)
    return errorFor(response, this.clock.now())
  }

  async #send(
    url: URL,
    method: HttpRequest['method'],
    headers: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<Response> {
    const { send, clock, timeoutMs } = this.#options
    try {
      return await within({ clock, ms: timeoutMs, what: 'the answer of the server', signal }, (either) =>
        send(url.href, { method, headers, redirect: 'manual', signal: either }),
      )
    } catch (error) {
      throw networkError(error)
    }
  }
}

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Lets go of a body nobody will read. */
export function letGo({ body }: Response): void {
  body?.cancel().catch(() => undefined)
}
