/** What an HTTP trigger does with `Idempotency-Key`: whether it wants one, and how long and where answers are recorded. */
import { countRule, type ResourceName } from '@flowport/capabilities'
import { checkNumber } from './checked-number.ts'
import { type Duration, positiveMilliseconds } from './duration.ts'

/**
 * `'required'`: a request without the header is a 400. `'optional'`: requests with the header are recorded, others are
 * not. `'off'`: the header is ignored. An object also says how long, how much and where.
 */
export type IdempotencyOption = 'required' | 'optional' | 'off' | IdempotencySettings

export interface IdempotencySettings {
  /** Whether every request must have an `Idempotency-Key`. */
  readonly header: 'required' | 'optional'
  /** How long an answer is replayed, counted from the beginning of its request. Default `'1d'`. */
  readonly ttl?: Duration
  /** Largest body of an answer that is recorded, in bytes. Larger answers are sent and not recorded. Default 32 MiB. */
  readonly maxRecordedBytes?: number
  /** Where bodies are recorded that are streams, or too large for the ledger. Default `'blob'`. */
  readonly store?: ResourceName<'blob'>
}

/** The same, ready for the bridge. */
export interface RecordedAnswers {
  readonly header: 'required' | 'optional'
  readonly ttlMs: number
  readonly maxRecordedBytes: number
  readonly store: ResourceName<'blob'>
}

const MiB = 1024 * 1024

/** Milliseconds after which the key of a process that ended while it recorded is free again. */
export const recordLeaseMs = 30_000

/**
 * Largest body, in bytes of its text, that is recorded in a ledger whose results may have `maxResultBytes`. JSON may take
 * six bytes for one of the text, and 8 KiB are left for the headers.
 */
export function inlineBytes(maxResultBytes: number): number {
  return Math.max(0, Math.min(64 * 1024, Math.floor((maxResultBytes - 8 * 1024) / 6)))
}

/** `null` for `'off'`. @throws TypeError, RangeError for an option that means nothing. */
export function recordedAnswers(option: IdempotencyOption): RecordedAnswers | null {
  if (option === 'off') return null
  const settings: IdempotencySettings = typeof option === 'string' ? { header: option } : option
  const { header, ttl = '1d', maxRecordedBytes = 32 * MiB, store = 'blob' } = settings
  if (header !== 'required' && header !== 'optional')
    throw new TypeError(`idempotency is "${String(header)}": use 'required', 'optional' or 'off'`)
  checkNumber('idempotency.maxRecordedBytes', maxRecordedBytes, countRule(0))
  return { header, ttlMs: positiveMilliseconds('idempotency.ttl', ttl), maxRecordedBytes, store }
}
