/**
 * Ledger records in the storage of a key-value class, one value each. While a read is under way the object is given no
 * other call, and what follows the read writes without a pause: nothing comes between.
 */
import { CapabilityError, type DriverUnknown, ledgerSteps, utf8Length } from '@flowport/capabilities'
import type { ObjectStorage } from '../cloudflare/durable/object-state.ts'
import {
  legacyKeyBytes,
  legacyKeysPerCall,
  legacyValueBytes,
  recordOverheadBytes,
} from '../cloudflare/durable-ledger/limits.ts'
import { type Change, dueAt, type LedgerRecord, uselessAt } from '../cloudflare/durable-ledger/ledger.ts'
import type { Records, Unlisted, UnknownSlice } from '../cloudflare/durable-ledger/records.ts'

/** Records read at once while sweeping: 128 KiB each at most. */
const sweepKeys: number = legacyKeysPerCall / 2

const prefix = 'r:'

export class LegacyRecords implements Records {
  readonly #storage: ObjectStorage

  constructor(storage: ObjectStorage) {
    this.#storage = storage
  }

  async change<A>(key: string, step: (found: LedgerRecord | undefined) => Change<A>): Promise<A> {
    const place = prefix + key
    checkFits('key', utf8Length(place), legacyKeyBytes)
    const stored = await this.#storage.get<Stored>(place)
    const { answer, record } = step(stored === undefined ? undefined : recordOf(stored))
    if (record === null) await this.#storage.delete(place)
    else if (record !== undefined) await this.#storage.put(place, storedOf(record))
    return answer
  }

  async unknowns(after: string, limit: number, now: number): Promise<UnknownSlice> {
    const page = await this.#page(prefix + after)
    const keys: DriverUnknown[] = []
    let last = after
    for (const [place, stored] of page) {
      const record = recordOf(stored)
      const isUnknown = ledgerSteps.isUnknown(record, { now })
      if (isUnknown && keys.length === limit) return { keys, next: last }
      last = place.slice(prefix.length)
      if (isUnknown) keys.push({ key: last, fence: record.fence, sinceMs: now - record.endsAt })
    }
    return { keys, next: page.size < sweepKeys ? null : last }
  }

  async unlisted(now: number): Promise<readonly Unlisted[]> {
    // Objects that have an index hold one key, or the few whose names have the same hash.
    return [...(await this.#page(prefix))].flatMap(([place, stored]) => {
      const record = recordOf(stored)
      const { fence, index } = record
      if (index === null || !ledgerSteps.isUnknown(record, { now })) return []
      return [{ key: place.slice(prefix.length), fence, index }]
    })
  }

  async hasIndex(): Promise<boolean> {
    return [...(await this.#page(prefix)).values()].some((stored) => recordOf(stored).index !== null)
  }

  async sweep(now: number): Promise<number | null> {
    let next: number | null = null
    let startAfter: string | undefined
    do {
      const page: Map<string, Stored> = await this.#page(startAfter)
      const useless: string[] = []
      startAfter = undefined
      for (const [place, stored] of page) {
        const record = recordOf(stored)
        const at = dueAt(record)
        if (uselessAt(record) <= now) useless.push(place)
        else next = Math.min(next ?? at, at)
        startAfter = place
      }
      if (useless.length > 0) await this.#storage.delete(useless)
      if (page.size < sweepKeys) startAfter = undefined
    } while (startAfter !== undefined)
    return next
  }

  #page(startAfter: string | undefined): Promise<Map<string, Stored>> {
    return this.#storage.list<Stored>({
      prefix,
      limit: sweepKeys,
      ...(startAfter === undefined ? {} : { startAfter }),
    })
  }

  emptied(): void {
    // There is no table to make again.
  }

  async check(): Promise<void> {
    await this.#storage.get(prefix)
  }
}

/** Texts as UTF-8: V8 would serialise text with one wide character as two bytes each. */
interface Stored {
  readonly token: string
  readonly endsAt: number
  readonly fingerprint: Uint8Array
  readonly result: Uint8Array | null
  /** Absent in records of an earlier version: nobody knows whether their effects were made. */
  readonly started?: boolean
  readonly fence?: number
  readonly index?: string | null
}

function storedOf({ token, endsAt, fingerprint, result, started, fence, index }: LedgerRecord): Stored {
  const stored = {
    token,
    endsAt,
    fingerprint: encoder.encode(fingerprint),
    result: result === null ? null : encoder.encode(result),
    started,
    fence,
    ...(index === null ? {} : { index }),
  }
  const bytes = stored.fingerprint.byteLength + (stored.result?.byteLength ?? 0) + recordOverheadBytes
  checkFits('result', bytes, legacyValueBytes)
  return stored
}

function recordOf(stored: Stored): LedgerRecord {
  const { token, endsAt, fingerprint, result, started = true, fence = 0, index = null } = stored
  return {
    token,
    endsAt,
    fingerprint: decoder.decode(fingerprint),
    result: result === null ? null : decoder.decode(result),
    started,
    fence,
    index,
  }
}

/** workerd outside of Cloudflare's network does not check these limits; a Worker must not pass locally and fail there. */
function checkFits(what: string, bytes: number, max: number): void {
  if (bytes <= max) return
  throw new CapabilityError(
    'LimitExceeded',
    `the ${what} needs ${bytes} bytes, a key-value class stores ${max}; use a SQLite class, or set storage: 'legacy-kv'`,
    { details: { limit: what, max } },
  )
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
