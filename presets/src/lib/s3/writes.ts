/** The writing half of the S3 driver: single puts, multipart uploads, conditions, copies. */
import {
  type BlobDriverPut,
  type BlobObject,
  CapabilityError,
  isKind,
  type Logger,
} from '@flowport/capabilities'
import type { S3Client } from './client.ts'
import { fixedLength } from './fixed-length.ts'
import { metadataHeaders } from './metadata.ts'
import { type S3Upload, S3Uploads } from './multipart.ts'
import { bareEtag } from './object.ts'
import { etagHeader, type S3Profile } from './profile.ts'
import { partBytesFor, tooLongForCondition, uploadStream } from './upload.ts'

export interface S3WritesOptions {
  readonly client: S3Client
  readonly profile: S3Profile
  readonly partBytes: number
  readonly log: Pick<Logger, 'warn'>
  readonly putHeaders: Readonly<Record<string, string>>
  readonly sha256: string | undefined
  readonly head: (key: string, signal: AbortSignal | undefined) => Promise<BlobObject | null>
}

export class S3Writes {
  readonly #options: S3WritesOptions
  readonly #uploads: S3Uploads

  constructor(options: S3WritesOptions) {
    this.#options = options
    this.#uploads = new S3Uploads(options.client)
  }

  /** One `PUT`, signed with the digest of the bytes. */
  bytes(key: string, body: Uint8Array<ArrayBuffer>, put: BlobDriverPut): Promise<BlobObject> {
    return this.#putWhole(key, body, body.byteLength, {}, put)
  }

  async stream(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const { profile, log } = this.#options
    const { size, signal } = put
    const conditional = isConditional(put)
    const maxParts = profile.info.limits.multipart?.maxParts ?? 10_000
    const partBytes = partBytesFor(size, this.#options.partBytes, maxParts)
    if (conditional && !profile.conditionalComplete && size !== undefined && size > partBytes) {
      if (size > profile.maxPutBytes)
        throw tooLongForCondition(profile.maxPutBytes, 'put it without a condition')
      const { headers, stream } = fixedLength(body, size)
      return this.#putWhole(key, stream, size, headers, put)
    }
    let stored = 0
    return uploadStream<{ etag: string }, S3Upload, BlobObject>(
      body,
      {
        putWhole: (bytes) => this.bytes(key, bytes, put),
        begin: async () => {
          if (this.#options.sha256 !== undefined) {
            throw new CapabilityError(
              'Unsupported',
              'a body that is uploaded in parts has no SHA-256 of its own',
            )
          }
          if (conditional) {
            if (!profile.conditionalComplete) throw tooLongForCondition(partBytes, 'give its size')
            // Refused now rather than when all has been sent; the store decides again at the end.
            await this.#refuseEarly(key, put)
          }
          const upload = await this.#uploads.begin(key, this.#headers(put), signal)
          return {
            ...upload,
            uploadPart: (number, bytes) => {
              stored += bytes.byteLength
              return upload.uploadPart(number, bytes)
            },
          }
        },
        complete: async (upload, parts) => {
          const answer = await this.#conditionally(key, put, () =>
            this.#uploads.complete(upload, parts, this.#conditionHeaders(put), signal),
          )
          return answer.etag === '' ? this.#written(key, signal) : this.#object(key, stored, answer, put)
        },
      },
      { partBytes, maxParts, size, signal, log },
    )
  }

  /** Copies at the store, in parts where the object is larger than one copy takes. `null` when `from` is absent. */
  async copy(from: string, to: string, signal: AbortSignal | undefined): Promise<BlobObject | null> {
    const { client, profile, head, log } = this.#options
    const source = await head(from, signal)
    if (source === null) return null
    try {
      if (source.size <= profile.maxPutBytes)
        await this.#uploads.copyWhole(client.copySource(from), to, signal)
      else {
        const { contentType, metadata } = source
        await this.#uploads.copyParts(
          { source: client.copySource(from), size: source.size, ifMatch: etagHeader(source.etag, profile) },
          { key: to, headers: this.#headers({ contentType, metadata }) },
          { partBytes: profile.maxPutBytes, signal, log },
        )
      }
    } catch (error) {
      if (isKind(error, 'NotFound')) return null
      throw error
    }
    return this.#written(to, signal)
  }

