/** Reads objects from a web server: `HEAD`, `GET`, parts, versions. `HttpClient` is the next stop. */
import {
  type BlobDriver,
  type BlobDriverGet,
  type BlobDriverPage,
  type BlobObject,
  type ByteRange,
  CapabilityError,
  collect,
  type DriverCall,
  type Logger,
  type OpenedBlob,
  resolveRange,
} from '@flowport/capabilities'
import { bodyStream, impatient, type Source } from './body.ts'
import { type HttpClient, letGo } from './client.ts'
import { contentRangeOf, isEncoded, lengthOf, objectFrom, strongTag } from './headers.ts'
import { httpInfoWith } from './info.ts'

export interface HttpBlobDriverOptions {
  readonly client: HttpClient
  readonly log: Pick<Logger, 'debug' | 'warn'>
  /** Bytes of the largest object to read. */
  readonly maxObjectBytes: number
  /** Bytes of the largest object to hold in memory where the server does not tell its length. */
  readonly maxBufferedBytes: number
  /** Milliseconds the server may be silent in the middle of a body. */
  readonly idleTimeoutMs: number
  /** Longest key in UTF-8 bytes. Default 1024. */
  readonly maxKeyBytes?: number
  /** The version of what the server tells none of. Default: another one each time, so that it cannot be asked for. */
  readonly untagged?: string
  /** Called when the provider is closed. */
  readonly close?: () => Promise<void>
}

export class HttpBlobDriver implements BlobDriver {
  readonly info
  readonly #options: HttpBlobDriverOptions
  #toldOfRanges = false

  constructor(options: HttpBlobDriverOptions) {
    this.#options = options
    const { maxObjectBytes, maxKeyBytes } = options
    this.info = httpInfoWith({ maxObjectBytes, ...(maxKeyBytes === undefined ? {} : { maxKeyBytes }) })
  }

  async head(key: string, { signal }: DriverCall): Promise<BlobObject | null> {
    const { client, untagged } = this.#options
    const response = await client.request({ method: 'HEAD', key, signal })
    letGo(response)
    const size = lengthOf(response.headers)
    if (isAbsent(response)) return null
    if (response.status === 200 && size !== null)
      return objectFrom(key, response.headers, this.#checked(size), untagged)
    // A length that is not told, or a server without HEAD: a GET says more.
    if (response.status !== 200 && response.status !== 405 && response.status !== 501)
      throw client.failure(response)
    const opened = await this.get(key, { signal })
    if (opened?.body instanceof ReadableStream) await opened.body.cancel()
    return opened?.object ?? null
  }

  async get(key: string, { range, ifMatch, signal }: BlobDriverGet): Promise<OpenedBlob | null> {
    const response = await this.#fetch(key, { range, ifMatch, signal })
    if (isAbsent(response)) {
      letGo(response)
      return null
    }
    try {
      const opened = await this.#opened(key, response, range, signal)
      if (ifMatch === undefined || opened.object.etag === ifMatch) return opened
      if (opened.body instanceof ReadableStream) opened.body.cancel().catch(() => undefined)
      throw new CapabilityError('ConditionNotMatch', 'the object has another version; read it again')
    } catch (error) {
      letGo(response)
      throw error
    }
  }

  put(): never {
    throw readsOnly()
  }

  delete(): never {
    throw readsOnly()
  }

  list(): BlobDriverPage {
    throw new CapabilityError(
      'Unsupported',
      'http has no listing: keep the keys elsewhere, or in an object that lists them',
    )
  }

  /** Whether the server answers at all; what it says of the base URL itself does not matter. */
  async check({ signal }: DriverCall): Promise<void> {
    const { client } = this.#options
    const response = await client.request({ method: 'HEAD', signal })
    if (response.status >= 500 || response.status === 401) throw client.failure(response)
    letGo(response)
  }

  async close(): Promise<void> {
    await this.#options.close?.()
  }

  #fetch(key: string, { range, ifMatch, signal }: BlobDriverGet): Promise<Response> {
    // A weak tag, and one made of time and size, says nothing to the server: the answer is compared.
    const tag = ifMatch === undefined ? null : strongTag(ifMatch)
    const headers = {
      ...(range === undefined ? {} : { range: `bytes=${rangeText(range)}` }),
      ...(tag === null ? {} : { 'if-match': tag }),
    }
    return this.#options.client.request({ method: 'GET', key, headers, signal })
  }

