/** Makes a blob store of a driver: argument checks, conversions, guarded streams, layers. The driver is the last stop. */
import { inParts, withApplied } from '../applied.ts'
import { CapabilityError } from '../error.ts'
import { type CallScope, createPipeline, type Layer, type Pipeline, wrapDriver } from '../layer.ts'
import { checkBlobKey, checkLimit, chunks } from '../limits.ts'
import type { CallOptions } from '../kv/contract.ts'
import type { Awaitable } from '../kv/driver.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import { anySignal } from '../stream.ts'
import { prepareBody } from './body.ts'
import {
  checkConditions,
  checkEtag,
  checkRange,
  contentTypeOf,
  isKeyPrefix,
  metadataOf,
  type Place,
} from './checks.ts'
import type {
  BlobBody,
  BlobGetOptions,
  BlobHandle,
  BlobListed,
  BlobListOptions,
  BlobListPage,
  BlobObject,
  BlobPresignOptions,
  BlobPutOptions,
  BlobReader,
  BlobStore,
} from './contract.ts'
import type { BlobDriver } from './driver.ts'
import { PortableBlobHandle } from './handle.ts'
import { LentBuffers } from './lent-bytes.ts'
import { copyThrough, openNothing } from './over-driver.ts'

export interface CreateBlobStoreOptions {
  /** Name in the bag, shown in errors and logs. Default `'blob'`. */
  readonly name?: string
  /** Outermost first. Default none. */
  readonly layers?: readonly Layer[]
}

/** A blob store over a driver. */
export function createBlobStore(
  driver: BlobDriver,
  { name = 'blob', layers = [] }: CreateBlobStoreOptions = {},
): BlobStore & Resource {
  const wrapped = wrapDriver('blob', driver, layers)
  const core: Core = {
    driver: wrapped,
    layers,
    pipeline: createPipeline('blob', name, layers),
    buffers: wrapped.returnsBytes === true ? new LentBuffers() : undefined,
  }
  return withControl(new PortableBlobStore(core, undefined), 'blob', core, (access, scope) =>
    access === 'read' ? new PortableBlobReader(core, scope) : new PortableBlobStore(core, scope),
  )
}

/** What extras of a driver do beside the contract, behind the layers of the store they are found by. */
export interface LayeredBlobCalls {
  /** A store over another driver with the name and the layers of this store, and for the same run. */
  over(driver: BlobDriver): BlobStore
  /** One call through the layers, which take it for `operation`: a read, a delete, a list. */
  run<T>(
    operation: 'head' | 'list' | 'delete' | 'deleteMany',
    key: string | undefined,
    options: CallOptions | undefined,
    execute: (call: CallOptions) => Awaitable<T>,
  ): Promise<T>
}

/** The layers of a store, for extras. An object that `createBlobStore` did not make has none. */
export function layeredBlobCalls(store: BlobStore): LayeredBlobCalls {
  const calls = store instanceof PortableBlobStore ? PortableBlobStore.calls(store) : undefined
  if (calls !== undefined) return calls
  return {
    over: (driver) => createBlobStore(driver),
    run: async (_operation, _key, { signal } = {}, execute) =>
      execute(signal === undefined ? {} : { signal }),
  }
}

interface Core {
  readonly driver: BlobDriver
  readonly layers: readonly Layer[]
  readonly pipeline: Pipeline
  /** For copies of bytes, where the driver keeps none. */
  readonly buffers: LentBuffers | undefined
}

class PortableBlobReader implements BlobReader {
  protected readonly core: Core
  protected readonly scope: CallScope | undefined

  constructor(core: Core, scope: CallScope | undefined) {
    this.core = core
    this.scope = scope
  }

  get info() {
    return this.core.driver.info
  }

  async head(key: string, options?: CallOptions): Promise<BlobObject | null> {
    this.checkedKey('head', key)
    const { driver, pipeline } = this.core
    return pipeline.run('head', key, options, this.scope, ({ signal }) => driver.head(key, { signal }))
  }

  async get(key: string, options: BlobGetOptions = {}): Promise<BlobHandle | null> {
    const where = this.checkedKey('get', key)
    const { range, ifMatch } = options
    checkRange(range, this.info, where)
    checkEtag(ifMatch, where)
    const { driver, pipeline } = this.core
    const opened = await pipeline.run('get', key, options, this.scope, ({ signal }) =>
      range !== undefined && 'offset' in range && range.length === 0
        ? openNothing(driver, key, { range, ifMatch, signal }, range.offset)
        : driver.get(key, { range, ifMatch, signal }),
    )
    return opened === null
      ? null
      : new PortableBlobHandle(
          opened,
          where,
          anySignal(options.signal, this.scope?.signal),
          options.onProgress,
        )
  }

  async list({ prefix = '', delimiter, cursor, limit, signal }: BlobListOptions = {}): Promise<BlobListPage> {
    const { driver, pipeline } = this.core
    const where = { capability: pipeline.capability, operation: 'list' }
    const most = checkLimit(limit, this.info.limits.maxListKeys, where)
    if (delimiter === '')
      throw new CapabilityError('InvalidInput', 'a delimiter has at least one character', where)
    if (!isKeyPrefix(prefix)) return { objects: [], prefixes: [], listComplete: true }
    const page = await pipeline.run('list', undefined, { signal }, this.scope, (call) =>
      driver.list({ prefix, delimiter, cursor, limit: most, signal: call.signal }),
    )
    return {
      objects: page.objects,
      prefixes: page.prefixes,
      listComplete: page.cursor === undefined,
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    }
  }

