/**
 * A small S3 client: signs a request (Signature Version 4) and sends it. Retries belong to the layers above, except after
 * two refusals that a second request can correct: the clock is wrong, or session credentials have ended. The transport is the next
 * stop.
 */
import { type Awaitable, beforeApplying, type Clock, notApplied } from '@flowport/capabilities'
import { HeldCredentials, type S3Credentials, type S3CredentialsSource } from './credentials.ts'
import { ClientAnswer } from '../object-http/client-answer.ts'
import { type Digests, webDigests } from '../object-http/digests.ts'
import { encodeComponent, encodeQuery, keyPath, toHex } from '../object-http/encode.ts'
import { fetchTransport } from '../object-http/fetch-transport.ts'
import { presignedUrlAt } from './presign.ts'
import { signingDate, type S3Signer, webSigner } from './signer.ts'
import { errorFor, failureOf, networkError, type S3Failure } from './translate-error.ts'
import type { S3Answer, S3Transport } from '../object-http/transport.ts'

export interface S3ClientOptions {
  /** Where the objects of the bucket are, such as `https://s3.test/bucket`: a key follows after a slash. */
  readonly bucketUrl: URL
  /** Name of the bucket, as copies name it. */
  readonly bucket: string
  /** The bucket's region, `auto` for R2. */
  readonly region: string
  /** Wins over the three below. */
  readonly credentials?: S3CredentialsSource | undefined
  readonly accessKeyId?: string | undefined
  readonly secretAccessKey?: string | undefined
  readonly sessionToken?: string | undefined
  /** Dates signatures. */
  readonly clock: Pick<Clock, 'now'>
  /** Default: the platform's. Not used with `transport`. */
  readonly fetch?: typeof fetch | undefined
  /** Default: one over `fetch`. */
  readonly transport?: S3Transport | undefined
  /** Default: one over Web Crypto. */
  readonly signer?: S3Signer | undefined
  /** Default: Web Crypto. */
  readonly digests?: Digests | undefined
}

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Without one the request is about the bucket. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Bytes are signed with their digest, so that the store refuses altered ones; a stream is not. */
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | undefined
  /** Length of a stream, which S3 does not take without. */
  readonly size?: number | undefined
  /** SHA-256 of the bytes, where it is known already. */
  readonly sha256?: Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
  /** Statuses above 299 that are answers, not errors. */
  readonly expect?: readonly number[]
}

/** Holds the credentials where neither `JSON.stringify` nor `util.inspect` looks. */
export class S3Client {
  readonly digests: Digests
  /** Whether bodies arrive decoded, as `fetch` delivers them. */
  readonly decodes: boolean
  readonly #bucket: string
  readonly #origin: string
  /** Of the bucket, without a slash at its end. */
  readonly #path: string
  readonly #region: string
  readonly #credentials: HeldCredentials
  readonly #clock: Pick<Clock, 'now'>
  readonly #transport: S3Transport
  readonly #signer: S3Signer
  /** Milliseconds that the store's clock is ahead of the local clock. */
  #offsetMs = 0

