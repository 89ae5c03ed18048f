/** Makes a cache of a driver: JSON, limits, layers. The driver is the last stop. */
import { fromJsonText, toJsonText } from '../json-text.ts'
import type { CallOptions } from '../kv/contract.ts'
import { type CallScope, createPipeline, type Layer, type Pipeline, wrapDriver } from '../layer.ts'
import { checkKey } from '../limits.ts'
import { checkArgument, lifeRule } from '../numbers.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import type { Cache, CacheReader, CacheSetOptions } from './contract.ts'
import type { CacheDriver } from './driver.ts'

export interface CreateCacheOptions {
  /** Name in the bag, shown in errors and logs. Default `'cache'`. */
  readonly name?: string
  /** Outermost first. Default none. */
  readonly layers?: readonly Layer[]
}

/** A cache over a driver. */
export function createCache(
  driver: CacheDriver,
  { name = 'cache', layers = [] }: CreateCacheOptions = {},
): Cache & Resource {
  const core = {
    driver: wrapDriver('cache', driver, layers),
    pipeline: createPipeline('cache', name, layers),
  }
  return withControl(new PortableCache(core, undefined), 'cache', core, (access, scope) =>
    access === 'read' ? new PortableCacheReader(core, scope) : new PortableCache(core, scope),
  )
}

interface Core {
  readonly driver: CacheDriver
  readonly pipeline: Pipeline
}

class PortableCacheReader implements CacheReader {
  protected readonly core: Core
  protected readonly scope: CallScope | undefined

  constructor(core: Core, scope: CallScope | undefined) {
    this.core = core
    this.scope = scope
  }

  get info() {
    return this.core.driver.info
  }

  async get(key: string, options?: CallOptions): Promise<unknown> {
    const where = this.checkedKey('get', key)
    const { driver, pipeline } = this.core
    const text = await pipeline.run('get', key, options, this.scope, ({ signal }) =>
      driver.get(key, { signal }),
    )
    return text === null ? undefined : fromJsonText(text, 'value', where)
  }

  protected checkedKey(operation: string, key: string) {
    const { capability } = this.core.pipeline
    checkKey(key, this.info.limits.maxKeyBytes, capability, operation)
    return { capability, operation, key }
  }
}

class PortableCache extends PortableCacheReader implements Cache {
  async set(key: string, value: unknown, { ttlMs, signal }: CacheSetOptions): Promise<void> {
    const where = this.checkedKey('set', key)
    checkArgument('ttlMs', ttlMs, lifeRule, where)
    const text = toJsonText(value, 'value', where)
    const { driver, pipeline } = this.core
    await pipeline.run('set', key, { signal }, this.scope, (call) =>
      driver.set(key, text, ttlMs, { signal: call.signal }),
    )
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    this.checkedKey('delete', key)
    const { driver, pipeline } = this.core
    await pipeline.run('delete', key, options, this.scope, ({ signal }) => driver.delete(key, { signal }))
  }
}
