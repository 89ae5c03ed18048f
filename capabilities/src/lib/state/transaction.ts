/** Optimistic transactions: reads are remembered, writes kept back, and one commit applies them if the reads still hold. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { CapabilityError } from '../error.ts'
import { utf8Length } from '../limits.ts'
import { checkArgument, countRule } from '../numbers.ts'
import type { StateListOptions, StateListPage, StateTransaction, TransactionOptions } from './contract.ts'
import type { StateCommit, StateScan } from './driver.ts'
import { checkEntryKey, entryText, entryValue } from './entries.ts'
import { listPage, readPage } from './listing.ts'
import { at, keyOf, type Seat } from './place.ts'
import { v4 as uuidV4 } from 'uuid'

const defaultMaxAttempts = 10

/** Runs `work` until what it read has not changed by the time its writes arrive. */
export async function runTransaction<T>(
  seat: Seat,
  work: (tx: StateTransaction) => T | PromiseLike<T>,
  { maxAttempts = defaultMaxAttempts, signal }: TransactionOptions,
): Promise<T> {
  const where = at(seat, 'commit')
  checkArgument('maxAttempts', maxAttempts, countRule(), where)
  const { driver, pipeline, name, scope } = seat
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    const tx = new Transaction(seat, signal)
    const result = await work(tx)
    const commit = tx.commit()
    if (commit === null) return result
    const done = await pipeline.run('commit', where.key, { signal }, scope, (call) =>
      driver.commit(name, commit, { signal: call.signal }),
    )
    if (done) return result
  }
  throw new CapabilityError(
    'ConditionNotMatch',
    `what the transaction read changed in each of ${maxAttempts} attempts; read less, or raise maxAttempts`,
    { ...where, code: 'STATE_CONFLICT', details: { maxAttempts } },
  )
}

interface Read {
  readonly value: string | null
  readonly version: string | null
}

class Transaction implements StateTransaction {
  readonly #seat: Seat
  readonly #signal: AbortSignal | undefined
  /** Reads under way or done: asked twice, a key is read once, so an attempt sees one value of it. */
  readonly #reads = new Map<string, Promise<Read>>()
  readonly #versions = new Map<string, string | null>()
  readonly #scans: StateScan[] = []
  readonly #writes = new Map<string, string | null>()
  #scanned = 0
  #pending = 0
  #isOver = false

  constructor(seat: Seat, signal: AbortSignal | undefined) {
    this.#seat = seat
    this.#signal = signal
  }

  get(key: string): Promise<unknown>
  get<S extends StandardSchemaV1>(
    key: string,
    options: { readonly schema: S },
  ): Promise<StandardSchemaV1.InferOutput<S> | null>
  async get(key: string, options?: { readonly schema: StandardSchemaV1 }): Promise<unknown> {
    this.#checkOpen('get')
    checkEntryKey(this.#seat, 'get', key)
    const written = this.#writes.get(key)
    const text = written === undefined ? (await this.#awaited(this.#read(key))).value : written
    return text === null ? null : entryValue(this.#seat, 'get', key, text, options?.schema)
  }

  async list(options: Omit<StateListOptions, 'signal'> = {}): Promise<StateListPage> {
    this.#checkOpen('list')
    if (this.#writes.size > 0) {
      throw new CapabilityError(
        'InvalidInput',
        'list before the first put or delete of the transaction: a page does not show what is not committed',
        at(this.#seat, 'list'),
      )
    }
    const { range, page } = await this.#awaited(readPage(this.#seat, options, { signal: this.#signal }))
    if (range !== null) {
      const seen = page.entries.map(({ key, version }) => ({ key, version }))
      this.#scanned += seen.length
      this.#checkCount('list', this.#versions.size + this.#scanned)
      this.#scans.push({ ...range, seen, complete: !page.more })
    }
    return listPage(this.#seat, page)
  }

  put(key: string, value: unknown): void {
    this.#checkOpen('put')
    this.#write('put', key, entryText(this.#seat, 'put', key, value))
  }

  delete(key: string): void {
    this.#checkOpen('delete')
    checkEntryKey(this.#seat, 'delete', key)
    this.#write('delete', key, null)
  }

  /** Ends the transaction. `null` when there is nothing to hold against the object. */
  commit(): StateCommit | null {
    this.#isOver = true
    // A read that is still under way would not be held against the object.
    if (this.#pending > 0) throw tooLate(this.#seat, 'commit')
    const reads = Array.from(this.#versions, ([key, version]) => ({ key, version }))
    const writes = Array.from(this.#writes, ([key, value]) => ({ key, value }))
    if (reads.length + writes.length + this.#scans.length === 0) return null
    this.#checkBytes(writes)
    return { token: uuidV4(), reads, scans: this.#scans, writes }
  }

  #read(key: string): Promise<Read> {
    const known = this.#reads.get(key)
    if (known !== undefined) return known
    this.#checkCount('get', this.#reads.size + this.#scanned + 1)
    const { driver, pipeline, name, scope } = this.#seat
    const reading = pipeline.run('get', keyOf(name, key), { signal: this.#signal }, scope, async (call) => {
      const found = await driver.get(name, key, { signal: call.signal })
      const version = found?.version ?? null
      this.#versions.set(key, version)
      return { value: found?.value ?? null, version }
    })
    this.#reads.set(key, reading)
    return reading
  }

  async #awaited<T>(reading: Promise<T>): Promise<T> {
    this.#pending += 1
    try {
      return await reading
    } finally {
      this.#pending -= 1
    }
  }

  #write(operation: string, key: string, value: string | null): void {
    this.#writes.set(key, value)
    this.#checkCount(operation, this.#writes.size)
  }

  #checkOpen(operation: string): void {
    if (this.#isOver) throw tooLate(this.#seat, operation)
  }

  #checkCount(operation: string, count: number): void {
    const { maxTransactionEntries: max } = this.#seat.driver.info.limits
    if (count <= max) return
    throw new CapabilityError(
      'LimitExceeded',
      `the transaction touches more than ${max} entries; split it, or use a method of the object`,
      { ...at(this.#seat, operation), details: { limit: 'maxTransactionEntries', max } },
    )
  }

  #checkBytes(writes: StateCommit['writes']): void {
    const { maxTransactionBytes: max } = this.#seat.driver.info.limits
    const bytes = writes.reduce((sum, { key, value }) => sum + utf8Length(key) + utf8Length(value ?? ''), 0)
    if (bytes <= max) return
    throw new CapabilityError(
      'LimitExceeded',
      `the transaction writes ${bytes} bytes, the limit is ${max}; split it`,
      { ...at(this.#seat, 'commit'), details: { limit: 'maxTransactionBytes', max } },
    )
  }
}

function tooLate(seat: Seat, operation: string): CapabilityError {
  return new CapabilityError(
    'InvalidInput',
    'the transaction is over: await everything it does before work returns',
    at(seat, operation),
  )
}
