/** A blob driver over the S3 API. Asking is here, reading on in `read.ts`, writing in `writes.ts`; `S3Client` is the next stop. */
import {
  type BlobDriver,
  type BlobDriverGet,
  type BlobDriverList,
  type BlobDriverPage,
  type BlobDriverPut,
  type BlobObject,
  type BlobPresignOptions,
  CapabilityError,
  type Clock,
  decodeCursor,
  type DriverCall,
  encodeCursor,
  isKind,
  type Logger,
  type OpenedBlob,
  resolveRange,
} from '@flowport/capabilities'
import type { S3Client } from './client.ts'
import { deleteKeys, refuseKept } from './delete-many.ts'
import { fromBase64 } from '../object-http/encode.ts'
import { bareEtag, lengthOf, objectOf, pageOf, rangeOf } from './object.ts'
import { presignedUrl } from './presign.ts'
import { etagHeader, type S3Profile } from './profile.ts'
import { type Checksum, type ReadPlan, resumedBytes, resumedStream, type Tries } from '../object-http/read.ts'
import type { S3Answer, S3Headers } from '../object-http/transport.ts'
import { S3Writes } from './writes.ts'

export interface S3BlobDriverOptions {
  readonly client: S3Client
  readonly profile: S3Profile
  /** Bytes of a part of a multipart upload, which are held in memory. Default 8 MiB. */
  readonly partBytes?: number | undefined
  /** Parts of one upload that are held and sent at the same time. Default 4. */
  readonly uploadConcurrency?: number | undefined
  /** Tries to go on with a read, or to send a part, after the first. Default 3. */
  readonly transferRetries?: number | undefined
  /** Whether the parts of an upload are signed with their SHA-256. Default true. */
  readonly signParts?: boolean | undefined
  /** Waits between those tries. Default: retries follow without a pause. */
  readonly clock?: Pick<Clock, 'sleep'> | undefined
  readonly log: Pick<Logger, 'warn'>
  /** Headers of every put, such as a storage class. Default none. */
  readonly putHeaders?: Readonly<Record<string, string>> | undefined
  /** SHA-256 of the body of every put, in hexadecimal; another body is refused. Default none is expected. */
  readonly sha256?: string | undefined
}

export class S3BlobDriver implements BlobDriver {
  readonly info: S3Profile['info']
  readonly #client: S3Client
  readonly #profile: S3Profile
  readonly #writes: S3Writes
  readonly #tries: Tries

