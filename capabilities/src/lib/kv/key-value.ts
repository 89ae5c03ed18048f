/** Makes a key-value store of a driver: limits, conversions, layers; `put-options.ts` has TTL arithmetic. The driver is the last stop. */
import { beforeApplying, inParts } from '../applied.ts'
import { cancelled } from '../cancelled.ts'
import type { Clock } from '../clock/contract.ts'
import { type CallScope, createPipeline, failure, type Layer, wrapDriver } from '../layer.ts'
import { chunks } from '../limits.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import { anySignal, collect } from '../stream.ts'
import { systemClock } from '../system/clock.ts'
import { contentOf } from './content.ts'
import type { CallOptions, KeyValue, KvPutOptions, KvPutResult, KvValue } from './contract.ts'
import type { KvDriver, KvDriverPut } from './driver.ts'
import { checkedPut, plainPut } from './put-options.ts'
import { at, PortableKvReader } from './reader.ts'

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
    pipeline: createPipeline('kv', name, layers, driver.info.transaction),
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
    if (pipeline.isBare && this.scope?.aroundWrite === undefined)
      return this.#writeBare(key, content, options, put)
    return pipeline.run(operationOf(put), key, options, this.scope, ({ signal }) => {
      const version = driver.put(key, content, withSignal(put, signal))
      return typeof version === 'object' ? version.then(toPutResult) : toPutResult(version)
    })
  }

  /** What `#write` does where no layer must see the call: over a store in memory, the call cost as much as the store. */
  #writeBare(
    key: string,
    content: string | Uint8Array<ArrayBuffer>,
    options: KvPutOptions | undefined,
    put: KvDriverPut,
  ): Promise<KvPutResult> {
    const { driver } = this.core
    const signal = anySignal(options?.signal, this.scope?.signal)
    const call = () => {
      const place = at(this.core, operationOf(put), key)
      return { ...place, key, signal, effect: 'write' } as const
    }
    if (signal?.aborted) return Promise.reject(cancelled(call(), 'no'))
    try {
      const version = driver.put(key, content, withSignal(put, signal))
      if (typeof version !== 'object') return Promise.resolve(toPutResult(version))
      return Promise.resolve(version).then(toPutResult, (error: unknown) => {
        throw failure(error, call())
      })
    } catch (error) {
      return Promise.reject(failure(error, call()))
    }
  }
}

/** Without a spread for the usual put. */
function withSignal(put: KvDriverPut, signal: AbortSignal | undefined): KvDriverPut {
  if (signal === undefined) return put
  return put === plainPut ? { signal } : { ...put, signal }
}

function operationOf({ ifAbsent, ifVersion }: KvDriverPut): 'put' | 'putConditional' {
  return ifAbsent === true || ifVersion !== undefined ? 'putConditional' : 'put'
}

function toPutResult(version: string | undefined): KvPutResult {
  return { version: version ?? null }
}
