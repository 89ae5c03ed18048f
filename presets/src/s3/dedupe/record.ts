/** The content of one object of the ledger, and its expiry by the store's clock. */
import { CapabilityError } from '@flowport/capabilities'

export interface LedgerRecord {
  /** `held` by a token, `done` with a result, or `free`: given back by its holder. */
  readonly state: 'held' | 'done' | 'free'
  readonly token: string
  readonly fingerprint: string
  /** JSON text; `'null'` until it is done. */
  readonly result: string
  /** How long the record stands from the moment the store took it, in milliseconds. */
  readonly lifeMs: number
  /** The key, while the record is held. Absent in records of an earlier version. */
  readonly key?: string
  /** Whether an effect may have begun. Absent in records of an earlier version, where nobody knows: true. */
  readonly started: boolean
  /** Grows with every holder. 0 in records of an earlier version. */
  readonly fence: number
  /**
   * Another with every write. An etag is a digest of the content: without this a lease that is renewed with the same
   * length would keep its etag, and whoever saw it before would still take it over.
   */
  readonly nonce: string
}

/** A record with what the store says of it. */
export interface StoredRecord {
  readonly record: LedgerRecord
  readonly etag: string
  /** Milliseconds since the store took it, on the store's clock, which tells whole seconds: a second too few or too many. */
  readonly ageMs: number
}

/**
 * Both moments an age is made of are cut to whole seconds, so it can be a second too large; a record stands that much
 * longer rather than ending early. Seen from outside it may stand two seconds longer than asked for.
 */
export const expirySlackMs = 2000
const ageErrorMs = 1000

/** Milliseconds until the record is certainly over; 0 or less when it is. */
export function remainingMs({ record, ageMs }: StoredRecord): number {
  // A lease that its holder ended is over at once, whatever the error of its age.
  if (record.lifeMs <= 0) return Math.min(0, -ageMs)
  return record.lifeMs + ageErrorMs - ageMs
}

export function formatRecord(record: LedgerRecord): string {
  return JSON.stringify({ v: 1, ...record })
}

/** `Corrupt` when the text is no record: something else lies where the ledger's objects are. */
export function parseRecord(text: string): LedgerRecord {
  const value = jsonOrNull(text)
  if (value?.['v'] === 1 && isRecord(value)) {
    const { state, token, fingerprint, result, lifeMs, nonce, started = true, fence = 0, key } = value
    const named = key === undefined ? {} : { key }
    return { state, token, fingerprint, result, lifeMs, nonce, started, fence, ...named }
  }
  throw new CapabilityError(
    'Corrupt',
    'an object of the ledger holds no record of it; keep other objects out of its prefix, and forget the key',
  )
}

function jsonOrNull(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}

function isRecord(value: object): value is Omit<LedgerRecord, 'started' | 'fence'> & Partial<LedgerRecord> {
  const { state, token, fingerprint, result, lifeMs, nonce, started, fence, key } = value as Readonly<
    Record<string, unknown>
  >
  return (
    (state === 'held' || state === 'done' || state === 'free') &&
    [token, fingerprint, result, nonce].every((text) => typeof text === 'string') &&
    typeof lifeMs === 'number' &&
    (started === undefined || typeof started === 'boolean') &&
    (fence === undefined || typeof fence === 'number') &&
    (key === undefined || typeof key === 'string')
  )
}