  async #opened(
    key: string,
    response: Response,
    range: ByteRange | undefined,
    signal: AbortSignal | undefined,
  ): Promise<OpenedBlob> {
    const { status, headers } = response
    if (status === 206 && range !== undefined) return this.#part(key, response, range, signal)
    if (status !== 200) throw this.#options.client.failure(response)
    const size = lengthOf(headers)
    if (size === null) return this.#buffered(key, response, range, signal)
    const object = objectFrom(key, headers, this.#checked(size), this.#options.untagged)
    const { start, end } = resolveRange(range, size)
    if (range !== undefined) this.#tellOfRanges()
    return this.#streamed(object, response, { start, end, at: 0, exact: end === size }, signal)
  }

  /** The answer to a range, checked against it: what comes must be what was asked for. */
  #part(key: string, response: Response, range: ByteRange, signal: AbortSignal | undefined): OpenedBlob {
    const { headers } = response
    const came = contentRangeOf(headers)
    if (came === null || isEncoded(headers)) {
      throw new CapabilityError(
        'Unsupported',
        'the server answers a range in a way that does not tell which bytes of the object they are; read the whole object',
      )
    }
    const object = objectFrom(key, headers, this.#checked(came.size), this.#options.untagged)
    const { start, end } = resolveRange(range, came.size)
    const length = lengthOf(headers)
    if (came.start !== start || came.end !== end || (length !== null && length !== end - start)) {
      throw new CapabilityError('Unexpected', 'the server answered another range than it was asked for', {
        retryable: 'temporary',
      })
    }
    return this.#streamed(object, response, { start, end, at: start, exact: true }, signal)
  }

  /** Without a length the object is read to its end first, which also says what a range of it is. */
  async #buffered(
    key: string,
    response: Response,
    range: ByteRange | undefined,
    signal: AbortSignal | undefined,
  ): Promise<OpenedBlob> {
    const { maxBufferedBytes, client, idleTimeoutMs } = this.#options
    const where = { capability: 'blob', operation: 'get', key }
    const { body } = response
    const stream =
      body === null ? new Blob([]).stream() : impatient(body, { clock: client.clock, idleTimeoutMs })
    const all = await collect(
      stream,
      Math.min(maxBufferedBytes, this.info.limits.maxObjectBytes),
      where,
      signal,
    )
    const { start, end } = resolveRange(range, all.byteLength)
    return {
      object: objectFrom(key, response.headers, all.byteLength, this.#options.untagged),
      start,
      end,
      body: all.slice(start, end),
    }
  }

  #streamed(
    object: BlobObject,
    response: Response,
    { start, end, at, exact }: { start: number; end: number; at: number; exact: boolean },
    signal: AbortSignal | undefined,
  ): OpenedBlob {
    const { client, idleTimeoutMs, log } = this.#options
    const { body } = response
    if (body === null || start === end) {
      letGo(response)
      if (start === end) return { object, start, end, body: new Uint8Array(0) }
      throw new CapabilityError('Unavailable', 'the server sent no bytes; read it again')
    }
    const stream = bodyStream({
      first: { at, exact, body },
      start,
      end,
      clock: client.clock,
      idleTimeoutMs,
      reopen:
        strongTag(object.etag) === null
          ? null
          : (position, life) =>
              this.#again(
                object,
                position,
                end,
                signal === undefined ? life : AbortSignal.any([signal, life]),
              ),
      onResume: (position) =>
        log.debug({ key: object.key, position }, 'the connection broke in the middle of an object'),
    })
    return { object, start, end, body: stream }
  }

  /** The same version from `position` on. */
  async #again(object: BlobObject, position: number, end: number, signal: AbortSignal): Promise<Source> {
    const range = { offset: position, length: end - position }
    const again = await this.#fetch(object.key, { range, ifMatch: object.etag, signal })
    const { body, headers, status } = again
    const came = status === 206 ? contentRangeOf(headers) : null
    const size = came?.size ?? (status === 200 ? lengthOf(headers) : null)
    if (body !== null && size !== null && !isEncoded(headers)) {
      if (objectFrom(object.key, headers, size).etag === object.etag && size === object.size) {
        if (came === null) return { at: 0, exact: end === size, body }
        if (came.start === position && came.end === end) return { at: position, exact: true, body }
      }
    }
    if (status !== 200 && status !== 206) throw this.#options.client.failure(again)
    letGo(again)
    throw new CapabilityError('ConditionNotMatch', 'the object was replaced while it was read; read it again')
  }

  #checked(size: number): number {
    const { maxObjectBytes } = this.info.limits
    if (size <= maxObjectBytes) return size
    throw new CapabilityError(
      'LimitExceeded',
      `the object has ${size} bytes, the limit is ${maxObjectBytes}; raise maxObjectBytes if it is to be read`,
      { details: { limit: 'maxObjectBytes', max: maxObjectBytes } },
    )
  }

  #tellOfRanges(): void {
    if (this.#toldOfRanges) return
    this.#toldOfRanges = true
    this.#options.log.warn(
      { provider: this.info.provider },
      'the server ignores ranges: for a part, all that comes before it is transferred too',
    )
  }
}

function isAbsent({ status }: Response): boolean {
  return status === 404 || status === 410
}

function rangeText(range: ByteRange): string {
  if ('suffix' in range) return `-${range.suffix}`
  return `${range.offset}-${range.length === undefined ? '' : range.offset + range.length - 1}`
}

function readsOnly(): CapabilityError {
  return new CapabilityError(
    'Unsupported',
    'http only reads: write to the store behind the server, with its own preset',
  )
}
