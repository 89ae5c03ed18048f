/** A blob driver over Azure's Blob service. Reads are here, writes in `writes.ts`. The next stop is `AzureClient`. */
import {
  type BlobDriver,
  type BlobDriverGet,
  type BlobDriverList,
  type BlobDriverPage,
  type BlobDriverPut,
  type BlobObject,
  CapabilityError,
  type Clock,
  type DriverCall,
  isKind,
  type Logger,
  type OpenedBlob,
  resolveRange,
} from '@flowport/capabilities'
import { type ReadPlan, resumedBytes, resumedStream, type Tries } from '../object-http/read.ts'
import type { S3Answer, S3Headers } from '../object-http/transport.ts'
import { azblobInfo, defaultChunkBytes, maxBlocks, refusedKeys } from './info.ts'
import type { AzureClient } from './client.ts'
import { listAzure } from './listing.ts'
import { azureObject, azureRangeOf, bareEtag, lengthOf } from './object.ts'
import { AzureWrites } from './writes.ts'

export interface AzureBlobDriverOptions {
  readonly client: AzureClient
  /** Bytes of a block of an upload, which is held in memory. 50 000 of them bound a stream. Default 8 MiB. */
  readonly blockBytes?: number | undefined
  /** Blocks of one upload that are held and sent at the same time. Default 4. */
  readonly uploadConcurrency?: number | undefined
  /** Tries to go on with a read, or to send a block, after the first. Default 3. */
  readonly transferRetries?: number | undefined
  readonly clock: Clock
  readonly log: Pick<Logger, 'warn'>
}

export class AzureBlobDriver implements BlobDriver {
  readonly info: BlobDriver['info']
  readonly #client: AzureClient
  readonly #writes: AzureWrites
  readonly #tries: Tries

