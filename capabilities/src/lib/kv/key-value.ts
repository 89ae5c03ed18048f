/** Makes a key-value store of a driver: limits, conversions, layers; `put-options.ts` has TTL arithmetic. The driver is the last stop. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { beforeApplying, inParts } from '../applied.ts'
import type { Clock } from '../clock/contract.ts'
import { CapabilityError } from '../error.ts'
import { checkKey, checkLimit, chunks } from '../limits.ts'
import { checkCacheTtl } from './cache-ttl.ts'
import { type Call, type CallScope, createPipeline, type Layer, type Pipeline, wrapDriver } from '../layer.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import { systemClock } from '../system/clock.ts'
import { anySignal, collect } from '../stream.ts'
import type {
  CallOptions,
  KeyValue,
  KvEntry,
  KvFormat,
  KvFormats,
  KvGetOptions,
  KvKey,
  KvListOptions,
  KvListPage,
  KvPutOptions,
  KvPutResult,
  KvReader,
  KvSchemaOptions,
  KvValue,
} from './contract.ts'
import { contentOf, convert, type Place } from './content.ts'
import type { Awaitable, KvDriver, KvDriverPut, StoredKvEntry } from './driver.ts'
import { checkedPut, plainPut } from './put-options.ts'

export interface CreateKeyValueOptions {
  /** Name in the bag, shown in errors and logs. Default `'kv'`. */
  readonly name?: string
  /** Outermost first. Default none. */
  readonly layers?: readonly Layer[]
  /** Turns `ttlSeconds` into a moment. Default the system clock. */
  readonly clock?: Clock
}

/** A key-value store over a driver. */
export function createKeyValue(
  driver: KvDriver,
  { name = 'kv', layers = [], clock = systemClock }: CreateKeyValueOptions = {},
): KeyValue & Resource {
  const core = {
    driver: wrapDriver('kv', driver, layers),
    pipeline: createPipeline('kv', name, layers),
    clock,
  }
  const coreIn = ({ transaction }: CallScope) =>
    transaction === undefined
      ? core
      : { ...core, driver: wrapDriver('kv', transaction.kv(driver, clock), layers) }
  return withControl(new PortableKeyValue(core, undefined), 'kv', core, (access, scope) => {
    const scoped = scope === undefined ? core : coreIn(scope)
    return access === 'read' ? new PortableKvReader(scoped, scope) : new PortableKeyValue(scoped, scope)
  })
}

interface Core {
  readonly driver: KvDriver
  readonly pipeline: Pipeline
  readonly clock: Clock
}

type AnyGetOptions = CallOptions & {
  readonly as?: KvFormat
  readonly schema?: StandardSchemaV1
  readonly cacheTtlSeconds?: number
}

class PortableKvReader implements KvReader {
  protected readonly core: Core
  protected readonly scope: CallScope | undefined

  constructor(core: Core, scope: CallScope | undefined) {
    this.core = core
    this.scope = scope
  }

  get info() {
    return this.core.driver.info
  }

