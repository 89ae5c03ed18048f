/**
 * A ledger of conditional writes: one object per key, created only when absent and replaced only in the version that was
 * read. Time is the store's, so that the clocks of hosts do not matter. Nothing deletes: what is released or forgotten is
 * replaced by a record that is free, without request and result, whose fence the next holder's goes on from.
 */
import {
  type BeginCall,
  CapabilityError,
  type Clock,
  type DedupeCapabilityInfo,
  type DedupeDriver,
  type DriverBegin,
  type DriverCall,
  type DriverLook,
  type DriverUnknownPage,
  isKind,
  ledgerSteps,
  type RenewCall,
} from '@flowport/capabilities'
import { type LedgerRecord, remainingMs, type StoredRecord } from './record.ts'
import type { LedgerRecords } from './records.ts'

export interface S3DedupeDriverOptions {
  readonly info: DedupeCapabilityInfo
  readonly records: LedgerRecords
  /** Whether the store can be reached. */
  readonly check: (call: DriverCall) => Promise<void>
  readonly clock: Pick<Clock, 'now'>
}

export class S3DedupeDriver implements DedupeDriver {
  readonly info: DedupeCapabilityInfo
  readonly check: (call: DriverCall) => Promise<void>
  readonly #records: LedgerRecords
  readonly #now: () => number

  constructor({ info, records, check, clock }: S3DedupeDriverOptions) {
    this.info = info
    this.check = check
    this.#records = records
    this.#now = () => clock.now()
  }

  reserve(key: string, token: string, ttlMs: number, call: DriverCall): Promise<boolean> {
    return this.#step(key, call, isNew, (found, at) => ledgerSteps.reserve(found, at, token, ttlMs))
  }

  begin(
    key: string,
    token: string,
    leaseMs: number,
    fingerprint: string,
    call: BeginCall,
  ): Promise<DriverBegin> {
    return this.#step(key, call, call.over === undefined ? isNew : isThere, (found, at) =>
      ledgerSteps.begin(found, at, token, leaseMs, fingerprint, call),
    )
  }

  complete(key: string, token: string, result: string, ttlMs: number, call: DriverCall): Promise<boolean> {
    return this.#step(key, call, isThere, (found, at) =>
      ledgerSteps.complete(found, at, token, result, ttlMs),
    )
  }

  release(key: string, token: string, call: DriverCall): Promise<boolean> {
    return this.#step(key, call, isThere, (found) => ledgerSteps.release(found, token))
  }

  renew(key: string, token: string, leaseMs: number, call: RenewCall): Promise<boolean> {
    return this.#step(key, call, isThere, (found, at) => ledgerSteps.renew(found, at, token, leaseMs, call))
  }

  /**
   * Reads as many records as the page may have keys, whatever their state, so that one call costs one listing and at most
   * `limit` reads. Pages of a large ledger are mostly short or empty.
   */
  async unknowns(cursor: string | null, limit: number, call: DriverCall): Promise<DriverUnknownPage> {
    const page = await this.#records.list(cursor, limit, call)
    const keys = page.records.flatMap((stored) => {
      const { key } = stored.record
      const state = ledgerSteps.look(ledgerRecord(stored), { now: 0 })
      // Records of an earlier version do not have their key: only its digest is known.
      if (state.state !== 'unknown' || key === undefined) return []
      return [{ key, fence: state.fence, sinceMs: state.sinceMs }]
    })
    return { keys, cursor: page.cursor }
  }

  async look(key: string, call: DriverCall): Promise<DriverLook> {
    const stored = await this.#records.get(await this.#records.objectKey(key), call)
    return ledgerSteps.look(ledgerRecord(stored), { now: 0 })
  }

  takeOver(
    key: string,
    token: string,
    leaseMs: number,
    over: number,
    call: DriverCall,
  ): Promise<number | null> {
    return this.#step(key, call, isThere, (found, at) =>
      ledgerSteps.takeOver(found, at, token, leaseMs, over),
    )
  }

  async forget(key: string, call: DriverCall): Promise<void> {
    try {
      await this.#step<null>(key, call, isThere, (found) => ({
        answer: null,
        ...(found === undefined ? {} : { record: null }),
      }))
    } catch (error) {
      if (!isKind(error, 'Corrupt')) throw error
      // Something else lies in the record's place: forgetting the key is how it goes.
      await this.#records.delete(await this.#records.objectKey(key), call)
    }
  }

  /**
   * Takes one step: what it leaves is written over the version that was read, or where nothing was. Most keys that are
   * begun are new, which is one request; whoever loses there reads what won.
   */
  async #step<A>(
    key: string,
    call: DriverCall,
    expected: Expected,
    take: (found: ledgerSteps.LedgerRecord | undefined, at: ledgerSteps.Moment) => ledgerSteps.Step<A>,
  ): Promise<A> {
    const objectKey = await this.#records.objectKey(key)
    let stored = expected === isNew ? null : await this.#records.get(objectKey, call)
    for (let tries = 0; tries < maxTries; tries++) {
      const { answer, record } = take(ledgerRecord(stored), { now: 0, minFence: this.#minFence(stored) })
      if (record === undefined) return answer
      const next = record === null ? freed(stored) : storedRecord(key, record)
      const condition = stored === null ? ({ ifNoneMatch: '*' } as const) : { ifMatch: stored.etag }
      if (next === null || (await this.#records.put(objectKey, next, condition, call))) return answer
      stored = await this.#records.get(objectKey, call)
    }
    throw contended()
  }

  /** Records are not deleted but freed, so that fences go on from them. A new key's fence is the time. */
  #minFence(stored: StoredRecord | null): number {
    return stored === null ? Math.floor(this.#now()) : stored.record.fence + 1
  }
}

/** Whether a step most likely finds a record. */
type Expected = typeof isNew | typeof isThere
const isNew = 'new'
const isThere = 'there'

/** A stored record as the steps know it: its end is counted from the moment of reading. */
function ledgerRecord(stored: StoredRecord | null): ledgerSteps.LedgerRecord | undefined {
  if (stored === null || stored.record.state === 'free') return undefined
  const { state, token, fingerprint, result, started, fence } = stored.record
  const endsAt = remainingMs(stored)
  return { token, fingerprint, result: state === 'done' ? result : null, endsAt, started, fence }
}

function storedRecord(key: string, record: ledgerSteps.LedgerRecord): Omit<LedgerRecord, 'nonce'> {
  const { token, fingerprint, result, endsAt, started, fence } = record
  const stored = { token, fingerprint, lifeMs: endsAt, started, fence }
  // The object's name is a digest: a record that may become unknown has its key, so that it can be listed.
  return result === null
    ? { ...stored, state: 'held', result: 'null', key }
    : { ...stored, state: 'done', result }
}

function freed(stored: StoredRecord | null): Omit<LedgerRecord, 'nonce'> | null {
  if (stored === null) return null
  const { fence } = stored.record
  return { state: 'free', token: '', fingerprint: '', result: 'null', lifeMs: 0, started: false, fence }
}

function contended(): CapabilityError {
  return new CapabilityError(
    'Unavailable',
    `others changed the record ${maxTries} times while it was read; try again`,
    { applied: 'no' },
  )
}

/** Each loss means that somebody else won, so that a few are enough. */
const maxTries = 16
