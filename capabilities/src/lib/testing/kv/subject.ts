/** What each key-value case is given. */
import type { KvCapabilityInfo } from '../../guarantees/info.ts'
import type { KeyValue } from '../../kv/contract.ts'
import type { ConformanceCase, Subject } from '../conformance.ts'

export interface KvSubject extends Subject {
  /** An empty store. */
  readonly kv: KeyValue
  readonly info: KvCapabilityInfo
  /** Closes the store and opens what it kept, where the harness can. */
  readonly reopen: (() => Promise<KeyValue>) | null
  /** A time to live that is long enough for the store and short enough to wait for: seconds. */
  readonly ttlSeconds: number
}

export type KvCase = ConformanceCase<KvSubject>

/** Skips when the store does not have the feature. */
export function needs(feature: keyof KvCapabilityInfo['features']): (subject: KvSubject) => string | null {
  return ({ info }) => (info.features[feature] ? null : `${info.provider} states features.${feature}: false`)
}

/** Skips when the store has the feature. */
export function lacks(feature: keyof KvCapabilityInfo['features']): (subject: KvSubject) => string | null {
  return ({ info }) => (info.features[feature] ? `${info.provider} states features.${feature}: true` : null)
}

/** Skips unless all apply; the first reason counts. */
export function allOf(
  ...conditions: readonly ((subject: KvSubject) => string | null)[]
): (subject: KvSubject) => string | null {
  return (subject) =>
    conditions.reduce<string | null>((reason, condition) => reason ?? condition(subject), null)
}

/** Skips when the store has no TTL per write. */
export function needsTtl({ info }: KvSubject): string | null {
  return info.ttl === 'per_write' ? null : `${info.provider} states ttl: ${info.ttl}`
}

/** Skips when the case would have to wait for real, and longer than the harness permits. */
export function needsToWait({ clock, maxTtlWaitMs, ttlSeconds }: KvSubject): string | null {
  const ms = ttlSeconds * 2000
  if (clock !== null || ms <= maxTtlWaitMs) return null
  return `needs ${ms} ms of real time, maxTtlWaitMs is ${maxTtlWaitMs}`
}

/** Skips when the exact moment matters and the clock is real. */
export function needsManualClock({ clock }: KvSubject): string | null {
  return clock === null ? 'the exact moment can only be met on a manual clock' : null
}