  get(key: string, options?: KvGetOptions<'text'>): Promise<string | null>
  get<S extends StandardSchemaV1>(
    key: string,
    options: KvSchemaOptions<S>,
  ): Promise<StandardSchemaV1.InferOutput<S> | null>
  get<F extends KvFormat>(key: string, options: KvGetOptions<F>): Promise<KvFormats[F] | null>
  get(key: string, options?: AnyGetOptions): Promise<unknown> {
    return this.#read('get', key, options, (entry) => {
      if (options?.schema !== undefined) return this.#validated(key, options.schema, entry)
      return convert(entry.value, options?.as ?? 'text', () => at(this.core, 'get', key))
    })
  }

  getWithMetadata(key: string, options?: KvGetOptions<'text'>): Promise<KvEntry<string> | null>
  getWithMetadata<F extends KvFormat>(
    key: string,
    options: KvGetOptions<F>,
  ): Promise<KvEntry<KvFormats[F]> | null>
  getWithMetadata(key: string, options?: AnyGetOptions): Promise<KvEntry<never> | null> {
    return this.#read('getWithMetadata', key, options, (entry) => ({
      value: convert(entry.value, options?.as ?? 'text', () =>
        at(this.core, 'getWithMetadata', key),
      ) as never,
      metadata: entry.metadata ?? null,
      expiresAt: entry.expiresAt === undefined ? null : new Date(entry.expiresAt),
      version: entry.version ?? null,
    }))
  }

  getMany(keys: readonly string[], options?: KvGetOptions<'text'>): Promise<Map<string, string | null>>
  getMany<F extends KvFormat>(
    keys: readonly string[],
    options: KvGetOptions<F>,
  ): Promise<Map<string, KvFormats[F] | null>>
  async getMany(keys: readonly string[], options?: AnyGetOptions): Promise<Map<string, never>> {
    const distinct = [...new Set(keys)]
    for (const key of distinct) this.checkKey('getMany', key)
    checkCacheTtl(options?.cacheTtlSeconds, {
      capability: this.core.pipeline.capability,
      operation: 'getMany',
    })
    const found = new Map<string, unknown>()
    for (const chunk of chunks(distinct, this.info.limits.maxBulkKeys)) {
      const entries = await this.core.pipeline.run('getMany', undefined, options, this.scope, (call) =>
        this.#readMany(chunk, options, call),
      )
      for (const key of chunk) {
        const value = entries.get(key)?.value
        found.set(
          key,
          value === undefined
            ? null
            : convert(value, options?.as ?? 'text', () => at(this.core, 'getMany', key)),
        )
      }
    }
    return found as Map<string, never>
  }

  async list({ prefix = '', cursor, limit, signal }: KvListOptions = {}): Promise<KvListPage> {
    const { driver, pipeline } = this.core
    const { maxListKeys } = this.info.limits
    const where = { capability: pipeline.capability, operation: 'list' }
    if (!this.info.features.list || driver.list === undefined) {
      throw new CapabilityError('Unsupported', `${this.info.provider} cannot list keys`, where)
    }
    const most = checkLimit(limit, maxListKeys, where)
    // No key starts so: spare the store text it may not be able to take.
    if (prefix.includes('\0') || !prefix.isWellFormed()) return { keys: [], listComplete: true }
    const page = await pipeline.run('list', undefined, { signal }, this.scope, (call) =>
      (driver.list as NonNullable<KvDriver['list']>)({ prefix, cursor, limit: most, signal: call.signal }),
    )
    return {
      keys: page.keys.map(({ key, expiresAt, metadata }) => ({
        key,
        ...(expiresAt === undefined ? {} : { expiresAt: new Date(expiresAt) }),
        ...(metadata === undefined || metadata === null ? {} : { metadata }),
      })),
      listComplete: page.cursor === undefined,
      ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
    }
  }

  async *keys({
    prefix,
    signal,
  }: Omit<KvListOptions, 'cursor' | 'limit'> = {}): AsyncGenerator<KvKey, void, void> {
    let cursor: string | undefined
    do {
      const page = await this.list({
        ...(prefix === undefined ? {} : { prefix }),
        ...(cursor === undefined ? {} : { cursor }),
        ...(signal === undefined ? {} : { signal }),
      })
      yield* page.keys
      cursor = page.cursor
    } while (cursor !== undefined)
  }

  protected checkKey(operation: string, key: string): void {
    checkKey(key, this.info.limits.maxKeyBytes, this.core.pipeline.capability, operation)
  }

  /** The hot path: one promise for the whole call when the driver answers at once. */
  #read<T>(
    operation: string,
    key: string,
    options: AnyGetOptions | undefined,
    finish: (entry: StoredKvEntry) => Awaitable<T>,
  ): Promise<T | null> {
    const cacheTtlSeconds = options?.cacheTtlSeconds
    try {
      this.checkKey(operation, key)
      if (cacheTtlSeconds !== undefined) checkCacheTtl(cacheTtlSeconds, at(this.core, operation, key))
    } catch (error) {
      return Promise.reject(error)
    }
    const { driver, pipeline } = this.core
    return pipeline.run(operation, key, options, this.scope, (call) => {
      const entry = driver.get(key, {
        signal: call.signal,
        cacheTtlSeconds,
        withMetadata: operation === 'getWithMetadata',
      })
      if (entry === null) return null
      if ('then' in entry) return entry.then((found) => (found === null ? null : finish(found)))
      return finish(entry)
    })
  }

  async #readMany(
    keys: readonly string[],
    options: AnyGetOptions | undefined,
    { signal }: Call,
  ): Promise<ReadonlyMap<string, StoredKvEntry>> {
    const { driver } = this.core
    const cacheTtlSeconds = options?.cacheTtlSeconds
    if (driver.getMany !== undefined) {
      const form = options?.as === 'bytes' || options?.as === 'stream' ? 'bytes' : 'text'
      return driver.getMany(keys, { signal, cacheTtlSeconds, form })
    }
    const get = { signal, cacheTtlSeconds, withMetadata: false }
    const entries = await Promise.all(keys.map(async (key) => [key, await driver.get(key, get)] as const))
    return new Map(entries.flatMap(([key, entry]) => (entry === null ? [] : [[key, entry]])))
  }

  async #validated(key: string, schema: StandardSchemaV1, entry: StoredKvEntry): Promise<unknown> {
    const value = convert(entry.value, 'json', () => at(this.core, 'get', key))
    const result = await schema['~standard'].validate(value)
    if (result.issues === undefined) return result.value
    throw new CapabilityError(
      'Corrupt',
      `the stored value does not fit the schema: ${result.issues[0]?.message}`,
      {
        ...at(this.core, 'get', key),
      },
    )
  }
}