  async *entries({
    prefix,
    signal,
  }: Omit<BlobListOptions, 'cursor' | 'limit' | 'delimiter'> = {}): AsyncGenerator<BlobListed, void, void> {
    let cursor: string | undefined
    do {
      const page = await this.list({
        ...(prefix === undefined ? {} : { prefix }),
        ...(cursor === undefined ? {} : { cursor }),
        ...(signal === undefined ? {} : { signal }),
      })
      yield* page.objects
      cursor = page.cursor
    } while (cursor !== undefined)
  }

  /** Refuses a bad key; for a good one the place for errors about the call. */
  protected checkedKey(operation: string, key: string): Place & { readonly key: string } {
    const { capability } = this.core.pipeline
    checkBlobKey(key, this.info.limits.maxKeyBytes, capability, operation)
    return { capability, operation, key }
  }
}

class PortableBlobStore extends PortableBlobReader implements BlobStore {
  /** On the class, as a store shows the methods of its contract and no others. */
  static calls({ core, scope }: PortableBlobStore): LayeredBlobCalls {
    const { pipeline, layers } = core
    return {
      over(driver) {
        const wrapped = wrapDriver('blob', driver, layers)
        const buffers = wrapped.returnsBytes === true ? new LentBuffers() : undefined
        return new PortableBlobStore({ driver: wrapped, layers, pipeline, buffers }, scope)
      },
      run: (operation, key, options, execute) =>
        pipeline.run(operation, key, options, scope, ({ signal }) =>
          execute(signal === undefined ? {} : { signal }),
        ),
    }
  }

  async put(key: string, body: BlobBody, options: BlobPutOptions = {}): Promise<BlobObject> {
    try {
      return await this.#put(key, body, options)
    } catch (error) {
      // A stream that was refused before anybody read it must not keep its source waiting.
      if (body instanceof ReadableStream && !body.locked) body.cancel(error).catch(() => undefined)
      throw error
    }
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    this.checkedKey('delete', key)
    const { driver, pipeline } = this.core
    await pipeline.run('delete', key, options, this.scope, ({ signal }) => driver.delete(key, { signal }))
  }

  async deleteMany(keys: readonly string[], options?: CallOptions): Promise<void> {
    const distinct = [...new Set(keys)]
    for (const key of distinct) this.checkedKey('deleteMany', key)
    const { driver, pipeline } = this.core
    await inParts(chunks(distinct, this.info.limits.maxBulkKeys), (chunk) =>
      pipeline.run('deleteMany', undefined, options, this.scope, async ({ signal }) => {
        if (driver.deleteMany !== undefined) return driver.deleteMany(chunk, { signal })
        await inParts(chunk, (key) => driver.delete(key, { signal }))
      }),
    )
  }

  async copy(from: string, to: string, options?: CallOptions): Promise<BlobObject> {
    const where = this.checkedKey('copy', from)
    this.checkedKey('copy', to)
    const { driver, pipeline } = this.core
    const copy = ({ signal }: CallOptions): Awaitable<BlobObject | null> => {
      // Some stores refuse to copy onto the same key; nothing would change anyway.
      if (from === to) return driver.head(from, { signal })
      if (this.info.features.serverCopy && driver.copy !== undefined) return driver.copy(from, to, { signal })
      return copyThrough(driver, from, to, where, signal)
    }
    return pipeline.run('copy', from, options, this.scope, async (call) => {
      const copied = await copy(call)
      if (copied !== null) return copied
      // Inside the layers: `retry` knows of an earlier try that may have copied before the source was deleted.
      throw new CapabilityError('NotFound', 'there is no object to copy', where)
    })
  }

  async presign(key: string, options: BlobPresignOptions): Promise<URL> {
    const where = this.checkedKey('presign', key)
    const { driver, pipeline } = this.core
    const method: unknown = options.method
    if (method !== 'get' && method !== 'put')
      throw new CapabilityError('InvalidInput', "method must be 'get' or 'put', in lower case", where)
    if (!this.info.features.presign || driver.presign === undefined) {
      throw new CapabilityError('Unsupported', `${this.info.provider} has no presigned URLs`, where)
    }
    if (!Number.isSafeInteger(options.expiresInSeconds) || options.expiresInSeconds < 1) {
      throw new CapabilityError('InvalidInput', 'expiresInSeconds must be a whole number above 0', where)
    }
    return pipeline.run(
      'presign',
      key,
      options,
      this.scope,
      ({ signal }) => driver.presign?.(key, { ...options, ...(signal && { signal }) }) as Awaitable<URL>,
    )
  }

  async #put(key: string, body: BlobBody, options: BlobPutOptions): Promise<BlobObject> {
    const where = this.checkedKey('put', key)
    const { ifMatch, ifNoneMatch } = options
    checkConditions(options, this.info, where)
    const own = body instanceof Blob ? body.type : ''
    const contentType = contentTypeOf(options.contentType, own, this.info, where)
    const metadata = metadataOf(options.metadata, this.info, where)
    const content = prepareBody(body, options, this.info, where, this.core.buffers)
    const { driver, pipeline } = this.core
    const operation = ifMatch === undefined && ifNoneMatch === undefined ? 'put' : 'putConditional'
    let stored = false
    try {
      const object = await pipeline.run(
        operation,
        key,
        options,
        this.scope,
        async ({ signal }) => {
          const put = { contentType, metadata, ifMatch, ifNoneMatch, size: content.size, signal }
          try {
            return await driver.put(key, content.open(signal), put)
          } catch (error) {
            const broken = content.failure()
            // A fault of the body is reported as it was, whatever the provider's client made of it. No store makes an
            // object visible before its body has ended.
            throw broken === undefined ? error : withApplied(broken, 'no')
          } finally {
            content.attemptEnded()
          }
        },
        content.tracked,
      )
      stored = true
      return object
    } finally {
      content.release(stored)
    }
  }
}
