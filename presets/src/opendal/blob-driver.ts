/** A blob driver over an OpenDAL operator. OpenDAL's own calls are the next stop. */
import type { Operator } from 'opendal'
import {
  afterApplying,
  type BlobCapabilityInfo,
  type BlobDriver,
  type BlobDriverGet,
  type BlobDriverList,
  type BlobDriverPage,
  type BlobDriverPut,
  type BlobListed,
  type BlobObject,
  type BlobPresignOptions,
  cancelledRead,
  CapabilityError,
  chunks,
  type DriverCall,
  inParts,
  isKind,
  notApplied,
  type OpenedBlob,
  resolveRange,
} from '@flowport/capabilities'
import { overTries } from './applied.ts'
import { Background } from './background.ts'
import { checkBlobOptions, type OpenDalBlobOptions } from './blob-options.ts'
import { checkService } from './check.ts'
import { checkPut, checkWritable, otherVersion, refusal } from './conditions.ts'
import { concurrently } from './concurrently.ts'
import { defaultChunkBytes, formFor, opendalBlobInfo } from './driver-info.ts'
import { knownService } from './known-services.ts'
import { type ListedKey, Listing } from './listing.ts'
import { escapedNames, type Names, plainNames } from './names.ts'
import { native, toPlace } from './native.ts'
import { envelopedObjects, type FoundObject, type Objects, plainObjects } from './objects.ts'
import type { Place } from './place.ts'
import { presignedUrl } from './presign.ts'
import { type Reading, readStream, readWhole } from './read.ts'
import { removeObject } from './remove.ts'
import { statOf } from './stat.ts'
import { removeAbandoned, stagingFolder } from './staging.ts'
import { write } from './write.ts'

/** A blob store over the operator. `info` states the features of the operator and the known facts about the service. */
export function opendalBlobDriver(operator: Operator, options: OpenDalBlobOptions): BlobDriver {
  return new OpenDalBlobDriver(operator, options)
}

/** Objects up to this size are read in one call. */
const smallBytes = 256 * 1024
/** Bytes of a stream that go out in one request. */
const heldBytes = 1024 * 1024
/** Concurrent `head` requests, where a listing has no metadata. */
const headWidth = 16

class OpenDalBlobDriver implements BlobDriver {
  readonly info: BlobCapabilityInfo
  /** Bytes are copied before OpenDAL reads them on its own threads. */
  readonly returnsBytes = true
  readonly #operator: Operator
  readonly #options: OpenDalBlobOptions
  readonly #names: Names
  readonly #objects: Objects
  readonly #listing: Listing
  readonly #tree: boolean
  readonly #staged: boolean
  readonly #plain: boolean
  #sweptStaging = false
  readonly #background: Background

