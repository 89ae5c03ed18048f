/** A blob driver over the S3 API. Reading is here, writing in `writes.ts`; `S3Client` is the next stop. */
import {
  type BlobDriver,
  type BlobDriverGet,
  type BlobDriverList,
  type BlobDriverPage,
  type BlobDriverPut,
  type BlobObject,
  type BlobPresignOptions,
  CapabilityError,
  decodeCursor,
  type DriverCall,
  encodeCursor,
  type Logger,
  type OpenedBlob,
  resolveRange,
} from '@flowport/capabilities'
import type { S3Client } from './client.ts'
import { deleteKeys } from './delete-many.ts'
import { lengthOf, objectOf, pageOf, rangeOf } from './object.ts'
import { presignedUrl } from './presign.ts'
import { etagHeader, type S3Profile } from './profile.ts'
import { withNetworkErrors } from './translate-error.ts'
import { S3Writes } from './writes.ts'

export interface S3BlobDriverOptions {
  readonly client: S3Client
  readonly profile: S3Profile
  /** Bytes of a part of a multipart upload, which are held in memory. Default 8 MiB. */
  readonly partBytes?: number | undefined
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

  constructor(options: S3BlobDriverOptions) {
    const { client, profile, partBytes = defaultPartBytes, log, putHeaders = {}, sha256 } = options
    this.info = profile.info
    this.#client = client
    this.#profile = profile
    this.#writes = new S3Writes({
      client,
      profile,
      partBytes,
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

  /** All the store tells of an object, or `null`. */
  async headers(key: string, { signal }: DriverCall): Promise<Headers | null> {
    const { status, headers } = await this.#client.send({ method: 'HEAD', key, signal, expect: [404] })
    return status === 404 ? null : headers
  }

  async get(key: string, { range, ifMatch, signal }: BlobDriverGet): Promise<OpenedBlob | null> {
    const headers: Record<string, string> = {}
    if (range !== undefined) headers['range'] = rangeHeader(range)
    if (ifMatch !== undefined) headers['if-match'] = etagHeader(ifMatch, this.#profile)
    const response = await this.#client
      .send({ method: 'GET', key, headers, signal })
      .catch((error: unknown) => absentAsNull(error))
    if (response === null) return null
    try {
      const part = partOf(key, response, range)
      return { ...part, body: response.body === null ? new Uint8Array(0) : withNetworkErrors(response.body) }
    } catch (error) {
      await response.body?.cancel()
      throw error
    }
  }

  async put(
    key: string,
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    return body instanceof Uint8Array
      ? this.#writes.bytes(key, body, put)
      : this.#writes.stream(key, body, put)
  }

  async delete(key: string, { signal }: DriverCall): Promise<void> {
    const response = await this.#client.send({ method: 'DELETE', key, signal, expect: [404] })
    await response.body?.cancel()
  }

  deleteMany(keys: readonly string[], { signal }: DriverCall): Promise<void> {
    return deleteKeys(this.#client, keys, signal, (key) => this.delete(key, { signal }))
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
    return this.#writes.copy(from, to, signal)
  }

  presign(key: string, options: BlobPresignOptions): Promise<URL> {
    return presignedUrl(this.#client, key, options)
  }

  async check({ signal }: DriverCall): Promise<void> {
    await this.list({ prefix: '', limit: 1, signal })
  }
}

/** What an answer holds: the object, and which part of it. */
function partOf(
  key: string,
  { headers, status }: Response,
  range: BlobDriverGet['range'],
): Omit<OpenedBlob, 'body'> {
  const encoding = headers.get('content-encoding')
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

function rangeHeader(range: NonNullable<BlobDriverGet['range']>): string {
  if ('suffix' in range) return `bytes=-${range.suffix}`
  const { offset, length } = range
  return `bytes=${offset}-${length === undefined ? '' : offset + length - 1}`
}

function absentAsNull(error: unknown): null {
  if (error instanceof CapabilityError && error.kind === 'NotFound') return null
  throw error
}

const defaultPartBytes = 8 * 1024 * 1024