  constructor(options: S3ClientOptions) {
    const { bucketUrl, bucket, region, credentials, accessKeyId, secretAccessKey, sessionToken } = options
    this.digests = options.digests ?? webDigests
    this.#bucket = bucket
    this.#origin = bucketUrl.origin
    this.#path = bucketUrl.pathname.replace(/\/$/, '')
    this.#region = region
    this.#credentials = new HeldCredentials(
      credentials ?? { accessKeyId: accessKeyId ?? '', secretAccessKey: secretAccessKey ?? '', sessionToken },
    )
    this.#clock = options.clock
    this.#transport = options.transport ?? fetchTransport(options.fetch)
    this.#signer = options.signer ?? webSigner()
    this.decodes = this.#transport.decodes
  }

  /** Milliseconds since the epoch, by the clock of the store once it is known. */
  now(): number {
    return this.#clock.now() + this.#offsetMs
  }

  /** How a copy names this key as its source. */
  copySource(key: string): string {
    return `/${encodeComponent(this.#bucket)}${keyPath(key)}`
  }

  /**
   * Resolves an answer below 300 or of an expected status; every other answer is a `CapabilityError`. A request that was
   * signed with a wrong clock or with ended credentials is sent once more for each of the two, unless its body is a stream.
   */
  async send(request: S3Request): Promise<S3Answer> {
    const { body } = request
    const hash =
      request.headers?.['x-amz-content-sha256'] ??
      (body instanceof ReadableStream
        ? unsigned
        : body === undefined
          ? emptyHash
          : toHex(request.sha256 ?? (await this.digests.sha256(body))))
    let corrected: readonly Correction[] = []
    for (;;) {
      const held = this.#credentials.current(this.now(), request.signal)
      const credentials = held instanceof Promise ? await beforeApplying(() => held) : held
      // Other calls may correct the clock while this one is under way: what counts is the clock it was signed with.
      const offsetMs = this.#offsetMs
      const answer = await this.#once(request, hash, credentials)
      if (answer.status < 300 || request.expect?.includes(answer.status)) return answer
      const failure = await failureOf(answer, this.now())
      const correction = this.#learn(failure, answer, { credentials, offsetMs })
      if (correction === null || corrected.includes(correction) || body instanceof ReadableStream)
        throw errorFor(failure)
      corrected = [...corrected, correction]
    }
  }

  /** Like `send`, and reads the answer as text. */
  async sendForText(request: S3Request): Promise<string> {
    const answer = await this.send(request)
    return answer.text()
  }

  /** Like `send`, without reading the body. */
  async sendForHeaders(request: S3Request): Promise<Pick<S3Answer, 'status' | 'headers'>> {
    const answer = await this.send(request)
    // A body that cannot be let go is of no interest any more.
    await answer.cancel().catch(() => undefined)
    return answer
  }

  /** A URL that works without credentials for `expiresInSeconds`, or until the session credentials that signed it end. */
  async presign(method: 'GET' | 'PUT', key: string, expiresInSeconds: number): Promise<URL> {
    const credentials = await this.#credentials.current(this.now(), undefined)
    const place = { origin: this.#origin, path: this.#path, region: this.#region, now: this.now() }
    return presignedUrlAt(place, { method, key, expiresInSeconds }, credentials)
  }

  /** Closes connections; calls under way fail. */
  async close(): Promise<void> {
    await this.#transport.close?.()
  }

  async #once(request: S3Request, hash: string, credentials: S3Credentials | null): Promise<S3Answer> {
    const { method, key, query, body, size, signal } = request
    const path =
      this.#path +
      (key === undefined ? (this.#path === '' ? '/' : '') : keyPath(key)) +
      (query === undefined ? '' : `?${encodeQuery(query)}`)
    const headers: Record<string, string> = { 'x-amz-content-sha256': hash, ...request.headers }
    if (credentials !== null) {
      const date = signingDate(this.now())
      headers['x-amz-date'] = date
      if (credentials.sessionToken !== undefined) headers['x-amz-security-token'] = credentials.sessionToken
      const signing = { method, origin: this.#origin, path, headers, region: this.#region, date }
      const signature: Awaitable<string> = this.#signer(signing, credentials)
      headers['authorization'] = typeof signature === 'string' ? signature : await signature
    }
    if (signal?.aborted === true) throw notApplied(signal.reason)
    try {
      const sent = { method, origin: this.#origin, path, headers, body, size, signal }
      return new ClientAnswer(await this.#transport.send(sent), networkError)
    } catch (error) {
      throw networkError(error)
    }
  }

  /** Learns from a refused answer, for this request and all later ones. Returns `null` when a retry would not help. */
  #learn(failure: S3Failure, { headers }: S3Answer, signedWith: SignedWith): Correction | null {
    if (endedCodes.has(failure.code))
      return this.#credentials.refuse(signedWith.credentials) ? 'credentials' : null
    // An answer to `HEAD` has no code; there the date alone tells.
    const silent = failure.code === '' && failure.status === 403
    if (!silent && !skewCodes.has(failure.code)) return null
    const date = Date.parse(headers.get('date') ?? '')
    const skewMs = date - this.#clock.now() - signedWith.offsetMs
    if (Number.isNaN(skewMs) || Math.abs(skewMs) < largestGoodSkewMs) return null
    this.#offsetMs = date - this.#clock.now()
    return 'clock'
  }
}

/** What the client can correct after a refusal. */
type Correction = 'clock' | 'credentials'

interface SignedWith {
  readonly credentials: S3Credentials | null
  /** Milliseconds the store was taken to be ahead of the local clock. */
  readonly offsetMs: number
}

/** SHA-256 of nothing. */
const emptyHash = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
/** In place of a body's SHA-256: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
export const unsigned = 'UNSIGNED-PAYLOAD'

/** Session credentials that ended: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const endedCodes = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'InvalidToken'])
const skewCodes = new Set(['RequestTimeTooSkewed', 'RequestExpired', 'ExpiredRequest'])

/** S3 takes signatures up to 15 minutes old; less than this is not what it refused. */
const largestGoodSkewMs = 4 * 60_000
