/**
 * Records that an effect begins in one transaction with its first write, where the store shares the ledger's database. The
 * next stop is `start` of the ledger; once the begin is recorded, writes go straight to their stores.
 */
import { CapabilityError } from '../error.ts'
import type { DriverCall, KvDriver, KvDriverPut } from '../kv/driver.ts'
import type { QueueDriver } from '../queue/driver.ts'
import type { Rng } from '../rng/contract.ts'
import type { Changes, StartOutcome, TransactionRead, TransactionScope } from './changes.ts'

export interface FirstWriteOptions {
  /** `info.transaction` of the ledger: stores that state another one keep their own drivers. */
  readonly database: string
  /** Makes the versions of entries. */
  readonly rng: Pick<Rng, 'uuid'>
  /** Whether the begin is recorded already. */
  readonly isStarted: () => boolean
  /** Records the begin together with the changes. Throws where the holder is fenced. */
  readonly start: (changes: Changes, call: DriverCall) => Promise<Exclude<StartOutcome, { state: 'fenced' }>>
}

export class FirstWrite implements TransactionScope {
  readonly #options: FirstWriteOptions
  readonly #kv = new Map<KvDriver, KvDriver>()

  constructor(options: FirstWriteOptions) {
    this.#options = options
  }

  kv(store: KvDriver): KvDriver {
    if (store.info.transaction !== this.#options.database) return store
    let driver = this.#kv.get(store)
    if (driver === undefined) this.#kv.set(store, (driver = startingKv(store, this.#options)))
    return driver
  }

  queue(store: QueueDriver): QueueDriver {
    return store.info.transaction === this.#options.database ? startingQueue(store, this.#options) : store
  }
}

/** Of a write whose condition does not hold: nothing was written, and no begin was recorded. */
const refused = { applied: 'no' } as const

function startingKv(store: KvDriver, { rng, isStarted, start }: FirstWriteOptions): KvDriver {
  const list = store.list?.bind(store)
  const getMany = store.getMany?.bind(store)
  const deleteMany = store.deleteMany?.bind(store)
  const putWith = async (key: string, value: string | Uint8Array<ArrayBuffer>, put: KvDriverPut) => {
    const { expiresAt, metadata, ifAbsent, ifVersion, signal } = put
    const version = rng.uuid()
    const reads: TransactionRead[] = []
    if (ifAbsent === true) reads.push({ kind: 'entry', store, key, version: null })
    if (ifVersion !== undefined) reads.push({ kind: 'entry', store, key, version: ifVersion })
    const write = { kind: 'put', store, key, value, version, expiresAt, metadata } as const
    const { state } = await start({ reads, writes: [write] }, { signal })
    if (state === 'started') return version
    throw ifAbsent === true
      ? new CapabilityError('AlreadyExists', 'an entry is there already; it was left as it is', refused)
      : new CapabilityError('ConditionNotMatch', 'the entry has another version; read it again', refused)
  }
  const deleteWith = async (keys: readonly string[], call: DriverCall) => {
    const writes = keys.map((key) => ({ kind: 'delete', store, key }) as const)
    await start({ reads: [], writes }, call)
  }
  return {
    info: store.info,
    get: (key, call) => store.get(key, call),
    put: (key, value, put) => (isStarted() ? store.put(key, value, put) : putWith(key, value, put)),
    delete: (key, call) => (isStarted() ? store.delete(key, call) : deleteWith([key], call)),
    ...(list && { list }),
    ...(getMany && { getMany }),
    ...(deleteMany && {
      deleteMany: (keys, call) => (isStarted() ? deleteMany(keys, call) : deleteWith(keys, call)),
    }),
  }
}

function startingQueue(store: QueueDriver, { isStarted, start }: FirstWriteOptions): QueueDriver {
  const renew = store.renew?.bind(store)
  const reject = store.reject?.bind(store)
  const deadLetters = store.deadLetters?.bind(store)
  const listDeadLetters = store.listDeadLetters?.bind(store)
  const redrive = store.redrive?.bind(store)
  return {
    info: store.info,
    async send(bodies, delayMs, call) {
      if (isStarted()) return store.send(bodies, delayMs, call)
      const begun = await start({ reads: [], writes: [{ kind: 'send', store, bodies, delayMs }] }, call)
      return begun.state === 'started' ? begun.ids : []
    },
    // These take no part in transactions: the begin is recorded before them.
    receive: (...given) => store.receive(...given),
    ack: (...given) => store.ack(...given),
    retry: (...given) => store.retry(...given),
    ...(renew && { renew }),
    ...(reject && { reject }),
    ...(deadLetters && { deadLetters }),
    ...(listDeadLetters && { listDeadLetters }),
    ...(redrive && { redrive }),
  }
}
