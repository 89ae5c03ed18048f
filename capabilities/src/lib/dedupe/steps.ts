/**
 * The ledger's steps as pure functions of one record. A driver reads the record, takes the step and writes what it leaves,
 * all in one atomic step at its store.
 */
import type { BeginCall, DriverBegin, DriverLook, RenewCall } from './driver.ts'

export interface LedgerRecord {
  readonly token: string
  readonly fingerprint: string
  /** JSON text once the work is done, `null` while it is in flight. */
  readonly result: string | null
  /** End of the lease or time to live, in milliseconds on the store's clock. */
  readonly endsAt: number
  /** Whether an effect may have begun. Once its lease has ended such a record is unknown: nothing but `over` frees it. */
  readonly started: boolean
  /** Grows with every holder of the key. */
  readonly fence: number
}

/** What a step answers and leaves: a record to keep, `null` to remove it, nothing to leave it as it is. */
export interface Step<A> {
  readonly answer: A
  readonly record?: LedgerRecord | null
}

/** The moment of a step. */
export interface Moment {
  /** Milliseconds on the store's clock. */
  readonly now: number
  /** The least fence a new holder may get: above every fence of a record that was removed. */
  readonly minFence: number
}

type Found = LedgerRecord | undefined

export function reserve(found: Found, at: Moment, token: string, ttlMs: number): Step<boolean> {
  if (isLive(found, at) || isUnknown(found, at)) return { answer: found?.token === token }
  const record = { token, fingerprint: '', result: 'null', endsAt: endOf(at, ttlMs), started: true }
  return { answer: true, record: { ...record, fence: nextFence(found, at) } }
}

export function begin(
  found: Found,
  at: Moment,
  token: string,
  leaseMs: number,
  fingerprint: string,
  { started = false, over }: Pick<BeginCall, 'started' | 'over'>,
): Step<DriverBegin> {
  // A call that comes twice changes nothing: its first may have gone on to start the effect.
  if (found?.token === token && found.result === null)
    return { answer: { state: 'fresh', fence: found.fence } }
  const unknown = isUnknown(found, at) ? found : undefined
  if (unknown !== undefined && unknown.fence !== over) {
    const sinceMs = at.now - unknown.endsAt
    return {
      answer: { state: 'unknown', fingerprint: unknown.fingerprint, fence: unknown.fence, sinceMs },
    }
  }
  const live = isLive(found, at) ? found : undefined
  if (live !== undefined) {
    const { fingerprint: recorded, result } = live
    if (result !== null) return { answer: { state: 'done', fingerprint: recorded, result } }
    return { answer: { state: 'in_flight', fingerprint: recorded, leaseEndsInMs: live.endsAt - at.now } }
  }
  const fence = nextFence(found, at)
  const record = {
    token,
    fingerprint: unknown?.fingerprint ?? fingerprint,
    result: null,
    endsAt: endOf(at, leaseMs),
    // Whoever takes over an unknown key inherits the doubt.
    started: started || unknown !== undefined,
    fence,
  }
  return { answer: { state: 'fresh', fence }, record }
}

export function complete(
  found: Found,
  at: Moment,
  token: string,
  result: string,
  ttlMs: number,
): Step<boolean> {
  if (found?.token !== token || (found.result !== null && !isLive(found, at))) return { answer: false }
  return { answer: true, record: { ...found, result, endsAt: endOf(at, ttlMs) } }
}

export function release(found: Found, token: string): Step<boolean> {
  return isHeld(found, token) ? { answer: true, record: null } : { answer: false }
}

export function renew(
  found: Found,
  at: Moment,
  token: string,
  leaseMs: number,
  { started = false }: Pick<RenewCall, 'started'>,
): Step<boolean> {
  if (!isHeld(found, token)) return { answer: false }
  const record = { ...found, started: found.started || started, endsAt: endOf(at, leaseMs) }
  return { answer: true, record }
}

export function look(found: Found, at: Pick<Moment, 'now'>): DriverLook {
  if (found === undefined) return { state: 'free' }
  const { fingerprint, fence, result, endsAt } = found
  if (isUnknown(found, at)) return { state: 'unknown', fingerprint, fence, sinceMs: at.now - endsAt }
  if (endsAt <= at.now) return { state: 'free' }
  if (result !== null) return { state: 'done', fingerprint, fence, result }
  return { state: 'in_flight', fingerprint, fence, leaseEndsInMs: endsAt - at.now }
}

export function takeOver(
  found: Found,
  at: Moment,
  token: string,
  leaseMs: number,
  over: number,
): Step<number | null> {
  if (found === undefined) return { answer: null }
  if (found.token === token && found.result === null) return { answer: found.fence }
  if (!isUnknown(found, at) || found.fence !== over) return { answer: null }
  const fence = nextFence(found, at)
  return { answer: fence, record: { ...found, token, fence, endsAt: endOf(at, leaseMs) } }
}

/** Whether an effect began under the key and the lease ended before its outcome was recorded. */
export function isUnknown(found: Found, { now }: Pick<Moment, 'now'>): boolean {
  return found !== undefined && found.result === null && found.started && found.endsAt <= now
}

/** The moment from which the record can be removed; `null` for an unknown key, which stays until it is settled. */
export function uselessAt(
  { result, endsAt, started }: Pick<LedgerRecord, 'result' | 'endsAt' | 'started'>,
  lateHolderMs: number,
): number | null {
  if (result !== null) return endsAt
  return started ? null : endsAt + lateHolderMs
}

function nextFence(found: Found, { minFence }: Moment): number {
  return Math.max(minFence, (found?.fence ?? 0) + 1)
}

function isLive(found: Found, { now }: Moment): boolean {
  return found !== undefined && found.endsAt > now
}

/** Whether the record is in flight under this token. An ended lease does not change that until another holder takes the key. */
function isHeld(found: Found, token: string): found is LedgerRecord {
  return found?.token === token && found.result === null
}

/** A whole moment, never sooner than asked for. A day is left, so that sums with it stay exact. */
function endOf({ now }: Moment, ms: number): number {
  return Math.min(now + Math.ceil(ms), Number.MAX_SAFE_INTEGER - 86_400_000)
}
