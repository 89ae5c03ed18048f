/** Makes URI storage of schemes: reading, writing, copying over any of their stores, with layers around each call. */
import { afterApplying, maybeApplied } from '../applied.ts'
import { asyncDispose } from '../async-dispose.ts'
import { copyBlob } from '../blob/copy-blob.ts'
import type { BlobBody, BlobObject } from '../blob/contract.ts'
import { CapabilityError, isCapabilityError } from '../error.ts'
import type { CallOptions } from '../kv/contract.ts'
import { createPipeline, type Layer } from '../layer.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import { bodyOf, typeOfName } from './content.ts'
import type {
  StorageContent,
  StorageCopied,
  StorageCopyOptions,
  StorageFile,
  StorageWriteOptions,
  UriStorage,
} from './contract.ts'
import {
  type CredentialsOf,
  openStorageDriver,
  type SchemeDescription,
  type StorageDriver,
  type StorageDriverOptions,
} from './driver.ts'
import { keysBelow } from './listing.ts'
import { explained } from './errors.ts'
import { absent, type Core, fileKey, fileOf, folderNamed, PortableStorageReader, webOf } from './reading.ts'
import type { StorageScheme } from './scheme.ts'
import type { Lease } from './stores.ts'
import { invalidUri } from './uri.ts'

export interface CreateUriStorageOptions {
  /** Name in the bag, shown in errors and logs. Default `'storage'`. */
  readonly name?: string
  /** Outermost first. Default none. */
  readonly layers?: readonly Layer[]
}

export interface CreateStorageOptions<T extends readonly StorageScheme[]>
  extends StorageDriverOptions<T>,
    CreateUriStorageOptions {}

/** A storage with its credentials and its end in the hands of who made it; nodes get `UriStorage`. */
export interface ManagedStorage<T extends readonly StorageScheme[] = readonly StorageScheme[]>
  extends UriStorage,
    Resource,
    AsyncDisposable {
  /** Replaces the credentials of a provider; its stores are opened anew when they are next used. */
  setCredentials<P extends NonNullable<T[number]['provider']>>(
    provider: P,
    credentials: CredentialsOf<T, P>,
  ): void
  /** Forgets those that were set; the environment counts again. */
  clearCredentials(provider: NonNullable<T[number]['provider']>): void
  /** Whether there are credentials of the provider, set or in the environment. Whether they are good, its store knows. */
  hasCredentials(provider: NonNullable<T[number]['provider']>): boolean
  describe(): readonly SchemeDescription[]
  /** Closes every store it opened. */
  close(): Promise<void>
}

/** Storage over these schemes. Nothing is opened before a URI asks for it. */
export function createStorage<const T extends readonly StorageScheme[]>({
  name,
  layers,
  ...options
}: CreateStorageOptions<T>): ManagedStorage<T> {
  const driver = openStorageDriver<T>(options)
  return createUriStorage(driver, {
    ...(name === undefined ? {} : { name }),
    ...(layers === undefined ? {} : { layers }),
  })
}

/** URI storage over an opened driver. */
export function createUriStorage(
  driver: StorageDriver,
  { name = 'storage', layers = [] }: CreateUriStorageOptions = {},
): ManagedStorage {
  const core: Core = { driver, pipeline: createPipeline('storage', name, layers) }
  return withControl(new OwnedStorage(core), 'storage', core, (access, scope) =>
    access === 'read' ? new PortableStorageReader(core, scope) : new PortableStorage(core, scope),
  )
}

class PortableStorage extends PortableStorageReader implements UriStorage {
  write(uri: string, content: StorageContent, options: StorageWriteOptions = {}): Promise<StorageFile> {
    const operation = options.createOnly === true ? 'writeCreateOnly' : 'write'
    return this.call(operation, uri, options, (lease, signal) => {
      const { body, type } = bodyOf(content)
      return put(lease, uri, body, { ...options, signal }, type)
    })
  }

  async writeStream(
    uri: string,
    stream: ReadableStream<Uint8Array>,
    options: StorageWriteOptions = {},
  ): Promise<StorageFile> {
    try {
      return await this.call('writeStream', uri, options, (lease, signal) => {
        if (!(stream instanceof ReadableStream))
          throw new CapabilityError(
            'InvalidInput',
            'writeStream takes a ReadableStream of bytes; write takes the rest',
          )
        return put(lease, uri, stream, { ...options, signal })
      })
    } catch (error) {
      // A stream that was refused before anybody read it must not keep its source waiting.
      if (stream instanceof ReadableStream && !stream.locked) stream.cancel(error).catch(() => undefined)
      throw error
    }
  }

  delete(uri: string, options: CallOptions & { readonly recursive?: boolean } = {}): Promise<void> {
    return this.call('delete', uri, options, async ({ store: { blob, folders }, place }, signal) => {
      if (options.recursive !== true) {
        if (place.isFolder) throw invalidUri('the URI names a folder; delete it with recursive: true')
        return blob.delete(place.key, { signal })
      }
      let hasDeleted = false
      try {
        for await (const keys of keysBelow({ blob, key: place.key }, { signal })) {
          if (keys.length === 0) continue
          await blob.deleteMany(keys, { signal })
          hasDeleted = true
        }
        await folders?.remove(place.key, { signal })
        if (!place.isFolder) await blob.delete(place.key, { signal })
      } catch (error) {
        throw hasDeleted ? maybeApplied(error) : error
      }
    })
  }

