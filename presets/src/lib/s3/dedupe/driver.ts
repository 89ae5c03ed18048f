/**
 * A ledger of conditional writes: one object per key, created only when absent and replaced only in the version that was
 * read. Time is the store's, so that the clocks of hosts do not matter. Nothing but `forget` deletes.
 */
import {
  CapabilityError,
  type DedupeCapabilityInfo,
  type DedupeDriver,
  type DriverBegin,
  type DriverCall,
} from '@flowport/capabilities'
import { type LedgerRecord, remainingMs, type StoredRecord } from './record.ts'
import type { LedgerRecords } from './records.ts'

export interface S3DedupeDriverOptions {
  readonly info: DedupeCapabilityInfo
  readonly records: LedgerRecords
  /** Whether the store can be reached. */
  readonly check: (call: DriverCall) => Promise<void>
}

export class S3DedupeDriver implements DedupeDriver {
  readonly info: DedupeCapabilityInfo
  readonly check: (call: DriverCall) => Promise<void>
  readonly #records: LedgerRecords

  constructor({ info, records, check }: S3DedupeDriverOptions) {
    this.info = info
    this.check = check
    this.#records = records
  }

  async reserve(key: string, token: string, ttlMs: number, call: DriverCall): Promise<boolean> {
    const record = { state: 'done', token, fingerprint: '', result: 'null', lifeMs: ttlMs } as const
    return (await this.#take(key, record, call)) === null
  }

  async begin(
    key: string,
    token: string,
    leaseMs: number,
    fingerprint: string,
    call: DriverCall,
  ): Promise<DriverBegin> {
    const record = { state: 'held', token, fingerprint, result: 'null', lifeMs: leaseMs } as const
    const found = await this.#take(key, record, call)
    if (found === null) return { state: 'fresh' }
    const { state, fingerprint: recorded, result } = found.record
    return state === 'done'
      ? { state, fingerprint: recorded, result }
      : { state: 'in_flight', fingerprint: recorded, leaseEndsInMs: remainingMs(found) }
  }

  complete(key: string, token: string, result: string, ttlMs: number, call: DriverCall): Promise<boolean> {
    return this.#change(key, call, (found) => {
      const { record } = found
      if (record.token !== token || record.state === 'free') return null
      if (record.state === 'done' && remainingMs(found) <= 0) return null
      return { ...record, state: 'done', result, lifeMs: ttlMs }
    })
  }

  release(key: string, token: string, call: DriverCall): Promise<boolean> {
    return this.#change(key, call, ({ record }) =>
      record.token === token && record.state === 'held' ? { ...record, state: 'free' } : null,
    )
  }

  renew(key: string, token: string, leaseMs: number, call: DriverCall): Promise<boolean> {
    return this.#change(key, call, ({ record }) =>
      record.token === token && record.state === 'held' ? { ...record, lifeMs: leaseMs } : null,
    )
  }

  async forget(key: string, call: DriverCall): Promise<void> {
    await this.#records.delete(await this.#records.objectKey(key), call)
  }

  /** Puts the record where nothing live is. `null` when it is there now, else the live record that is there. */
  async #take(
    key: string,
    record: Omit<LedgerRecord, 'nonce'>,
    call: DriverCall,
  ): Promise<StoredRecord | null> {
    const objectKey = await this.#records.objectKey(key)
    // Most keys are new: one request. Whoever loses here reads what won.
    if (await this.#records.put(objectKey, record, { ifNoneMatch: '*' }, call)) return null
    for (let tries = 0; tries < maxTries; tries++) {
      const found = await this.#records.get(objectKey, call)
      if (found !== null && remainingMs(found) > 0) return found.record.token === record.token ? null : found
      const condition = found === null ? ({ ifNoneMatch: '*' } as const) : { ifMatch: found.etag }
      if (await this.#records.put(objectKey, record, condition, call)) return null
    }
    throw contended()
  }

  /** Replaces the record by what `next` makes of it; `false` where that is `null`, or nothing is there. */
  async #change(
    key: string,
    call: DriverCall,
    next: (found: StoredRecord) => Omit<LedgerRecord, 'nonce'> | null,
  ): Promise<boolean> {
    const objectKey = await this.#records.objectKey(key)
    for (let tries = 0; tries < maxTries; tries++) {
      const found = await this.#records.get(objectKey, call)
      const record = found === null ? null : next(found)
      if (found === null || record === null) return false
      if (await this.#records.put(objectKey, record, { ifMatch: found.etag }, call)) return true
    }
    throw contended()
  }
}

function contended(): CapabilityError {
  return new CapabilityError(
    'Unavailable',
    `others changed the record ${maxTries} times while it was read; try again`,
  )
}

/** Each loss means that somebody else won, so that a few are enough. */
const maxTries = 16
