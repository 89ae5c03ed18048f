/** Puts over the R2 binding: one put where the length is known, else parts; conditions only where R2 keeps them. */
import { type BlobDriverPut, type BlobObject, CapabilityError, type Logger } from '@flowport/capabilities'
import { type FixedLengthClass, platformFixedLength } from '../object-http/fixed-length.ts'
import { partBytesFor, tooLongForCondition, uploadStream } from '../object-http/upload.ts'
import type {
  R2BucketLike,
  R2Conditions,
  R2HttpMetadata,
  R2ObjectLike,
  R2PartLike,
  R2PutOptionsLike,
  R2UploadLike,
} from './binding.ts'
import { maxUploadBytes as r2MaxUploadBytes, r2Info } from './info.ts'
import { translated } from './translate-error.ts'

/** What a put can carry beside the contract. */
export interface R2WriteOptions {
  /** `'InfrequentAccess'` is cheaper to keep and dearer to read. Default: the bucket's. */
  readonly storageClass?: 'Standard' | 'InfrequentAccess'
  readonly cacheControl?: string
  readonly contentDisposition?: string
  readonly contentEncoding?: string
  readonly contentLanguage?: string
  /** SHA-256 of the body, 64 hexadecimal digits: another body is `Corrupt` and stores nothing. Not for bodies in parts. */
  readonly sha256?: string
}

export interface BindingPutsOptions {
  readonly bucket: R2BucketLike
  readonly log: Pick<Logger, 'warn'>
  readonly partBytes: number
  readonly fixedLength?: FixedLengthClass | undefined
  readonly maxUploadBytes?: number
  readonly write?: R2WriteOptions
}

export class BindingPuts {
  readonly #options: BindingPutsOptions

  constructor(options: BindingPutsOptions) {
    this.#options = options
  }

  /** One put of bytes, or of a stream whose length R2 knows. */
  async whole(
    key: string,
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const { sha256 } = this.#options.write ?? {}
    const onlyIf = conditionsOf(put)
    const options: R2PutOptionsLike = {
      ...this.#metadata(put),
      ...(onlyIf === undefined ? {} : { onlyIf }),
      ...(sha256 === undefined ? {} : { sha256 }),
    }
    const object = await this.#options.bucket.put(key, body, options)
    if (object === null) throw refusal(put)
    return written(object, put)
  }

  stream(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const { fixedLength = platformFixedLength(), maxUploadBytes = r2MaxUploadBytes } = this.#options
    const { size } = put
    return size !== undefined && size <= maxUploadBytes && fixedLength !== undefined
      ? this.#piped(key, body, new fixedLength(size), put)
      : this.#parts(key, body, put)
  }

  /** R2 reads the stream itself: nothing is held here. */
  async #piped(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    { readable, writable }: InstanceType<FixedLengthClass>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const stop = new AbortController()
    // Its error is the one the put ends with, as the readable end carries it.
    const piped = body.pipeTo(writable, { signal: stop.signal }).catch(() => undefined)
    try {
      return await this.whole(key, readable, put)
    } finally {
      // A put whose condition fails may end before it has read the body.
      stop.abort(new CapabilityError('Cancelled', 'the put ended before the body did'))
      await piped
    }
  }

  async #parts(
    key: string,
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const { bucket, log, write } = this.#options
    const { maxParts } = r2Info.limits.multipart
    const partBytes = partBytesFor(put.size, this.#options.partBytes, maxParts)
    return uploadStream<R2PartLike, Pick<R2UploadLike, 'uploadPart' | 'complete' | 'abort'>, BlobObject>(
      body,
      {
        putWhole: (bytes) => this.whole(key, bytes, put),
        begin: async () => {
          if (conditionsOf(put) !== undefined) throw tooLongForCondition(partBytes, 'give its size')
          if (write?.sha256 !== undefined) throw noChecksum()
          const upload = await translated(() => bucket.createMultipartUpload(key, this.#metadata(put)))
          // The binding takes number and bytes, and nothing of what else goes along with a part.
          return {
            uploadPart: (number, bytes) => translated(() => upload.uploadPart(number, bytes)),
            complete: (parts) => upload.complete(parts),
            abort: () => upload.abort(),
          }
        },
        complete: async (upload, parts) => written(await upload.complete([...parts]), put),
      },
      { partBytes, maxParts, size: put.size, signal: put.signal, log },
    )
  }

  #metadata({ contentType, metadata }: BlobDriverPut): Omit<R2PutOptionsLike, 'onlyIf' | 'sha256'> {
    const { storageClass, sha256: _, ...http } = this.#options.write ?? {}
    const httpMetadata: R2HttpMetadata = { ...http, ...(contentType === null ? {} : { contentType }) }
    return {
      httpMetadata,
      customMetadata: { ...metadata },
      ...(storageClass === undefined ? {} : { storageClass }),
    }
  }
}

/** The object as the contract tells it. */
export function blobObjectOf({
  key,
  size,
  etag,
  uploaded,
  httpMetadata,
  customMetadata,
}: R2ObjectLike): BlobObject {
  return {
    key,
    size,
    etag,
    contentType: httpMetadata?.contentType ?? null,
    metadata: { ...customMetadata },
    lastModified: uploaded,
  }
}

/** What was put is known; R2 adds size, etag and date. */
function written(object: R2ObjectLike, { contentType, metadata }: BlobDriverPut): BlobObject {
  return { ...blobObjectOf(object), contentType, metadata: { ...metadata } }
}

function conditionsOf({ ifMatch, ifNoneMatch }: BlobDriverPut): R2Conditions | undefined {
  if (ifMatch !== undefined) return { etagMatches: ifMatch }
  return ifNoneMatch === undefined ? undefined : { etagDoesNotMatch: ifNoneMatch }
}

function refusal({ ifMatch }: BlobDriverPut): CapabilityError {
  return ifMatch === undefined
    ? new CapabilityError('AlreadyExists', 'an object is there already; it was left as it is')
    : new CapabilityError('ConditionNotMatch', 'the object has another version; read it again')
}

function noChecksum(): CapabilityError {
  return new CapabilityError(
    'Unsupported',
    'R2 takes no checksum of an object that is uploaded in parts; give the size of the stream, or no checksum',
  )
}