  copy(from: string, to: string, options: StorageCopyOptions = {}): Promise<StorageCopied> {
    return this.call('copy', from, options, async (source, signal) => {
      const { size } = await this.#copied(source, to, { ...options, signal }, 'copy')
      return { size }
    })
  }

  move(from: string, to: string, options: StorageCopyOptions = {}): Promise<StorageCopied> {
    return this.call('move', from, options, async (source, signal) => {
      const { size, object, isSame } = await this.#copied(source, to, { ...options, signal }, 'move')
      // A file that is where it should be is not moved, least of all deleted.
      if (isSame) return { size }
      await afterApplying(() => deleteUnchanged(source, object, signal))
      return { size }
    })
  }

  mkdir(uri: string, options?: CallOptions): Promise<void> {
    return this.call('mkdir', uri, options, async ({ store: { folders }, place }, signal) => {
      if (place.key !== '') await folders?.make(place.key, { signal })
    })
  }

  async #copied(
    source: Lease,
    to: string,
    { signal, onProgress }: StorageCopyOptions,
    operation: 'copy' | 'move',
  ): Promise<{ readonly size: number; readonly object: BlobObject; readonly isSame: boolean }> {
    const key = fileKey(source)
    let target: Lease
    try {
      target = await this.lease(to)
    } catch (error) {
      throw this.errorAt(error, to, operation)
    }
    const toKey = target.place.key
    try {
      if (target.place.isFolder) throw this.errorAt(folderNamed(target), to, operation)
      if (source.id === target.id && key === toKey) {
        const object = await source.store.blob.head(key, { signal })
        if (object === null) throw absent()
        return { size: object.size, object, isSame: true }
      }
      const { object, source: copied } = await copyBlob(
        { store: source.store.blob, key },
        { store: target.store.blob, key: toKey },
        // What only one of the two stores keeps, a copy between them cannot have.
        { signal, lossy: 'drop', ...(onProgress && { onProgress }) },
      )
      return { size: object.size, object: copied, isSame: false }
    } catch (error) {
      if (!isOfTarget(error, key, toKey)) throw error
      const told = signal?.aborted === true ? error : await explained(error, webOf(target))
      throw this.errorAt(told, to, operation)
    } finally {
      target.release()
    }
  }
}

/** The whole resource: what views of it must not lead back to. */
class OwnedStorage extends PortableStorage {
  readonly #driver: StorageDriver

  constructor(core: Core) {
    super(core, undefined)
    this.#driver = core.driver
  }

  setCredentials(provider: string, credentials: unknown): void {
    this.#driver.stores.credentials.set(provider, credentials)
    this.#driver.stores.reopen(provider)
  }

  clearCredentials(provider: string): void {
    this.#driver.stores.credentials.clear(provider)
    this.#driver.stores.reopen(provider)
  }

  hasCredentials(provider: string): boolean {
    return this.#driver.stores.credentials.has(provider)
  }

  describe(): readonly SchemeDescription[] {
    return this.#driver.describe()
  }

  close(): Promise<void> {
    return this.#driver.close()
  }

  [asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Deletes the source of a move, unless it is no longer the version that was copied. */
async function deleteUnchanged(
  source: Lease,
  { etag, lastModified }: BlobObject,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { blob } = source.store
  const key = fileKey(source)
  const now = await blob.head(key, { signal })
  // The time as well: copied onto itself by another name, a file has the same content, and with it often the same etag.
  if (now !== null && (now.etag !== etag || now.lastModified.getTime() !== lastModified.getTime()))
    throw new CapabilityError(
      'ConditionNotMatch',
      'the source changed after it was copied; it is kept, and so is the copy',
    )
  await blob.delete(key, { signal })
}

async function put(
  lease: Lease,
  uri: string,
  body: BlobBody,
  { contentType, metadata, createOnly, size, onProgress, signal }: StorageWriteOptions,
  typeOfContent?: string,
): Promise<StorageFile> {
  const key = fileKey(lease)
  const { blob } = lease.store
  // A type that is only guessed is left out where it would not be kept; one that was given is refused there.
  const own = body instanceof Blob && body.type !== '' ? body.type : undefined
  const guessed = blob.info.features.contentType ? (own ?? typeOfName(key) ?? typeOfContent) : undefined
  const type = contentType ?? guessed
  const object = await blob.put(key, body, {
    signal,
    ...(type === undefined ? {} : { contentType: type }),
    ...(metadata && { metadata }),
    ...(createOnly === true ? { ifNoneMatch: '*' as const } : {}),
    ...(size === undefined ? {} : { size }),
    ...(onProgress && { onProgress }),
  })
  return fileOf(uri, object)
}

/** Stores tell the key and the call they failed at: only the target is put to. */
function isOfTarget(error: unknown, from: string, to: string): boolean {
  return isCapabilityError(error) && (error.operation === 'put' || (error.key === to && from !== to))
}