  constructor(operator: Operator, options: OpenDalBlobOptions) {
    checkBlobOptions(options)
    const { scheme, clock, log, hidden = [] } = options
    this.#background = new Background(log, scheme)
    this.#operator = operator
    this.#options = options
    this.#tree = knownService(scheme).tree
    this.#staged = this.#tree && operator.capability().rename
    this.info = opendalBlobInfo(operator, options)
    const now = () => clock.now()
    const plain = (options.objects ?? formFor(operator.capability())) === 'plain'
    this.#plain = plain
    this.#names = plain ? plainNames(this.#tree ? [...hidden, stagingFolder] : hidden) : escapedNames('/')
    const context = { operator, scheme, now }
    this.#objects = plain ? plainObjects(context) : envelopedObjects(context)
    this.#listing = new Listing({
      operator,
      names: this.#names,
      pathsAreKeys: plain,
      rawQuery: knownService(scheme).rawQuery,
      now,
    })
  }

  async head(key: string, { signal }: DriverCall): Promise<BlobObject | null> {
    const where = at('head', key)
    const found = await this.#find(key, where, signal)
    return found?.object ?? null
  }

  async get(key: string, { range, ifMatch, signal }: BlobDriverGet): Promise<OpenedBlob | null> {
    const where = at('get', key)
    for (let attempt = 1; ; attempt++) {
      const found = await this.#find(key, where, signal)
      if (found === null) return null
      const { object } = found
      if (ifMatch !== undefined && object.etag !== ifMatch) throw otherVersion(where)
      const { start, end } = resolveRange(range, object.size)
      const reading = this.#reading(key, found, start, end, where, signal)
      if (this.info.features.ranges && end - start > smallBytes) {
        return { object, start, end, body: readStream(reading) }
      }
      const body = await readWhole(reading)
      if (body !== null) return { object, start, end, body }
      if (attempt === 5) {
        throw new CapabilityError(
          'Unavailable',
          'the object changes too fast to be read; try again',
          toPlace(where),
        )
      }
    }
  }

  async put(
    key: string,
    body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>>,
    put: BlobDriverPut,
  ): Promise<BlobObject> {
    const where = at('put', key)
    const path = this.#names.toPath(key, where)
    const { signal, ifMatch, ifNoneMatch } = put
    if (signal?.aborted) throw notApplied(cancelledRead(signal, toPlace(where)))
    checkPut(put, this.info, where)
    this.#sweepStaging()
    const { chunkBytes = defaultChunkBytes, cleanUp, maxConditionalBytes } = this.#options
    const { toIfMatch = (etag: string) => `"${etag}"` } = this.#options
    const conditional = ifMatch !== undefined || ifNoneMatch !== undefined
    const bounded = conditional && maxConditionalBytes !== undefined
    const size = body instanceof Uint8Array ? body.byteLength : put.size
    const { header, options, stored } = this.#objects.prepare(put, size)
    try {
      const written = await write(
        {
          operator: this.#operator,
          path,
          header,
          options: {
            ...options,
            ...(ifMatch === undefined ? {} : { ifMatch: toIfMatch(ifMatch) }),
            ...(ifNoneMatch === undefined ? {} : { ifNotExists: true }),
          },
          where,
          signal,
          staged: this.#staged,
          meetsFolders: this.#plain,
          heldBytes,
          oneRequestBytes: bounded ? maxConditionalBytes : undefined,
          chunkBytes,
          maxObjectBytes: this.info.limits.maxObjectBytes,
          cleanUp: async () => cleanUp?.(key),
          later: (work) => this.#background.add(work, 'what an aborted put left could not be removed', key),
        },
        body,
      )
      return stored(key, written.size, written.answer) ?? (await this.#justStored(key, where, signal))
    } catch (error) {
      throw refusal(error, put, where)
    }
  }

  async delete(key: string, { signal }: DriverCall): Promise<void> {
    const where = at('delete', key)
    const path = this.#names.toPath(key, where)
    checkWritable(this.info, where)
    // On a tree, deleting a folder would be tried as well, and would work when it is empty.
    if (this.#tree && (await statOf(this.#operator, path, where, signal)) === null) return
    await removeObject(this.#operator, path, where, signal)
  }

  async deleteMany(keys: readonly string[], { signal }: DriverCall): Promise<void> {
    const where: Place = { capability: 'blob', operation: 'deleteMany' }
    const paths = keys.map((key) => this.#names.toPath(key, { ...where, key }))
    checkWritable(this.info, where)
    if (this.#tree) {
      await inParts(keys, (key) => this.delete(key, { signal }))
      return
    }
    // Each path on its own, never a prefix: `removeAll` of "a" would take "ab" as well.
    await inParts(chunks(paths, this.info.limits.maxBulkKeys), (chunk) =>
      overTries(this.#operator, chunk.length, () =>
        native(() => this.#operator.remove([...chunk]), where, signal),
      ),
    )
  }

  async list({ prefix, delimiter, cursor, limit, signal }: BlobDriverList): Promise<BlobDriverPage> {
    const where: Place = { capability: 'blob', operation: 'list' }
    if (this.info.features.list === false) {
      throw new CapabilityError('Unsupported', `${this.info.provider} cannot list objects`, toPlace(where))
    }
    const page = await this.#listing.page({ prefix, delimiter, cursor, limit, signal }, where)
    const objects = await this.#told(page.keys, where, signal)
    return { objects, prefixes: page.prefixes, cursor: page.cursor }
  }

  async copy(from: string, to: string, { signal }: DriverCall): Promise<BlobObject | null> {
    const where = at('copy', from)
    const source = this.#names.toPath(from, where)
    const target = this.#names.toPath(to, where)
    checkWritable(this.info, where)
    if (from === to) return this.head(from, { signal })
    try {
      await overTries(this.#operator, 1, () =>
        native(() => this.#operator.copy(source, target), where, signal),
      )
    } catch (error) {
      if (isKind(error, 'NotFound') && error.applied === 'no') return null
      throw error
    }
    return this.#justStored(to, where, signal)
  }

  async presign(key: string, { method, expiresInSeconds, signal }: BlobPresignOptions): Promise<URL> {
    const where = at('presign', key)
    const path = this.#names.toPath(key, where)
    if (!this.info.features.presign) {
      throw new CapabilityError('Unsupported', `${this.info.provider} has no presigned URLs`, toPlace(where))
    }
    return presignedUrl(this.#operator, path, { method, expiresInSeconds, signal }, where)
  }

  async check({ signal }: DriverCall): Promise<void> {
    await checkService(this.#operator, { capability: 'blob', operation: 'check' }, signal)
  }

  /** Waits for the clean-up after aborted puts. */
  async close(): Promise<void> {
    await this.#background.settled()
  }

  async #find(key: string, where: Place, signal: AbortSignal | undefined): Promise<FoundObject | null> {
    return this.#objects.find(this.#names.toPath(key, where), key, where, signal)
  }

  #reading(
    key: string,
    found: FoundObject,
    start: number,
    end: number,
    where: Place,
    signal: AbortSignal | undefined,
  ): Reading {
    const { clock, chunkBytes = defaultChunkBytes, concurrency = 1 } = this.#options
    return {
      operator: this.#operator,
      path: this.#names.toPath(key, where),
      found,
      start,
      end,
      where,
      signal,
      clock,
      chunkBytes,
      concurrency,
      ranges: this.info.features.ranges,
      unchanged: async () => (await this.#find(key, where, signal))?.object.etag === found.object.etag,
    }
  }

  async #justStored(key: string, where: Place, signal: AbortSignal | undefined): Promise<BlobObject> {
    const found = await afterApplying(() => this.#find(key, where, signal))
    if (found !== null) return found.object
    throw new CapabilityError('Unavailable', 'the object was stored, but is not there any more, or not yet', {
      ...toPlace(where),
      retryable: 'never',
    })
  }

  /** The objects of listed keys. Leaves out objects that are gone meanwhile. */
  async #told(
    keys: readonly ListedKey[],
    where: Place,
    signal: AbortSignal | undefined,
  ): Promise<readonly BlobListed[]> {
    const told = await concurrently(keys, headWidth, async ({ key, metadata }) => {
      const listed = metadata === null ? null : this.#objects.listed(key, metadata)
      if (listed !== null) return listed
      const found = await this.#find(key, { ...where, key }, signal)
      if (found === null) return null
      const { size, etag, lastModified } = found.object
      return { key, size, etag, lastModified }
    })
    return told.filter((listed) => listed !== null)
  }

  /** Runs one time, in parallel with the first put: removes the remains of dead processes. */
  #sweepStaging(): void {
    if (!this.#staged || this.#sweptStaging) return
    this.#sweptStaging = true
    this.#background.add(removeAbandoned(this.#operator), 'unfinished objects could not be removed')
  }
}

function at(operation: string, key: string): Place & { readonly key: string } {
  return { capability: 'blob', operation, key }
}
