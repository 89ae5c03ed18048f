/** The reading half of a key-value store; `key-value.ts` has the writing half. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { Clock } from '../clock/contract.ts'
import { CapabilityError } from '../error.ts'
import type { Call, CallScope, Pipeline } from '../layer.ts'
import { checkKey, checkLimit, chunks } from '../limits.ts'
import { checkCacheTtl } from './cache-ttl.ts'
import { convert, type Place } from './content.ts'
import type {
  CallOptions,
  KvEntry,
  KvFormat,
  KvFormats,
  KvGetOptions,
  KvKey,
  KvListOptions,
  KvListPage,
  KvReader,
  KvSchemaOptions,
} from './contract.ts'
import type { Awaitable, KvDriver, StoredKvEntry } from './driver.ts'

/** What the views of one store share. */
export interface Core {
  readonly driver: KvDriver
  readonly pipeline: Pipeline
  readonly clock: Clock
}

type AnyGetOptions = CallOptions & {
  readonly as?: KvFormat
  readonly schema?: StandardSchemaV1
  readonly cacheTtlSeconds?: number
}

export class PortableKvReader implements KvReader {
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

/** Where an error of a call happened. */
export function at({ pipeline }: Core, operation: string, key: string): Place {
  return { capability: pipeline.capability, operation, key }
}
