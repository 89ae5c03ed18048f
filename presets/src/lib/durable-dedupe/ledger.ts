/** The ledger's steps as pure functions of one record: both kinds of storage do as they say. */
import type { DriverBegin } from '@flowport/capabilities'

export interface LedgerRecord {
  readonly token: string
  readonly fingerprint: string
  /** JSON text once the work is done, `null` while it is in flight. */
  readonly result: string | null
  /** End of the lease or time to live, in milliseconds since the epoch. */
  readonly endsAt: number
}

/** What a step answers and leaves: a record to keep, `null` to remove it, nothing to leave it as it is. */
export interface Step<A> {
  readonly answer: A
  readonly record?: LedgerRecord | null
}

type Found = LedgerRecord | undefined

/** How long a lease that ended without a successor is remembered: until then its holder may still complete. A day. */
export const lateHolderMs = 86_400_000

/** When a record is of no use to anybody. */
export function uselessAt({ result, endsAt }: Pick<LedgerRecord, 'result' | 'endsAt'>): number {
  return result === null ? endsAt + lateHolderMs : endsAt
}

export function reserve(found: Found, now: number, token: string, ttlMs: number): Step<boolean> {
  if (isLive(found, now)) return { answer: found.token === token }
  return { answer: true, record: { token, fingerprint: '', result: 'null', endsAt: endOf(now, ttlMs) } }
}

export function begin(
  found: Found,
  now: number,
  token: string,
  leaseMs: number,
  fingerprint: string,
): Step<DriverBegin> {
  if (!isLive(found, now)) {
    const record = { token, fingerprint, result: null, endsAt: endOf(now, leaseMs) }
    return { answer: { state: 'fresh' }, record }
  }
  const { result, endsAt } = found
  if (result !== null) return { answer: { state: 'done', fingerprint: found.fingerprint, result } }
  if (found.token === token) return { answer: { state: 'fresh' } }
  return { answer: { state: 'in_flight', fingerprint: found.fingerprint, leaseEndsInMs: endsAt - now } }
}

export function complete(
  found: Found,
  now: number,
  token: string,
  result: string,
  ttlMs: number,
): Step<boolean> {
  if (found?.token !== token || (found.result !== null && !isLive(found, now))) return { answer: false }
  return { answer: true, record: { ...found, result, endsAt: endOf(now, ttlMs) } }
}

export function release(found: Found, token: string): Step<boolean> {
  return isHeld(found, token) ? { answer: true, record: null } : { answer: false }
}

export function renew(found: Found, now: number, token: string, leaseMs: number): Step<boolean> {
  if (!isHeld(found, token)) return { answer: false }
  return { answer: true, record: { ...found, endsAt: endOf(now, leaseMs) } }
}

export function forget(found: Found): Step<null> {
  return found === undefined ? { answer: null } : { answer: null, record: null }
}

function isLive(found: Found, now: number): found is LedgerRecord {
  return found !== undefined && found.endsAt > now
}

/** In flight and the token's: also after its lease, as long as nobody else has taken the key. */
function isHeld(found: Found, token: string): found is LedgerRecord {
  return found?.token === token && found.result === null
}

/** A whole moment, never sooner than asked for. */
function endOf(now: number, ms: number): number {
  return Math.min(now + Math.ceil(ms), Number.MAX_SAFE_INTEGER - lateHolderMs)
}
