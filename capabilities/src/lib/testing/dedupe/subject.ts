/** What each dedupe case is given. */
import { expect } from 'vitest'
import type { DedupeKey, DedupeStore } from '../../dedupe/contract.ts'
import type { DedupeCapabilityInfo } from '../../guarantees/info.ts'
import type { KeyValue } from '../../kv/contract.ts'
import type { Queue } from '../../queue/contract.ts'
import type { Subject } from '../conformance.ts'

/** Stores that state the same `info.transaction` as the dedupe store. */
export interface TransactionStores {
  readonly kv: KeyValue
  /** Default: cases send no messages. */
  readonly queue?: Queue
  /** Where `info.partitioned` is true: the partition that `kv` and the keys of the ledger are in. */
  readonly partition?: string
  /** The same store in another partition, and the name of that. Required where `info.partitioned` is true. */
  readonly elsewhere?: KeyValue
  readonly partitionElsewhere?: string
}

export interface DedupeSubject extends Subject {
  /** An empty store. */
  readonly dedupe: DedupeStore
  readonly info: DedupeCapabilityInfo
  /** Stores of the same database, where the harness opens them. */
  readonly beside: TransactionStores | null
  /** Closes the store and opens what it kept, where the harness can. */
  readonly reopen: (() => Promise<DedupeStore>) | null
  /** A lease or time to live that is long enough for the store and short enough to wait for. */
  readonly shortMs: number
  /** One that does not end while a case runs. */
  readonly longMs: number
}

export const fingerprint = 'sha-256:request'

/** Takes the key, which must be free, and gives the token. */
export async function take(
  dedupe: DedupeStore,
  key: DedupeKey,
  leaseMs: number,
  print = fingerprint,
): Promise<string> {
  const begun = await dedupe.begin(key, { leaseMs, fingerprint: print })
  if (begun.state !== 'fresh') return expect.fail(`expected a fresh key, found it ${begun.state}`)
  return begun.token
}

/** How a key stands; a fresh one is taken by asking. */
export async function stateOf({ dedupe, longMs }: DedupeSubject, key: DedupeKey): Promise<string> {
  return (await dedupe.begin(key, { leaseMs: longMs, fingerprint })).state
}

/** Skips when the case would have to wait for real, and longer than the harness permits. */
export function needsToWait({ clock, info, maxTtlWaitMs, shortMs }: DedupeSubject): string | null {
  const waitMs = shortMs * 2 + (info.limits.expirySlackMs ?? 0)
  if (clock !== null || waitMs <= maxTtlWaitMs) return null
  return `needs ${waitMs} ms of real time, maxTtlWaitMs is ${maxTtlWaitMs}`
}

/** Skips when the exact moment matters and the clock is real. */
export function needsManualClock({ clock }: DedupeSubject): string | null {
  return clock === null ? 'the exact moment can only be met on a manual clock' : null
}

/** Skips when the store does not state that its reservations are atomic. */
export function needsAtomic({ info }: DedupeSubject): string | null {
  return info.reservation === 'atomic' ? null : `${info.provider} states reservation: ${info.reservation}`
}

/** Skips unless all apply; the first reason counts. */
export function allOf(
  ...conditions: readonly ((subject: DedupeSubject) => string | null)[]
): (subject: DedupeSubject) => string | null {
  return (subject) =>
    conditions.reduce<string | null>((reason, condition) => reason ?? condition(subject), null)
}

/** Calls `work` `width` times at once. */
export function race<T>(width: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: width }, (_, index) => work(index)))
}
