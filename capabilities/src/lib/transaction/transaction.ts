/** A transaction that is collected first: writes are kept back, read back by whoever made them, and committed at once. */
import { CapabilityError } from '../error.ts'
import type { KvDriver } from '../kv/driver.ts'
import { checkSize } from '../limits.ts'
import type { QueueDriver } from '../queue/driver.ts'
import type { Rng } from '../rng/contract.ts'
import {
  type Changes,
  pageText,
  type SendWrite,
  type TransactionRead,
  type TransactionScope,
} from './changes.ts'
import { CollectedKv } from './collected-kv.ts'

/** Most entries and pages one transaction reads, and most entries and batches it writes. */
const maxReads = 10_000
const maxWrites = 10_000

export interface TransactionOptions {
  /** The partition that is written to. Stores that state `partitioned` refuse every other one. Default: none. */
  readonly partition?: string | undefined
}

export class Transaction implements TransactionScope {
  readonly #rng: Pick<Rng, 'uuid'>
  readonly #partition: string | undefined
  readonly #stores = new Map<KvDriver, CollectedKv>()
  readonly #reads: TransactionRead[] = []
  readonly #sends: SendWrite[] = []
  #writes = 0
  #isClosed = false

  /** `rng` makes the versions of entries. */
  constructor(rng: Pick<Rng, 'uuid'>, { partition }: TransactionOptions = {}) {
    this.#rng = rng
    this.#partition = partition
  }

  kv(store: KvDriver, clock: { now(): number }): KvDriver {
    let collected = this.#stores.get(store)
    if (collected === undefined) {
      collected = new CollectedKv(store, clock, {
        version: () => this.#rng.uuid(),
        checkOpen: () => this.#checkOpen(),
        checkPlace: (of, key, isPrefix) => this.#checkPlace(of, key, isPrefix),
        reading: (read) => this.#reading(read),
        writing: () => this.#countWrite(),
      })
      this.#stores.set(store, collected)
    }
    return collected
  }

  queue(store: QueueDriver): QueueDriver {
    const notCollected = (): never => {
      const message = 'a transaction sends messages; it cannot take them'
      throw new CapabilityError('Unsupported', message, { capability: 'queue', applied: 'no' })
    }
    return {
      info: store.info,
      send: (bodies, delayMs) => {
        this.#countWrite()
        this.#sends.push({ kind: 'send', store, bodies, delayMs })
        // The store names the messages when they are committed.
        return bodies.map(() => this.#rng.uuid())
      },
      receive: notCollected,
      ack: notCollected,
      retry: notCollected,
    }
  }

  get changes(): Changes {
    const writes = [...this.#stores.values()].flatMap((store) => store.writes())
    return { reads: this.#reads, writes: [...writes, ...this.#sends] }
  }

  /** Refuses whatever is still read or written: the transaction is over. */
  close(): void {
    this.#isClosed = true
  }

  /** Whether something that was read has changed since. When nothing has, there was a moment at which all of it was so. */
  async isStale(): Promise<boolean> {
    for (const read of this.#reads) if (!(await holds(read))) return true
    return false
  }

  #checkPlace({ partitions, info }: KvDriver, key: string, isPrefix: boolean): void {
    if (partitions === undefined) return
    const found = isPrefix ? partitions.ofPrefix(key) : partitions.of(key)
    if (found !== null && found === this.#partition) return
    const where = found === null ? 'several partitions' : `the partition "${found}"`
    const what = isPrefix ? `the keys that begin with "${key}" are` : `the key "${key}" is`
    const own = this.#partition ?? ''
    const message = `${what} in ${where} of ${info.provider}, and this transaction is in "${own}"`
    throw new CapabilityError('Misconfigured', `${message}: begin the keys it uses with "${own}/"`, {
      code: 'EXACT004',
      retryable: 'never',
      applied: 'no',
    })
  }

  #reading(read: TransactionRead): void {
    checkSize(this.#reads.length + 1, maxReads, 'transaction', { capability: 'kv', operation: 'get' })
    this.#reads.push(read)
  }

  #countWrite(): void {
    this.#checkOpen()
    this.#writes += 1
    checkSize(this.#writes, maxWrites, 'transaction', { capability: 'kv', operation: 'put' })
  }

  #checkOpen(): void {
    if (!this.#isClosed) return
    const message = 'the transaction is over: everything a node begins has to end before its handler returns'
    throw new CapabilityError('Cancelled', message, {
      code: 'IDEM_LEASE_LOST',
      retryable: 'never',
      applied: 'no',
    })
  }
}

async function holds(read: TransactionRead): Promise<boolean> {
  if (read.kind === 'entry') {
    const found = await read.store.get(read.key, { withMetadata: true })
    return (found?.version ?? null) === read.version
  }
  const page = await read.store.list?.(read.list)
  return page !== undefined && pageText(page) === read.text
}