class PortableKeyValue extends PortableKvReader implements KeyValue {
  put(key: string, value: KvValue, options?: KvPutOptions): Promise<KvPutResult> {
    if (typeof value === 'object' && value instanceof ReadableStream)
      return this.#putStream(key, value, options)
    // Not async: over a driver that answers at once a put then costs the pipeline's promise and no other.
    try {
      const put = this.#checked(key, options)
      const content = contentOf(value, this.info.limits.maxValueBytes, () => at(this.core, 'put', key))
      return this.#write(key, content, options, put)
    } catch (error) {
      return Promise.reject(error)
    }
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    this.checkKey('delete', key)
    const { driver, pipeline } = this.core
    await pipeline.run('delete', key, options, this.scope, (call) =>
      driver.delete(key, { signal: call.signal }),
    )
  }

  async deleteMany(keys: readonly string[], options?: CallOptions): Promise<void> {
    const distinct = [...new Set(keys)]
    for (const key of distinct) this.checkKey('deleteMany', key)
    const { driver, pipeline } = this.core
    await inParts(chunks(distinct, this.info.limits.maxBulkKeys), (chunk) =>
      pipeline.run('deleteMany', undefined, options, this.scope, async ({ signal }) => {
        if (driver.deleteMany !== undefined) return driver.deleteMany(chunk, { signal })
        await inParts(chunk, (key) => driver.delete(key, { signal }))
      }),
    )
  }

  async #putStream(
    key: string,
    value: ReadableStream<Uint8Array>,
    options: KvPutOptions | undefined,
  ): Promise<KvPutResult> {
    try {
      const put = this.#checked(key, options)
      const signal = anySignal(options?.signal, this.scope?.signal)
      const { maxValueBytes } = this.info.limits
      const content = await beforeApplying(() =>
        collect(value, maxValueBytes, at(this.core, 'put', key), signal),
      )
      return await this.#write(key, content, options, put)
    } catch (error) {
      // A stream that was refused before it was read must not keep its source waiting.
      if (!value.locked) value.cancel(error).catch(() => undefined)
      throw error
    }
  }

  #checked(key: string, options: KvPutOptions | undefined): KvDriverPut {
    this.checkKey('put', key)
    if (options === undefined) return plainPut
    return checkedPut(options, this.info, this.core.clock, at(this.core, 'put', key))
  }

  #write(
    key: string,
    content: string | Uint8Array<ArrayBuffer>,
    options: KvPutOptions | undefined,
    put: KvDriverPut,
  ): Promise<KvPutResult> {
    const { driver, pipeline } = this.core
    const operation = put.ifAbsent === true || put.ifVersion !== undefined ? 'putConditional' : 'put'
    return pipeline.run(operation, key, options, this.scope, ({ signal }) => {
      const version = driver.put(key, content, signal === undefined ? put : { ...put, signal })
      return typeof version === 'object' ? version.then(toPutResult) : toPutResult(version)
    })
  }
}

function at({ pipeline }: Core, operation: string, key: string): Place {
  return { capability: pipeline.capability, operation, key }
}

function toPutResult(version: string | undefined): KvPutResult {
  return { version: version ?? null }
}
