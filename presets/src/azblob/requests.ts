/** Puts of Azure that OpenDAL does not send, signed with the account's key or a shared access signature. */
import { createHmac } from 'node:crypto'
import {
  type Applied,
  appliedByStatus,
  CapabilityError,
  retryAfterOf,
  wasNeverSent,
} from '@flowport/capabilities'

export interface AzureRequestsOptions {
  /** Without a slash at its end. */
  readonly endpoint: string
  readonly account: string
  readonly container: string
  /** `/` or `/<folder>`. */
  readonly root: string
  /** In base64. */
  readonly accountKey?: string | undefined
  /** A query without `?`. */
  readonly sasToken?: string | undefined
  /** Milliseconds one request may take. */
  readonly timeoutMs: number
  readonly now: () => number
}

export interface AzurePut {
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array<ArrayBuffer>
  readonly signal?: AbortSignal | undefined
}

/** https://learn.microsoft.com/rest/api/storageservices/versioning-for-the-azure-storage-services */
const version = '2021-12-02'

/** Holds the credentials where neither `JSON.stringify` nor `util.inspect` looks. */
export class AzureRequests {
  readonly #options: AzureRequestsOptions

  constructor(options: AzureRequestsOptions) {
    this.#options = options
  }

  /** Resolves the headers of the answer; a refusal is an error with Azure's code in `details.serviceCode`. */
  async put({ key, query = {}, headers, body, signal }: AzurePut): Promise<Headers> {
    const { endpoint, container, root, sasToken, timeoutMs, now } = this.#options
    const path = [container, ...root.split('/'), ...key.split('/')].filter((part) => part !== '')
    const url = new URL(`${endpoint}/${path.map(encodeURIComponent).join('/')}`)
    const own = { ...headers, 'x-ms-date': new Date(now()).toUTCString(), 'x-ms-version': version }
    const signed = { ...own, ...this.#authorization(url, query, own, body.byteLength) }
    url.search = [new URLSearchParams(query).toString(), sasToken ?? '']
      .filter((part) => part !== '')
      .join('&')
    const late = AbortSignal.timeout(timeoutMs)
    try {
      const response = await fetch(url, {
        method: 'PUT',
        headers: signed,
        body,
        redirect: 'error',
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
      })
      await response.body?.cancel()
      if (response.ok) return response.headers
      throw refusal(response)
    } catch (error) {
      // What fetch throws may name the URL, and with it a signature: only what kind of failure it was is kept.
      if (error instanceof CapabilityError || signal?.aborted) throw error
      if (late.aborted) throw new CapabilityError('Timeout', `Azure took longer than ${timeoutMs} ms`)
      const applied: Applied = wasNeverSent(error) ? 'no' : 'unknown'
      throw new CapabilityError('Unavailable', 'the connection to Azure failed', { applied })
    }
  }

  /** https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key */
  #authorization(
    url: URL,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
    length: number,
  ): Record<string, string> {
    const { account, accountKey } = this.#options
    if (accountKey === undefined) return {}
    const ofAzure = Object.entries(headers)
      .filter(([name]) => name.startsWith('x-ms-'))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
    const text = [
      'PUT',
      headers['content-encoding'] ?? '',
      headers['content-language'] ?? '',
      length === 0 ? '' : String(length),
      headers['content-md5'] ?? '',
      headers['content-type'] ?? '',
      // Date, If-Modified-Since: not sent.
      '',
      '',
      headers['if-match'] ?? '',
      headers['if-none-match'] ?? '',
      // If-Unmodified-Since, Range: not sent.
      '',
      '',
      ...ofAzure.map(([name, value]) => `${name}:${value}`),
      `/${account}${url.pathname}`,
      ...Object.entries(query)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => `${name}:${value}`),
    ].join('\n')
    const signature = createHmac('sha256', Buffer.from(accountKey, 'base64')).update(text).digest('base64')
    return { authorization: `SharedKey ${account}:${signature}` }
  }
}

function refusal({ status, headers }: Response): CapabilityError {
  const serviceCode = headers.get('x-ms-error-code') ?? 'none'
  const details = { status, serviceCode }
  const said = `Azure answered ${status} (${serviceCode})`
  const retryAfterMs = retryAfterOf(headers)
  // Of the conflicts of a put, Azure answers this one with a code that says there was no write.
  const applied = serviceCode === 'BlobAlreadyExists' ? 'no' : appliedByStatus(status)
  const options = { details, retryAfterMs, applied }
  switch (status) {
    case 412:
      return new CapabilityError('ConditionNotMatch', `${said}: read the object again`, options)
    case 409:
      return new CapabilityError('AlreadyExists', `${said}: the object is there`, options)
    case 401:
      return new CapabilityError('Unauthenticated', `${said}: check the credentials`, options)
    case 403:
      return new CapabilityError('PermissionDenied', `${said}: check the credentials`, options)
    case 404:
      return new CapabilityError('NotFound', `${said}: check the container`, options)
    case 429:
      return new CapabilityError('RateLimited', said, options)
    default:
      return new CapabilityError(status >= 500 ? 'Unavailable' : 'Unexpected', said, options)
  }
}
