/** Cloudflare's REST API for one KV namespace: where it is, who asks, and what its refusals mean. */
import { appliedByStatus, CapabilityError, type Clock, notApplied } from '@flowport/capabilities'
import { apiError, unreachable } from './rest-error.ts'

/** The part of `fetch` that is used. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

export interface RestClientOptions {
  readonly baseUrl?: string | undefined
  readonly accountId: string
  readonly namespaceId: string
  readonly apiToken: string
  readonly fetch?: Fetch | undefined
  /** Reads a `Retry-After` that is a date. */
  readonly clock: Pick<Clock, 'now'>
}

const cloudflareApi = 'https://api.cloudflare.com/client/v4'

/** The token is kept where neither JSON nor an inspection finds it. */
export class RestClient {
  readonly #url: string
  readonly #token: string
  readonly #fetch: Fetch
  readonly #clock: Pick<Clock, 'now'>

  constructor({
    baseUrl = cloudflareApi,
    accountId,
    namespaceId,
    apiToken,
    fetch,
    clock,
  }: RestClientOptions) {
    // A header that cannot be sent would be quoted, token and all, by the error of `fetch`.
    if (!/^[\x21-\x7e]+$/.test(apiToken)) {
      throw new CapabilityError(
        'Misconfigured',
        'cloudflare-kv: the API token has characters no token has; look for quotes, spaces or line breaks around it',
      )
    }
    if (!URL.canParse(baseUrl) || !/^https?:$/.test(new URL(baseUrl).protocol)) {
      throw new CapabilityError('Misconfigured', 'cloudflare-kv: baseUrl must be an http or https URL')
    }
    const path = ['accounts', accountId, 'storage', 'kv', 'namespaces', namespaceId]
    this.#url = `${baseUrl.replace(/(?<!\/)\/+$/, '')}/${path.map(encodeURIComponent).join('/')}`
    this.#token = apiToken
    this.#fetch = fetch ?? ((url, init) => globalThis.fetch(url, init))
    this.#clock = clock
  }

  /** The response of a request that succeeded; of one that did not, its `CapabilityError`. */
  async send(path: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Response> {
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${this.#token}` }
    const response = await this.#answer(() =>
      // Not followed: the token is for this address and no other.
      this.#fetch(this.#url + path, { redirect: 'manual', ...init, headers, signal: signal ?? null }),
    )
    if (response.ok) return response
    // Whether a key or its namespace is missing, only the body says: without it the answer is as good as lost.
    const text = await this.#answer(() => response.text()).catch((error: unknown) => {
      if (response.status === 429 || response.status >= 500) return ''
      throw appliedByStatus(response.status) === 'no' ? notApplied(error) : error
    })
    throw apiError(response, text, { now: this.#clock.now(), secret: this.#token })
  }

  /** `send`, and the whole body. */
  async bytes(
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<{ body: ArrayBuffer; headers: Headers }> {
    const response = await this.send(path, {}, signal)
    return { body: await this.#answer(() => response.arrayBuffer()), headers: response.headers }
  }

  /** `send`, and the answer's envelope. */
  async json(path: string, init: RequestInit, signal: AbortSignal | undefined): Promise<Envelope> {
    const response = await this.send(path, init, signal)
    const text = await this.#answer(() => response.text())
    const envelope = parsed(text)
    if (typeof envelope === 'object' && envelope !== null && 'result' in envelope) return envelope
    throw new CapabilityError(
      'Unexpected',
      'the API answered something else than its JSON; look at baseUrl',
      {
        details: { status: response.status },
      },
    )
  }

  /** Failures to reach the API, or to read all it sent, are `Unavailable`; a signal's reason stays what it is. */
  async #answer<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw unreachable(error)
    }
  }
}

/** https://developers.cloudflare.com/fundamentals/api/how-to/make-api-calls/ */
export interface Envelope {
  readonly result: unknown
  readonly result_info?: { readonly cursor?: unknown; readonly cursors?: { readonly after?: unknown } }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
