/** A small S3 client: signs a request (Signature Version 4) and sends it once. Retries belong to the layers above. */
import { CapabilityError, type Clock } from '@flowport/capabilities'
import { AwsV4Signer } from 'aws4fetch'
import { encodeKey, encodeQuery, toHex } from './encode.ts'
import { errorFor, failureOf, networkError } from './translate-error.ts'

export interface S3ClientOptions {
  /** Where the objects of the bucket are, such as `https://s3.test/bucket`: a key follows after a slash. */
  readonly bucketUrl: URL
  /** Its name, for what names it beside the URL. */
  readonly bucket: string
  /** The bucket's region, `auto` for R2. */
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Dates signatures. */
  readonly clock: Pick<Clock, 'now'>
  /** Default: the platform's. */
  readonly fetch?: typeof fetch
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Without one the request is about the bucket. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes are signed with their digest, so that the store refuses altered ones; a stream is not. */
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | undefined
  readonly signal?: AbortSignal | undefined
  /** Statuses above 299 that are answers, not errors. */
  readonly expect?: readonly number[]
}

/** Holds the credentials where neither `JSON.stringify` nor `util.inspect` looks. */
export class S3Client {
  readonly #options: S3ClientOptions
  readonly #fetch: typeof fetch
  /** Signing keys of the day. */
  readonly #signingKeys = new Map<string, ArrayBuffer>()

  constructor(options: S3ClientOptions) {
    this.#options = options
    this.#fetch = options.fetch ?? ((...request) => globalThis.fetch(...request))
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#options.clock.now()
  }

  /** How a copy names this key as its source. */
  copySource(key: string): string {
    return `/${encodeKey(this.#options.bucket)}/${encodeKey(key)}`
  }

  /** Resolves an answer below 300 or of an expected status; what else comes is a `CapabilityError`. */
  async send({ method, key, query, headers, body, signal, expect = [] }: S3Request): Promise<Response> {
    const signed = await this.#signer(
      method,
      this.#url(key, query),
      { 'x-amz-content-sha256': await contentHash(body), ...headers },
      false,
    ).sign()
    const init: RequestInit & { readonly duplex?: 'half' } = {
      method,
      headers: signed.headers,
      // Never along with credentials to wherever an answer points.
      redirect: 'manual',
      ...(signal === undefined ? {} : { signal }),
      ...(body === undefined ? {} : { body }),
      ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
    }
    let response: Response
    try {
      response = await this.#fetch(signed.url.href, init)
    } catch (error) {
      throw networkError(error)
    }
    if (response.ok || expect.includes(response.status)) return response
    throw errorFor(await failureOf(response, this.now()))
  }

  /** Like `send`, and reads the answer as text. */
  async sendForText(request: S3Request): Promise<string> {
    const response = await this.send(request)
    try {
      return await response.text()
    } catch (error) {
      throw networkError(error)
    }
  }

  /** A URL that works for `expiresInSeconds` without credentials. */
  async presign(method: 'GET' | 'PUT', key: string, expiresInSeconds: number): Promise<URL> {
    const url = this.#url(key, { 'X-Amz-Expires': String(expiresInSeconds) })
    const { url: signed } = await this.#signer(method, url, {}, true).sign()
    return signed
  }

  #url(key: string | undefined, query: Readonly<Record<string, string>> = {}): string {
    const url = new URL(this.#options.bucketUrl)
    if (key !== undefined) url.pathname = `${url.pathname.replace(/\/$/, '')}/${encodeKey(key)}`
    url.search = encodeQuery(query)
    return url.href
  }

  #signer(method: string, url: string, headers: Record<string, string>, signQuery: boolean): AwsV4Signer {
    const { accessKeyId, secretAccessKey, region } = this.#options
    return new AwsV4Signer({
      method,
      url,
      headers,
      accessKeyId,
      secretAccessKey,
      region,
      service: 's3',
      cache: this.#signingKeys,
      datetime: new Date(this.now()).toISOString().replaceAll(/[:-]|\.\d{3}/g, ''),
      signQuery,
    })
  }
}

/** The URL of a bucket at an endpoint, in path style; `Misconfigured` when the endpoint is none. */
export function bucketUrl(endpoint: string, bucket: string, preset: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null
  const plain =
    url !== null && url.username === '' && url.password === '' && url.search === '' && url.hash === ''
  if (url === null || !plain || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new CapabilityError(
      'Misconfigured',
      `preset "${preset}": the endpoint must be an http or https URL without user, query or fragment`,
    )
  }
  url.pathname = `${url.pathname.replace(/\/$/, '')}/${encodeKey(bucket)}`
  return url
}

async function contentHash(body: S3Request['body']): Promise<string> {
  if (body instanceof ReadableStream) return 'UNSIGNED-PAYLOAD'
  return body === undefined ? emptyHash : toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', body)))
}

/** SHA-256 of nothing. */
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
