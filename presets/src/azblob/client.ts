/** A small client of Azure's Blob service: authorizes a request and sends it. Retries belong to the layers above. */
import { beforeApplying, type CapabilityError, type Clock, notApplied } from '@flowport/capabilities'
import { type AccessTokenProvider, HeldToken } from '../object-http/held-token.ts'
import { platformFetch } from '../object-http/platform-fetch.ts'
import { encodeComponent, encodeQuery, keyPath } from '../object-http/encode.ts'
import { ClientAnswer } from '../object-http/client-answer.ts'
import { fetchTransport } from '../object-http/fetch-transport.ts'
import type { S3Answer, S3Transport } from '../object-http/transport.ts'
import { misconfigured } from '../platform/misconfigured.ts'
import { type AzureSigner, sharedKeySigner } from './shared-key.ts'
import { azureError, azureFailureOf, azureNetworkError } from './translate-error.ts'

/** How requests are authorized. */
export type AzureAuthorization =
  /** With a key of the account, in base64. */
  | { readonly accountKey: string }
  /** With the query of a shared access signature, without `?`. */
  | { readonly sasToken: string }
  /** With a token of Microsoft Entra ID. */
  | { readonly accessToken: string | AccessTokenProvider }
  /** Not at all: for containers that are open to the public. */
  | 'anonymous'

export interface AzureClientOptions {
  /** Of the blob service, without a slash at its end. */
  readonly endpoint: string
  readonly account: string
  readonly container: string
  readonly authorization: AzureAuthorization
  /** Dates requests. */
  readonly clock: Pick<Clock, 'now'>
  /** Default: one over `fetch`. */
  readonly transport?: S3Transport | undefined
}

export interface AzureRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE'
  /** Without one the request is about the container. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer> | undefined
  readonly signal?: AbortSignal | undefined
}

/** Holds the credentials where neither `JSON.stringify` nor `util.inspect` looks. */
export class AzureClient {
  /** Whether bodies arrive decoded, as `fetch` delivers them. */
  readonly decodes: boolean
  readonly #origin: string
  /** Of the container, encoded, without a slash at its end. */
  readonly #path: string
  readonly #clock: Pick<Clock, 'now'>
  readonly #transport: S3Transport
  readonly #sign: AzureSigner | null
  readonly #sasToken: string
  readonly #token: HeldToken | null

  constructor({ endpoint, account, container, authorization, clock, transport }: AzureClientOptions) {
    const url = new URL(endpoint)
    this.#origin = url.origin
    this.#path = `${url.pathname.replace(/\/$/, '')}/${encodeComponent(container)}`
    this.#clock = clock
    this.#transport = transport ?? fetchTransport(platformFetch())
    this.decodes = this.#transport.decodes
    const by: Partial<
      Record<'accountKey' | 'sasToken', string> & { accessToken: string | AccessTokenProvider }
    > = authorization === 'anonymous' ? {} : authorization
    this.#sign = by.accountKey === undefined ? null : sharedKeySigner(account, by.accountKey)
    this.#sasToken = by.sasToken ?? ''
    this.#token = by.accessToken === undefined ? null : new HeldToken(by.accessToken)
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#clock.now()
  }

  /** How a copy names this key as its source. It holds the signature, where there is one. */
  copySource(key: string): string {
    const url = this.#origin + this.#path + keyPath(key)
    return this.#sasToken === '' ? url : `${url}?${this.#sasToken}`
  }

  /** Resolves an answer below 300; what else comes is a `CapabilityError` with Azure's code in `details.serviceCode`. */
  async send(request: AzureRequest): Promise<S3Answer> {
    for (let again = false; ; again = true) {
      const held = this.#token?.current(this.now()) ?? null
      const token = held === null ? null : await beforeApplying(() => held)
      const answer = await this.#once(request, token)
      if (answer.status < 300) return answer
      const failure = await azureFailureOf(answer, this.now())
      const ended = failure.status === 401 && token !== null && this.#token?.refuse(token) === true
      if (!ended || again) throw azureError(failure)
    }
  }

  /** Like `send`, and reads the answer as text. */
  async sendForText(request: AzureRequest): Promise<string> {
    const answer = await this.send(request)
    return answer.text()
  }

  /** Like `send`, without reading the body. */
  async sendForHeaders(request: AzureRequest): Promise<S3Answer['headers']> {
    const answer = await this.send(request)
    // A body that cannot be let go is of no interest any more.
    await answer.cancel().catch(() => undefined)
    return answer.headers
  }

  /** Closes connections; calls under way fail. */
  async close(): Promise<void> {
    await this.#transport.close?.()
  }

  async #once(
    { method, key, query = {}, headers: more, body, signal }: AzureRequest,
    token: string | null,
  ): Promise<S3Answer> {
    const path = this.#path + (key === undefined ? '' : keyPath(key))
    const headers: Record<string, string> = {
      ...more,
      'x-ms-date': new Date(this.now()).toUTCString(),
      'x-ms-version': version,
    }
    if (token !== null) headers['authorization'] = `Bearer ${token}`
    if (this.#sign !== null) {
      const length = body?.byteLength ?? 0
      headers['authorization'] = await this.#sign({ method, path, query, headers, length })
    }
    const search = [encodeQuery(query), this.#sasToken].filter((part) => part !== '').join('&')
    const full = search === '' ? path : `${path}?${search}`
    if (signal?.aborted === true) throw notApplied(signal.reason)
    try {
      const sent = { method, origin: this.#origin, path: full, headers, body, signal }
      return new ClientAnswer(await this.#transport.send(sent), azureNetworkError)
    } catch (error) {
      throw azureNetworkError(error)
    }
  }
}

/** The error of a wrong configuration of `az://`. It names fields, never their values. */
export function azureMisconfigured(reason: string): CapabilityError {
  return misconfigured('az', reason)
}

/** Blocks of 4000 MiB and one put of 5000 MiB: https://learn.microsoft.com/rest/api/storageservices/put-blob#remarks */
const version = '2021-12-02'
