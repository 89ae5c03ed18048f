/** What each durable state case is given. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { StateCapabilityInfo } from '../../guarantees/info.ts'
import type { DurableState, StateHandle } from '../../state/contract.ts'
import type { ConformanceCase, Subject } from '../conformance.ts'

export interface StateSubject extends Subject {
  /** Without any object. */
  readonly state: DurableState
  readonly info: StateCapabilityInfo
  /** Closes the store and opens what it kept, where the harness can. */
  readonly reopen: (() => Promise<DurableState>) | null
}

export type StateCase = ConformanceCase<StateSubject>

/** Skips when the store does not have the feature. */
export function needs(
  feature: keyof StateCapabilityInfo['features'],
): (subject: StateSubject) => string | null {
  return ({ info }) => (info.features[feature] ? null : `${info.provider} states features.${feature}: false`)
}

/** Skips when the store has the feature. */
export function lacks(
  feature: keyof StateCapabilityInfo['features'],
): (subject: StateSubject) => string | null {
  return ({ info }) => (info.features[feature] ? `${info.provider} states features.${feature}: true` : null)
}

/** Takes objects with a number `n`. */
export const counter: StandardSchemaV1<unknown, { n: number }> = {
  '~standard': {
    version: 1,
    vendor: 'flowport-suite',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'n' in value && typeof value.n === 'number'
        ? { value: { n: value.n } }
        : { issues: [{ message: 'n must be a number' }] },
  },
}

/** Adds 1 to the counter under the key, as a read and a write that depend on each other. */
export async function increment(one: StateHandle, key = 'count', maxAttempts = 200): Promise<number> {
  return one.transaction(
    async (tx) => {
      const n = ((await tx.get(key, { schema: counter }))?.n ?? 0) + 1
      tx.put(key, { n })
      return n
    },
    { maxAttempts },
  )
}
