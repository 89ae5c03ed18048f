/** Takes an idempotency key for one holder, or waits a little for the holder it has. */
import { CapabilityError, type DedupeStore } from '@flowport/capabilities'
import type { Keyed } from '../idempotency.ts'
import { type Moment, momentOf } from './lease.ts'
import { type Asker, inherited, type Owner, recordedAs } from './owner.ts'
import type { RunView } from './run-view.ts'
import { unknownKey } from './unknown-key.ts'

export type Taken = HeldNow | { readonly state: 'done'; readonly result: unknown }

export interface HeldNow {
  readonly state: 'held'
  readonly token: string
  readonly fence: number
  /** When the lease was asked for. */
  readonly asked: Moment
  /** Whether an earlier holder may have made the effect. */
  readonly inDoubt: boolean
  /** For whom the answer is stored: the caller for whom the key was begun. */
  readonly owner: Owner
}

/** What is done once per key. */
export interface KeyedRequest {
  readonly key: string
  readonly fingerprint: string
  readonly asker: Asker
}

/** Longest wait for another holder before the caller is told to come back. */
const maxWaitMs = 2_000
/** Takeovers in a row that other callers may win before this one comes back later. */
const maxTakeovers = 16

/**
 * @throws CapabilityError `IDEM_UNKNOWN` where the key is unknown and stays so, `IDEM_TAKEN` where it is unknown and another
 * caller's, `IDEM_IN_FLIGHT` after the wait.
 */
export async function take(
  ledger: DedupeStore,
  { key, fingerprint, asker }: KeyedRequest,
  { leaseMs, begins, unknown = 'never' }: Keyed,
  run: RunView,
): Promise<Taken> {
  const giveUpAt = run.clock.now() + maxWaitMs
  let wait = 10
  let over: number | undefined
  let takeovers = 0
  let { owner } = asker
  const request = { leaseMs, fingerprint, ...recordedAs(owner) }
  for (;;) {
    const asked = momentOf(run.clock)
    // Whoever takes over an unknown key inherits its begun effect.
    const how = over === undefined ? { started: begins === 'handler' } : { started: true, over }
    const begun = await ledger.begin(key, { ...request, ...how })
    switch (begun.state) {
      case 'fresh':
        return {
          state: 'held',
          token: begun.token,
          fence: begun.fence,
          asked,
          inDoubt: over !== undefined,
          owner,
        }
      case 'done':
        return begun
      case 'unknown':
        owner = inherited(begun.owner, asker, key)
        if (unknown === 'never') throw unknownKey(key)
        if (takeovers++ === maxTakeovers) throw inFlight(maxWaitMs)
        over = begun.fence
        break
      case 'in_flight': {
        over = undefined
        owner = asker.owner
        const pauseMs = Math.min(wait, begun.retryAfterMs)
        if (run.clock.now() + pauseMs > Math.min(giveUpAt, run.deadline ?? giveUpAt))
          throw inFlight(begun.retryAfterMs)
        await run.clock.sleep(pauseMs, { signal: run.signal })
        wait = Math.min(wait * 2, 250)
      }
    }
  }
}

function inFlight(retryAfterMs: number): CapabilityError {
  return new CapabilityError('Unavailable', 'the same request is being worked on; ask again later', {
    capability: 'dedupe',
    operation: 'begin',
    code: 'IDEM_IN_FLIGHT',
    retryAfterMs,
  })
}
