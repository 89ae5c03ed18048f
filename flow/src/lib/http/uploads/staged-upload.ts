/** Files that wait in the store until their keys are known and all of them are there. */
import {
  type BlobObject,
  type BlobPutOptions,
  type BlobStore,
  CapabilityError,
  type Logger,
  type ResourceBag,
} from '@flowport/capabilities'
import { type BlobRef, blobRef } from '../../blob-ref.ts'
import type { BlobBody, MultipartBody } from '../../body.ts'
import type { RunView } from '../../runtime/run-view.ts'
import { stagingPrefix } from '../staging.ts'
import { digested } from './sha256.ts'

export interface StagedFile {
  /** The object as it waits. */
  readonly object: BlobObject
  /** 64 hexadecimal digits, where the key is made of them. */
  readonly sha256: string | undefined
}

export interface StagedUploadParts extends Pick<RunView, 'signal' | 'rng'> {
  readonly bag: ResourceBag
  readonly log: Pick<Logger, 'warn'> | undefined
}

export class StagedUpload {
  readonly #body: BlobBody | MultipartBody
  readonly #parts: StagedUploadParts
  readonly #folder: string
  readonly #keys: string[] = []

  constructor(body: BlobBody | MultipartBody, parts: StagedUploadParts) {
    this.#body = body
    this.#parts = parts
    this.#folder = `${stagingPrefix}${parts.rng.uuid()}`
  }

  /** The store as the request uses it: a client that leaves ends what is under way. */
  get receiving(): BlobStore {
    return this.#view(this.#parts.signal)
  }

  /** The store without the caller's signal: what has begun is brought to its end. */
  get placing(): BlobStore {
    return this.#view(undefined)
  }

  /** Stores a file where it waits. */
  async stage(stream: ReadableStream<Uint8Array<ArrayBuffer>>, options: BlobPutOptions): Promise<StagedFile> {
    const { key } = this.#body
    const isByContent = typeof key !== 'function' && key.isByContent
    const content = isByContent ? await digested(stream) : { stream, sha256: async () => undefined }
    const at = `${this.#folder}/${this.#keys.length}`
    const object = await this.receiving.put(at, content.stream, options)
    this.#keys.push(at)
    return { object, sha256: await content.sha256() }
  }

  /**
   * Puts a file under its key. An object that is there already under a key made of the same content stays as it is.
   * The reference has the content type of this upload, so that the same request always makes the same reference.
   */
  async place(
    { object: { key: from, size, contentType }, sha256 }: StagedFile,
    to: string,
  ): Promise<BlobRef> {
    const there = sha256 === undefined ? null : await this.placing.head(to)
    const object = there?.size === size ? there : await this.placing.copy(from, to)
    return blobRef(sha256 === undefined ? object : { ...object, contentType }, this.#body.store)
  }

  /** The content of a file that waits. */
  async read({ object: { key } }: StagedFile): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const handle = await this.placing.get(key)
    if (handle !== null) return handle.stream()
    throw new CapabilityError('Unavailable', 'the upload is gone before it was put in place; send it again', {
      capability: this.#body.store,
      operation: 'get',
    })
  }

  /** Deletes what waits. Never rejects: what stays is swept later. */
  async discard(): Promise<void> {
    if (this.#keys.length === 0) return
    try {
      // Without the caller's signal: an upload that was given up must not leave its files behind.
      await this.placing.deleteMany(this.#keys)
    } catch (error) {
      this.#parts.log?.warn({ err: error, staged: this.#keys }, 'staged uploads could not be removed')
    }
  }

  #view(signal: AbortSignal | undefined): BlobStore {
    const { view } = this.#parts.bag.control(this.#body.store)
    return view('write', signal === undefined ? undefined : { signal }) as BlobStore
  }
}