  async #putWhole(
    key: string,
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    size: number,
    headers: Readonly<Record<string, string>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const { sha256 } = this.#options
    const response = await this.#conditionally(key, put, () =>
      this.#options.client.send({
        method: 'PUT',
        key,
        headers: {
          ...this.#headers(put),
          ...this.#conditionHeaders(put),
          // The store compares what it is sent with what is signed.
          ...(sha256 === undefined ? {} : { 'x-amz-content-sha256': sha256 }),
          ...headers,
        },
        body,
        signal: put.signal,
      }),
    )
    await response.body?.cancel()
    const answer = { etag: bareEtag(response.headers.get('etag')), date: response.headers.get('date') }
    return this.#object(key, size, answer, put)
  }

  #object(
    key: string,
    size: number,
    { etag, date }: { readonly etag: string; readonly date: string | null },
    { contentType, metadata }: BlobDriverPut,
  ): BlobObject {
    const stored = date === null ? Number.NaN : Date.parse(date)
    const lastModified = new Date(Number.isNaN(stored) ? this.#options.client.now() : stored)
    return { key, size, etag, contentType, metadata: { ...metadata }, lastModified }
  }

  /** What the store says of an object just written. */
  async #written(key: string, signal: AbortSignal | undefined): Promise<BlobObject> {
    const object = await this.#options.head(key, signal)
    if (object !== null) return object
    throw new CapabilityError(
      'Unavailable',
      'the object was written, and is gone already; somebody deleted it',
    )
  }

  #headers({
    contentType,
    metadata,
  }: Pick<BlobDriverPut, 'contentType' | 'metadata'>): Record<string, string> {
    return {
      ...(contentType === null ? {} : { 'content-type': contentType }),
      ...metadataHeaders(metadata),
      ...this.#options.putHeaders,
    }
  }

  #conditionHeaders({ ifMatch, ifNoneMatch }: BlobDriverPut): Record<string, string> {
    return {
      ...(ifMatch === undefined ? {} : { 'if-match': etagHeader(ifMatch, this.#options.profile) }),
      ...(ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }),
    }
  }

  async #refuseEarly(key: string, { ifMatch, signal }: BlobDriverPut): Promise<void> {
    const there = await this.#options.head(key, signal)
    if (ifMatch === undefined ? there !== null : there?.etag !== ifMatch) throw refusal(ifMatch)
  }

  /** Runs a write, telling a condition that did not hold by which one it was. */
  async #conditionally<T>(key: string, put: BlobDriverPut, write: () => Promise<T>): Promise<T> {
    try {
      return await write()
    } catch (error) {
      if (!isConditional(put)) throw error
      if (isKind(error, 'ConditionNotMatch')) throw refusal(put.ifMatch, error)
      // Where the object is gone there is no version to match, and stores disagree about the status.
      if (put.ifMatch !== undefined && isKind(error, 'NotFound')) throw refusal(put.ifMatch, error)
      const code = error instanceof CapabilityError ? error.details?.['s3'] : undefined
      if (
        code === 'ConditionalRequestConflict' ||
        this.#options.profile.lostRaceCodes.includes(String(code))
      ) {
        // Nothing was written; what is there now says whether trying again could help.
        await this.#refuseEarly(key, put)
        throw new CapabilityError('Unavailable', 'another write was under way; try again', { cause: error })
      }
      throw error
    }
  }
}

function isConditional({ ifMatch, ifNoneMatch }: BlobDriverPut): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined
}

function refusal(ifMatch: string | undefined, cause?: unknown): CapabilityError {
  return ifMatch === undefined
    ? new CapabilityError('AlreadyExists', 'an object is there already; it was left as it is', { cause })
    : new CapabilityError('ConditionNotMatch', 'the object has another version; read it again', { cause })
}
