/** The writing half of the S3 driver: single puts, multipart uploads, conditions, copies. */
import {
  afterApplying,
  AppliedOverTries,
  beforeApplying,
  type BlobDriverPut,
  type BlobObject,
  CapabilityError,
  isCapabilityError,
  isKind,
  type Logger,
} from '@flowport/capabilities'
import type { S3Client } from './client.ts'
import { conditionally, isConditional, refuseUnless } from './conditions.ts'
import { digested } from '../object-http/digests.ts'
import { toBase64, toHex } from '../object-http/encode.ts'
import { metadataHeaders } from '../object-http/metadata.ts'
import { again, type Completed, type S3Part, type S3Upload, S3Uploads } from './multipart.ts'
import { bareEtag } from './object.ts'
import { etagHeader, type S3Profile } from './profile.ts'
import { isTemporary, pause, type Tries } from '../object-http/read.ts'
import type { S3Headers } from '../object-http/transport.ts'
import { partBytesFor, tooLongForCondition, uploadStream } from '../object-http/upload.ts'

export interface S3WritesOptions {
  readonly client: S3Client
  readonly profile: S3Profile
  readonly partBytes: number
  readonly concurrency: number
  readonly signParts: boolean
  readonly tries: Tries
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
    this.#uploads = new S3Uploads(options.client, options.tries, options.signParts)
  }

  /** One `PUT`, signed with the digest of the bytes. */
  async bytes(
    key: string,
    body: Uint8Array<ArrayBuffer>,
    put: BlobDriverPut,
    known?: Uint8Array,
  ): Promise<BlobObject> {
    const { client, profile } = this.#options
    const sha256 = known ?? (await client.digests.sha256(body))
    const headers: Record<string, string> =
      profile.checksums === true ? { 'x-amz-checksum-sha256': toBase64(sha256) } : {}
    const answer = await this.#putWhole(key, { body, sha256, headers }, put)
    return this.#object(key, body.byteLength, answerOf(answer), put)
  }

  async stream(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const { profile, log, tries, concurrency, signParts, client } = this.#options
    const { size, signal } = put
    const conditional = isConditional(put)
    const maxParts = profile.info.limits.multipart?.maxParts ?? 10_000
    const partBytes = partBytesFor(size, this.#options.partBytes, maxParts)
    if (conditional && !profile.conditionalComplete && size !== undefined && size > partBytes) {
      if (size > profile.maxPutBytes)
        throw tooLongForCondition(profile.maxPutBytes, 'put it without a condition')
      return this.#piped(key, body, size, put)
    }
    let stored = 0
    return uploadStream<S3Part, S3Upload, BlobObject>(
      body,
      {
        // The stream is consumed, so the retry layer cannot repeat this put. A conditional put is not retried here either:
        // after a lost answer, our object cannot be told apart from one of another writer.
        putWhole: (bytes, sha256) =>
          conditional || this.#options.sha256 !== undefined
            ? this.bytes(key, bytes, put, sha256)
            : again(tries, signal, () => this.bytes(key, bytes, put, sha256)),
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
          const upload = await again(tries, signal, () =>
            this.#uploads.begin(key, this.#headers(put), signal),
          )
          return {
            ...upload,
            uploadPart: (number, bytes, options) => {
              stored += bytes.byteLength
              return upload.uploadPart(number, bytes, options)
            },
          }
        },
        complete: async (upload, parts) => {
          const answer = await this.#conditionally(key, put, () => this.#completed(upload, parts, put))
          return answer.etag === '' ? this.#written(key, signal) : this.#object(key, stored, answer, put)
        },
      },
      {
        partBytes,
        maxParts,
        concurrency,
        size,
        signal,
        log,
        digest: signParts && client.digests.fastRunning ? () => client.digests.running('sha256') : undefined,
      },
    )
  }

  /** Copies at the store, in parts where the object is larger than one copy takes. `null` when `from` is absent. */
  async copy(from: string, to: string, signal: AbortSignal | undefined): Promise<BlobObject | null> {
    const { client, profile, head, log } = this.#options
    const source = await beforeApplying(() => head(from, signal))
    if (source === null) return null
    try {
      if (source.size <= profile.maxPutBytes)
        await this.#uploads.copyWhole(client.copySource(from), to, signal)
      else {
        const { contentType, metadata } = source
        await this.#uploads.copyParts(
          { source: client.copySource(from), size: source.size, ifMatch: etagHeader(source.etag, profile) },
          { key: to, headers: this.#headers({ contentType, metadata }) },
          {
            partBytes: profile.maxPutBytes,
            signal,
            log,
            complete: (upload, parts) => this.#completed(upload, parts, { contentType, metadata, signal }),
          },
        )
      }
    } catch (error) {
      if (isKind(error, 'NotFound') && error.applied === 'no') return null
      throw error
    }
    return this.#written(to, signal)
  }

  async #putWhole(
    key: string,
    content: {
      readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>
      readonly size?: number
      readonly sha256?: Uint8Array
      readonly headers: Readonly<Record<string, string>>
    },
    put: BlobDriverPut,
  ): Promise<S3Headers> {
    const { sha256 } = this.#options
    const { headers: more, ...body } = content
    const headers = {
      ...this.#headers(put),
      ...this.#conditionHeaders(put),
      // The store compares the body with the signed digest.
      ...(sha256 === undefined ? {} : { 'x-amz-content-sha256': sha256 }),
      ...more,
    }
    const { headers: answer } = await this.#conditionally(key, put, () =>
      this.#options.client.sendForHeaders({ method: 'PUT', key, headers, ...body, signal: put.signal }),
    )
    return answer
  }

  /**
   * Streams the body in one `PUT`, for conditions that a multipart upload cannot keep. Its digest is known only when all is sent,
   * too late to be signed: it is compared with the etag the store made.
   */
  async #piped(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    size: number,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const digest = this.#options.client.digests.running('md5')
    const headers = await this.#putWhole(key, { body: digested(body, digest), size, headers: {} }, put)
    const answer = answerOf(headers)
    if (isMd5(answer.etag, headers) && answer.etag !== toHex(digest.digest())) {
      await this.#options.client.sendForHeaders({ method: 'DELETE', key, expect: [404] })
      throw new CapabilityError(
        'Corrupt',
        'the bytes that arrived are not the ones that were sent, and were deleted; put the object again',
        { retryable: 'temporary' },
      )
    }
    return this.#object(key, size, answer, put)
  }

  /** Completes an upload. Where the answer is lost or cut, the object's etag tells whether it was completed. */
  async #completed(upload: S3Upload, parts: readonly S3Part[], put: BlobDriverPut): Promise<Completed> {
    const { head, tries } = this.#options
    const { signal } = put
    const applied = new AppliedOverTries()
    for (let failures = 1; ; failures++) {
      try {
        return await this.#uploads.complete(upload, parts, this.#conditionHeaders(put), signal)
      } catch (failure) {
        const error = applied.failed(failure)
        if (signal?.aborted === true || (failures === 1 && !isTemporary(error))) throw error
        // Told to come back, the store has done nothing: what is there is somebody else's, be it of the same bytes.
        const etag = isSlowDown(error) ? null : this.#uploads.etagOf(parts)
        const there = etag === null ? null : await head(upload.key, signal).catch(() => null)
        if (there !== null && there.etag === etag) return { etag, date: there.lastModified.toUTCString() }
        if (!isTemporary(error) || failures > tries.more) throw error
        await pause(tries, failures, error, signal)
      }
    }
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

  /** The current headers of an object that was just written. */
  async #written(key: string, signal: AbortSignal | undefined): Promise<BlobObject> {
    const object = await afterApplying(() => this.#options.head(key, signal))
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
    refuseUnless(await this.#options.head(key, signal), ifMatch)
  }

  #conditionally<T>(key: string, put: BlobDriverPut, write: () => Promise<T>): Promise<T> {
    const { profile, head } = this.#options
    return conditionally(put, profile, () => head(key, put.signal), write)
  }
}

/** Whether an etag is the MD5 of the content: not where the store encrypts with KMS keys or keys of the caller. */
function isMd5(etag: string, headers: S3Headers): boolean {
  return (
    /^[0-9a-f]{32}$/.test(etag) &&
    headers.get('x-amz-server-side-encryption')?.startsWith('aws:kms') !== true &&
    headers.get('x-amz-server-side-encryption-customer-algorithm') === null
  )
}

function answerOf(headers: S3Headers): Completed {
  return { etag: bareEtag(headers.get('etag')), date: headers.get('date') }
}

function isSlowDown(error: unknown): boolean {
  return isCapabilityError(error) && error.details?.['s3'] === 'SlowDown'
}