  constructor(options: S3BlobDriverOptions) {
    const { client, profile, partBytes = defaultPartBytes, log, putHeaders = {}, sha256 } = options
    const {
      uploadConcurrency = defaultUploadConcurrency,
      signParts = true,
      transferRetries = 3,
      clock,
    } = options
    // Its own: extras are told apart by it.
    this.info = { ...profile.info }
    this.#client = client
    this.#profile = profile
    this.#tries = { more: transferRetries, clock }
    this.#writes = new S3Writes({
      client,
      profile,
      partBytes,
      concurrency: uploadConcurrency,
      signParts,
      tries: this.#tries,
      log,
      putHeaders,
      sha256,
      head: (key, signal) => this.head(key, { signal }),
    })
  }

  async head(key: string, { signal }: DriverCall): Promise<BlobObject | null> {
    const headers = await this.headers(key, { signal })
    return headers === null ? null : objectOf(key, headers, lengthOf(headers))
  }

  /** The headers of an object, or `null` when it is absent. */
  async headers(key: string, { signal }: DriverCall): Promise<S3Headers | null> {
    this.#profile.checkKey?.(key)
    const { status, headers } = await this.#client.sendForHeaders({
      method: 'HEAD',
      key,
      signal,
      expect: [404],
    })
    return status === 404 ? null : headers
  }

  async get(key: string, { range, ifMatch, signal }: BlobDriverGet): Promise<OpenedBlob | null> {
    this.#profile.checkKey?.(key)
    const headers: Record<string, string> = {}
    if (range !== undefined) headers['range'] = rangeHeader(range)
    else if (this.#profile.checksums === true) headers['x-amz-checksum-mode'] = 'ENABLED'
    if (ifMatch !== undefined) headers['if-match'] = etagHeader(ifMatch, this.#profile)
    let answer: S3Answer
    try {
      answer = await this.#client.send({ method: 'GET', key, headers, signal })
    } catch (error) {
      if (isKind(error, 'NotFound')) return null
      throw error
    }
    try {
      const part = this.#partOf(key, answer, range)
      const plan = this.#planOf(key, part, answer.headers, signal)
      // A small body is read now: cheaper than a stream, and its connection is free.
      const body = plan.length <= smallBytes ? await resumedBytes(answer, plan) : resumedStream(answer, plan)
      return { ...part, body }
    } catch (error) {
      await answer.cancel().catch(() => undefined)
      throw error
    }
  }

  async put(
    key: string,
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    this.#profile.checkKey?.(key)
    return body instanceof Uint8Array
      ? this.#writes.bytes(key, body, put)
      : this.#writes.stream(key, body, put)
  }

  async delete(key: string, { signal }: DriverCall): Promise<void> {
    this.#profile.checkKey?.(key)
    await this.#client.sendForHeaders({ method: 'DELETE', key, signal, expect: [404] })
  }

  async deleteMany(keys: readonly string[], { signal }: DriverCall): Promise<void> {
    for (const key of keys) this.#profile.checkKey?.(key)
    refuseKept(await deleteKeys(this.#client, keys, signal), keys.length)
  }

  async list({ prefix, delimiter, cursor, limit, signal }: BlobDriverList): Promise<BlobDriverPage> {
    let token = cursor === undefined ? undefined : decodeCursor(cursor)
    for (;;) {
      const xml = await this.#client.sendForText({
        method: 'GET',
        query: {
          'list-type': '2',
          'encoding-type': 'url',
          'max-keys': String(limit),
          prefix,
          ...(delimiter === undefined ? {} : { delimiter }),
          ...(token === undefined ? {} : { 'continuation-token': token }),
        },
        signal,
      })
      const page = pageOf(xml)
      const { objects, prefixes } = page
      if (page.token === undefined) return { objects, prefixes }
      if (objects.length + prefixes.length > 0) return { objects, prefixes, cursor: encodeCursor(page.token) }
      token = page.token
    }
  }

  copy(from: string, to: string, { signal }: DriverCall): Promise<BlobObject | null> {
    this.#profile.checkKey?.(from)
    this.#profile.checkKey?.(to)
    return this.#writes.copy(from, to, signal)
  }

  async presign(key: string, options: BlobPresignOptions): Promise<URL> {
    this.#profile.checkKey?.(key)
    return presignedUrl(this.#client, key, options)
  }

  async check({ signal }: DriverCall): Promise<void> {
    await this.list({ prefix: '', limit: 1, signal })
  }

  /** What an answer holds: the object, and which part of it. */
  #partOf(
    key: string,
    { headers, status }: S3Answer,
    range: BlobDriverGet['range'],
  ): Omit<OpenedBlob, 'body'> {
    const encoding = this.#client.decodes ? headers.get('content-encoding') : null
    if (encoding !== null && encoding !== 'identity' && encoding !== 'aws-chunked') {
      throw new CapabilityError(
        'Unsupported',
        `the object is stored with Content-Encoding ${encoding}, which fetch undoes on the way; its bytes cannot be read as they are stored`,
      )
    }
    if (status === 206) {
      const { start, end, size } = rangeOf(headers)
      return { object: objectOf(key, headers, size), start, end }
    }
    const size = lengthOf(headers)
    const wanted = resolveRange(range, size)
    if (wanted.start !== 0 || wanted.end !== size) {
      throw new CapabilityError('Unsupported', 'the store answered a range with the whole object')
    }
    return { object: objectOf(key, headers, size), ...wanted }
  }

  /** The plan that resumes a read after broken connections. */
  #planOf(
    key: string,
    { object: { etag, size }, start, end }: Omit<OpenedBlob, 'body'>,
    headers: S3Headers,
    signal: AbortSignal | undefined,
  ): ReadPlan {
    const from = async (offset: number): Promise<S3Answer | null> => {
      const answer = await this.#client.send({
        method: 'GET',
        key,
        headers: {
          range: `bytes=${start + offset}-${end - 1}`,
          'if-match': etagHeader(etag, this.#profile),
        },
        signal,
      })
      const { status } = answer
      const found = status === 206 ? rangeOf(answer.headers) : { start: 0, end: size, size }
      if (found.start === start + offset && found.end === end && found.size === size) {
        // The condition is the store's to keep, and a proxy's to lose.
        if (bareEtag(answer.headers.get('etag')) === etag) return answer
      } else if (status !== 206) {
        // A store that answers ranges with the whole object cannot go on in its middle.
        await answer.cancel().catch(() => undefined)
        return null
      }
      await answer.cancel().catch(() => undefined)
      throw new CapabilityError(
        'ConditionNotMatch',
        'the object was replaced while it was read; read it again',
      )
    }
    const whole = start === 0 && end === size
    return {
      from: etag === '' ? null : from,
      length: end - start,
      checksum: whole ? this.#checksumOf(headers) : undefined,
      tries: this.#tries,
      signal,
    }
  }

  /** The SHA-256 of the whole content. Ignores the checksum of a multipart upload (`…-<parts>`), which covers the checksums of the parts. */
  #checksumOf(headers: S3Headers): Checksum | undefined {
    const told = headers.get('x-amz-checksum-sha256')
    const expected = told === null ? null : fromBase64(told)
    if (expected?.byteLength !== 32) return undefined
    return { expected, running: this.#client.digests.running('sha256') }
  }
}

function rangeHeader(range: NonNullable<BlobDriverGet['range']>): string {
  if ('suffix' in range) return `bytes=-${range.suffix}`
  const { offset, length } = range
  return `bytes=${offset}-${length === undefined ? '' : offset + length - 1}`
}

const defaultPartBytes = 8 * 1024 * 1024
const defaultUploadConcurrency = 4
const smallBytes = 65_536