  constructor(options: AzureBlobDriverOptions) {
    const { client, blockBytes = defaultChunkBytes, uploadConcurrency = 4, clock, log } = options
    const { limits, ...info } = azblobInfo
    this.info = { ...info, limits: { ...limits, maxObjectBytes: maxBlocks * blockBytes } }
    this.#client = client
    this.#tries = { more: options.transferRetries ?? 3, clock }
    this.#writes = new AzureWrites({
      client,
      blockBytes,
      concurrency: uploadConcurrency,
      tries: this.#tries,
      clock,
      log,
      head: (key, signal) => this.head(key, { signal }),
    })
  }

  async head(key: string, { signal }: DriverCall): Promise<BlobObject | null> {
    checkKey(key)
    const headers = await orNull(this.#client.sendForHeaders({ method: 'HEAD', key, signal }))
    return headers === null ? null : azureObject(key, headers, lengthOf(headers))
  }

  async get(key: string, get: BlobDriverGet): Promise<OpenedBlob | null> {
    checkKey(key)
    const { range, ifMatch, signal } = get
    if (range !== undefined && 'suffix' in range) return this.#getSuffix(key, range.suffix, get)
    const headers: Record<string, string> = {}
    if (range !== undefined) {
      const { offset, length } = range
      headers['x-ms-range'] = `bytes=${offset}-${length === undefined ? '' : offset + length - 1}`
    }
    if (ifMatch !== undefined) headers['if-match'] = `"${ifMatch}"`
    const answer = await orNull(this.#client.send({ method: 'GET', key, headers, signal })).catch(
      async (error: unknown) => {
        // Azurite also answers this for an absent object.
        const isAbsent = isKind(error, 'ConditionNotMatch') && (await this.head(key, { signal })) === null
        if (isAbsent) return null
        throw error
      },
    )
    if (answer === null) return null
    try {
      if (this.#client.decodes) refuseEncoded(answer.headers)
      const part = partOf(key, answer, range)
      const plan = this.#planOf(key, part, signal)
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
    checkKey(key)
    return body instanceof Uint8Array
      ? this.#writes.bytes(key, body, put)
      : this.#writes.stream(key, body, put)
  }

  async delete(key: string, { signal }: DriverCall): Promise<void> {
    checkKey(key)
    await orNull(this.#client.sendForHeaders({ method: 'DELETE', key, signal }))
  }

  /** Some at a time. Azure's own batches cannot be sent with a signature of a container. */
  async deleteMany(keys: readonly string[], call: DriverCall): Promise<void> {
    for (const key of keys) checkKey(key)
    for (let at = 0; at < keys.length; at += deletesAtOnce) {
      await Promise.all(keys.slice(at, at + deletesAtOnce).map((key) => this.delete(key, call)))
    }
  }

  list(list: BlobDriverList): Promise<BlobDriverPage> {
    return listAzure(this.#client, list)
  }

  async copy(from: string, to: string, { signal }: DriverCall): Promise<BlobObject | null> {
    checkKey(from)
    checkKey(to)
    return this.#writes.copy(from, to, signal)
  }

  async check({ signal }: DriverCall): Promise<void> {
    await this.list({ prefix: '', limit: 1, signal })
  }

  /** Azure takes no ranges from the end: https://learn.microsoft.com/rest/api/storageservices/specifying-the-range-header-for-blob-service-operations */
  async #getSuffix(
    key: string,
    suffix: number,
    { ifMatch, signal }: BlobDriverGet,
  ): Promise<OpenedBlob | null> {
    for (let left = 3; ; left--) {
      const object = await this.head(key, { signal })
      if (object === null) return null
      if (ifMatch !== undefined && object.etag !== ifMatch)
        throw new CapabilityError('ConditionNotMatch', 'the object has another version; read it again')
      const { start } = resolveRange({ suffix }, object.size)
      const version = object.etag === '' ? {} : { ifMatch: object.etag }
      try {
        return await this.get(key, { range: { offset: start }, ...version, signal })
      } catch (error) {
        // Replaced between the two requests: where its end is has to be asked again.
        if (left === 0 || ifMatch !== undefined || !isKind(error, 'ConditionNotMatch', 'RangeNotSatisfied'))
          throw error
      }
    }
  }

  /** The plan that resumes a read after broken connections. */
  #planOf(
    key: string,
    { object: { etag, size }, start, end }: Omit<OpenedBlob, 'body'>,
    signal: AbortSignal | undefined,
  ): ReadPlan {
    const from = async (offset: number): Promise<S3Answer | null> => {
      const range = `bytes=${start + offset}-${end - 1}`
      const headers = { 'x-ms-range': range, 'if-match': `"${etag}"` }
      const answer = await this.#client.send({ method: 'GET', key, headers, signal })
      const found = answer.status === 206 ? azureRangeOf(answer.headers) : { start: 0, end: size, size }
      const isIt = found.start === start + offset && found.end === end && found.size === size
      if (isIt && bareEtag(answer.headers.get('etag')) === etag) return answer
      await answer.cancel().catch(() => undefined)
      // A service that ignores ranges cannot resume a read.
      if (answer.status !== 206) return null
      throw new CapabilityError(
        'ConditionNotMatch',
        'the object was replaced while it was read; read it again',
      )
    }
    return { from: etag === '' ? null : from, length: end - start, tries: this.#tries, signal }
  }
}

/** What an answer holds: the object, and which part of it. */
function partOf(
  key: string,
  { headers, status }: S3Answer,
  range: BlobDriverGet['range'],
): Omit<OpenedBlob, 'body'> {
  if (status === 206) {
    // Azurite answers so, with no bytes, where Azure answers 416.
    if (headers.get('content-length') === '0') throw pastEnd()
    const { start, end, size } = azureRangeOf(headers)
    if (start >= end) throw pastEnd()
    return { object: azureObject(key, headers, size), start, end }
  }
  const size = lengthOf(headers)
  const { start, end } = resolveRange(range, size)
  if (start !== 0 || end !== size)
    throw new CapabilityError('Unsupported', 'Azure answered a range with the whole object')
  return { object: azureObject(key, headers, size), start, end }
}

function pastEnd(): CapabilityError {
  return new CapabilityError('RangeNotSatisfied', 'the range starts at or after the end of the object')
}

function refuseEncoded(headers: S3Headers): void {
  const encoding = headers.get('content-encoding')
  if (encoding === null || encoding === '' || encoding === 'identity') return
  throw new CapabilityError(
    'Unsupported',
    `the object is stored with Content-Encoding ${encoding}, which fetch undoes on the way; its bytes cannot be read as they are stored`,
  )
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer
  } catch (error) {
    if (isKind(error, 'NotFound')) return null
    throw error
  }
}

function checkKey(key: string): void {
  if (!refusedKeys.test(key)) return
  throw new CapabilityError(
    'InvalidInput',
    'Azure takes no name with more than 254 segments, a segment that ends with a dot, control characters, U+FFFE or U+FFFF; this preset also refuses space at the ends and U+2028, with every engine',
    { key },
  )
}

const smallBytes = 65_536
const deletesAtOnce = 8
