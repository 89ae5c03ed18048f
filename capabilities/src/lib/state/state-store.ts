/** Makes durable state of a driver: limits, JSON, transactions, layers. The driver is the last stop. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { CallOptions } from '../kv/contract.ts'
import { type CallScope, createPipeline, type Layer, wrapDriver } from '../layer.ts'
import { checkKey } from '../limits.ts'
import { type Resource, withControl } from '../resource/resource.ts'
import { PortableAlarm, PortableAlarmReader } from './alarm.ts'
import type {
  DurableState,
  DurableStateReader,
  StateAlarm,
  StateAlarmReader,
  StateEntry,
  StateHandle,
  StateHandleReader,
  StateListOptions,
  StateListPage,
  StateRange,
  StateSchemaOptions,
  StateSql,
  StateTransaction,
  TransactionOptions,
} from './contract.ts'
import type { StateDriver } from './driver.ts'
import { checkEntryKey, entryText, entryValue } from './entries.ts'
import { listPage, readPage } from './listing.ts'
import { type Core, keyOf, type Seat } from './place.ts'
import { PortableSql } from './sql.ts'
import { runTransaction } from './transaction.ts'

export interface CreateDurableStateOptions {
  /** Name in the bag, shown in errors and logs. Default `'state'`. */
  readonly name?: string
  /** Outermost first. Default none. */
  readonly layers?: readonly Layer[]
}

/** Durable state over a driver. */
export function createDurableState(
  driver: StateDriver,
  { name = 'state', layers = [] }: CreateDurableStateOptions = {},
): DurableState & Resource {
  const core = {
    driver: wrapDriver('state', driver, layers),
    pipeline: createPipeline('state', name, layers),
  }
  return withControl(new PortableState(core, undefined), 'state', core, (access, scope) =>
    access === 'read' ? new PortableStateReader(core, scope) : new PortableState(core, scope),
  )
}

class PortableStateReader implements DurableStateReader {
  readonly #core: Core
  readonly #scope: CallScope | undefined

  constructor(core: Core, scope: CallScope | undefined) {
    this.#core = core
    this.#scope = scope
  }

  get info() {
    return this.#core.driver.info
  }

  of(name: string): StateHandleReader {
    return new PortableReader(this.seat(name))
  }

  protected seat(name: string): Seat {
    checkKey(name, this.info.limits.maxNameBytes, this.#core.pipeline.capability, 'of')
    return { ...this.#core, name, scope: this.#scope }
  }
}

class PortableState extends PortableStateReader implements DurableState {
  override of(name: string): StateHandle {
    return new PortableHandle(this.seat(name))
  }
}

class PortableReader implements StateHandleReader {
  readonly alarm: StateAlarmReader
  protected readonly seat: Seat

  constructor(seat: Seat) {
    this.seat = seat
    this.alarm = new PortableAlarmReader(seat)
  }

  get name() {
    return this.seat.name
  }

  get(key: string, options?: CallOptions): Promise<unknown>
  get<S extends StandardSchemaV1>(
    key: string,
    options: StateSchemaOptions<S>,
  ): Promise<StandardSchemaV1.InferOutput<S> | null>
  async get(key: string, options?: CallOptions & { readonly schema?: StandardSchemaV1 }): Promise<unknown> {
    checkEntryKey(this.seat, 'get', key)
    const { driver, pipeline, name, scope } = this.seat
    const found = await pipeline.run('get', keyOf(name, key), options, scope, ({ signal }) =>
      driver.get(name, key, { signal }),
    )
    return found === null ? null : entryValue(this.seat, 'get', key, found.value, options?.schema)
  }

  async list(options: StateListOptions = {}): Promise<StateListPage> {
    const { page } = await readPage(this.seat, options, { signal: options.signal })
    return listPage(this.seat, page)
  }

  async *entries(options: StateRange & CallOptions = {}): AsyncGenerator<StateEntry, void, void> {
    let cursor: string | undefined
    do {
      const page = await this.list({ ...options, ...(cursor === undefined ? {} : { cursor }) })
      yield* page.entries
      cursor = page.cursor
    } while (cursor !== undefined)
  }
}

class PortableHandle extends PortableReader implements StateHandle {
  override readonly alarm: StateAlarm
  readonly sql: StateSql

  constructor(seat: Seat) {
    super(seat)
    this.alarm = new PortableAlarm(seat)
    this.sql = new PortableSql(seat)
  }

  async put(key: string, value: unknown, options?: CallOptions): Promise<void> {
    const text = entryText(this.seat, 'put', key, value)
    const { driver, pipeline, name, scope } = this.seat
    await pipeline.run('put', keyOf(name, key), options, scope, ({ signal }) =>
      driver.put(name, key, text, { signal }),
    )
  }

  async delete(key: string, options?: CallOptions): Promise<void> {
    checkEntryKey(this.seat, 'delete', key)
    const { driver, pipeline, name, scope } = this.seat
    await pipeline.run('delete', keyOf(name, key), options, scope, ({ signal }) =>
      driver.delete(name, key, { signal }),
    )
  }

  transaction<T>(
    work: (tx: StateTransaction) => T | PromiseLike<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    return runTransaction(this.seat, work, options)
  }
}
