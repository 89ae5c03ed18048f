/** The reading side of a storage: each call finds its store and asks it. The store's driver is the next stop. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { BlobHandle, BlobObject } from '../blob/contract.ts'
import { beforeApplying } from '../applied.ts'
import { CapabilityError } from '../error.ts'
import type { CallOptions } from '../kv/contract.ts'
import type { CallScope, Pipeline } from '../layer.ts'
import { anySignal } from '../stream.ts'
import { jsonOf, textOf, typeOfName } from './content.ts'
import type {
  JsonValue,
  StorageEntry,
  StorageFile,
  StorageHashOptions,
  StorageListOptions,
  StorageListPage,
  StorageReadOptions,
  UriStorageReader,
} from './contract.ts'
import type { StorageDriver } from './driver.ts'
import { atUri, explained } from './errors.ts'
import { folderEntry, isFolder, listPage } from './listing.ts'
import type { WebAccess } from './scheme.ts'
import type { OperationOf } from '../operations.ts'
import type { Lease } from './stores.ts'
import { passed } from './passed-stream.ts'
import { invalidUri, shownUri } from './uri.ts'

export interface Core {
  readonly driver: StorageDriver
  readonly pipeline: Pipeline
}

type Operation = OperationOf<'storage'>

interface WithSchema {
  readonly schema?: StandardSchemaV1
}

export class PortableStorageReader implements UriStorageReader {
  readonly #core: Core
  readonly #scope: CallScope | undefined

  constructor(core: Core, scope: CallScope | undefined) {
    this.#core = core
    this.#scope = scope
  }

  get info() {
    return this.#core.driver.info
  }

  read(uri: string, options?: StorageReadOptions): Promise<string> {
    return this.call('read', uri, options, async (lease, signal) =>
      textOf(await bytesOf(lease, { ...options, signal })),
    )
  }

  readBytes(uri: string, options?: StorageReadOptions): Promise<Uint8Array<ArrayBuffer>> {
    return this.call('readBytes', uri, options, (lease, signal) => bytesOf(lease, { ...options, signal }))
  }

  readJson(uri: string, options?: StorageReadOptions): Promise<JsonValue>
  readJson<S extends StandardSchemaV1>(
    uri: string,
    options: StorageReadOptions & { readonly schema: S },
  ): Promise<StandardSchemaV1.InferOutput<S>>
  readJson(uri: string, options?: StorageReadOptions & WithSchema): Promise<unknown> {
    return this.call('readJson', uri, options, async (lease, signal) =>
      jsonOf(await bytesOf(lease, { ...options, signal }), options?.schema),
    )
  }

  /** The store stays open until the stream has ended, failed or been cancelled. */
  async stream(uri: string, options?: StorageReadOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const kept: { lease?: Lease } = {}
    const handle = await this.call('stream', uri, options, async (lease, signal) => {
      // The signal goes on to end the stream after this call has been answered.
      const opened = await open(lease, {
        ...options,
        signal: anySignal(options?.signal, this.#scope?.signal),
      })
      if (signal?.aborted === true) {
        // Too late: whoever waited for it has been told so.
        await opened.cancel()
        throw signal.reason
      }
      kept.lease = lease.retain()
      return opened
    })
    return passed(handle.stream(), {
      onEnd: () => kept.lease?.release(),
      errorOf: (error) => this.errorAt(error, uri, 'stream'),
    })
  }

  list(uri: string, options: StorageListOptions = {}): Promise<StorageListPage> {
    return this.call('list', uri, options, ({ store: { blob }, place }, signal) =>
      listPage({ blob, uri, key: place.key }, { ...options, signal }),
    )
  }

  async *entries(
    uri: string,
    options: Omit<StorageListOptions, 'cursor' | 'limit'> = {},
  ): AsyncGenerator<StorageEntry, void, void> {
    let cursor: string | undefined
    do {
      const page = await this.list(uri, { ...options, ...(cursor === undefined ? {} : { cursor }) })
      yield* page.entries
      cursor = page.cursor
    } while (cursor !== undefined)
  }

  exists(uri: string, options?: CallOptions): Promise<boolean> {
    return this.call('exists', uri, options, async ({ store, place }, signal) => {
      if (!place.isFolder && (await store.blob.head(place.key, { signal })) !== null) return true
      return isFolder(store, place.key, { signal })
    })
  }

  stat(uri: string, options?: CallOptions): Promise<StorageFile> {
    return this.call('stat', uri, options, async ({ store, place }, signal) => {
      const object = place.isFolder ? null : await store.blob.head(place.key, { signal })
      if (object !== null) return fileOf(uri, object)
      if (!(await isFolder(store, place.key, { signal }))) throw absent()
      return { ...folderEntry(uri), contentType: null, metadata: {} }
    })
  }

  hash(uri: string, options: StorageHashOptions = {}): Promise<string> {
    const { algorithm = 'sha256', onProgress } = options
    return this.call('hash', uri, options, async (lease, signal) => {
      const { hashOf } = await import('./digest/hash.ts')
      const handle = await open(lease, { signal, ...(onProgress && { onProgress }) })
      try {
        const digest = await hashOf(handle.stream(), algorithm)
        if (digest !== null) return digest
        throw new CapabilityError(
          'InvalidInput',
          'there is no such algorithm; there are sha256, sha384, sha512 and md5',
        )
      } finally {
        await handle.cancel()
      }
    })
  }

  /** Runs one operation through the layers; its store is in use until it settles. */
  protected call<T>(
    operation: Operation,
    uri: string,
    options: CallOptions | undefined,
    run: (lease: Lease, signal: AbortSignal | undefined) => Promise<T>,
    body?: { readonly touched: boolean },
  ): Promise<T> {
    const execute = async ({ signal }: { readonly signal: AbortSignal | undefined }): Promise<T> => {
      let lease: Lease | undefined
      try {
        lease = await this.lease(uri)
        return await run(lease, signal)
      } catch (error) {
        const told = signal?.aborted === true ? error : await explained(error, webOf(lease))
        throw this.errorAt(told, uri, operation)
      } finally {
        lease?.release()
      }
    }
    return this.#core.pipeline.run(operation, shownUri(uri), options, this.#scope, execute, body)
  }

  /** Another store of the same storage, beside the one of the call. */
  protected lease(uri: string): Promise<Lease> {
    return beforeApplying(() => this.#core.driver.stores.lease(uri))
  }

  protected errorAt(error: unknown, uri: string, operation: Operation): unknown {
    return atUri(error, uri, operation, this.#core.pipeline.capability)
  }
}

/** Where browsers reach the store of a lease. */
export function webOf(lease: Lease | undefined): WebAccess | undefined {
  const web = lease?.store.web
  return typeof web === 'function' ? web(lease?.place.key ?? '') : web
}

/** The key of a file; `INVALID_URI` when the URI is one of a folder. */
export function fileKey(lease: Pick<Lease, 'place'>): string {
  if (!lease.place.isFolder) return lease.place.key
  throw folderNamed(lease)
}

export function folderNamed({ place }: Pick<Lease, 'place'>): CapabilityError {
  return invalidUri(
    place.key === ''
      ? 'the URI names a store, not a file in it'
      : 'a URI that ends in "/" names a folder, not a file',
  )
}

export function fileOf(uri: string, object: BlobObject): StorageFile {
  // Only URLs have a query: elsewhere "?" and "#" are of the name.
  const path = /^https?:/i.test(uri) ? uri.replace(/[?#].*$/s, '') : uri
  const name = path.replace(/^.*\//s, '')
  return {
    uri,
    name,
    kind: 'file',
    size: object.size,
    etag: object.etag,
    lastModified: object.lastModified,
    contentType: object.contentType ?? typeOfName(name) ?? null,
    metadata: object.metadata,
  }
}

export function absent(): CapabilityError {
  return new CapabilityError('NotFound', 'there is no such file')
}

async function open(lease: Lease, { range, signal, onProgress }: StorageReadOptions): Promise<BlobHandle> {
  const key = fileKey(lease)
  const handle = await lease.store.blob.get(key, {
    signal,
    ...(range && { range }),
    ...(onProgress && { onProgress }),
  })
  if (handle === null) throw absent()
  return handle
}

async function bytesOf(lease: Lease, options: StorageReadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const handle = await open(lease, options)
  try {
    return await handle.bytes()
  } finally {
    await handle.cancel()
  }
}
