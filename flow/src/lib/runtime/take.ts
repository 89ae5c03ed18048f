/** Takes an idempotency key for one holder, or waits a little for the holder it has. */
import { CapabilityError, type DedupeStore } from '@flowport/capabilities'
import type { Keyed } from '../idempotency.ts'
import { type Moment, momentOf } from './lease.ts'
import type { RunView } from './run-view.ts'

export type Taken = HeldNow | { readonly state: 'done'; readonly result: unknown }

export interface HeldNow {
  readonly state: 'held'
  readonly token: string
  readonly fence: number
  /** When the lease was asked for. */
  readonly asked: Moment
  /** Whether an earlier holder may have made the effect. */
  readonly inDoubt: boolean
}

/** Longest wait for another holder before the caller is told to come back. */
const maxWaitMs = 2_000
/** Takeovers in a row that other callers may win before this one comes back later. */
const maxTakeovers = 16

/** @throws CapabilityError `IDEM_UNKNOWN` where the key is unknown and stays so, `IDEM_IN_FLIGHT` after the wait. */
export async function take(
  ledger: DedupeStore,
  key: string,
  fingerprint: string,
  { leaseMs, begins, unknown = 'never' }: Keyed,
  run: RunView,
): Promise<Taken> {
  const giveUpAt = run.clock.now() + maxWaitMs
  let wait = 10
  let over: number | undefined
  let takeovers = 0
  for (;;) {
    const asked = momentOf(run.clock)
    // Whoever takes over an unknown key inherits its begun effect.
    const how = over === undefined ? { started: begins === 'handler' } : { started: true, over }
    const begun = await ledger.begin(key, { leaseMs, fingerprint, ...how })
    switch (begun.state) {
      case 'fresh':
        return { state: 'held', token: begun.token, fence: begun.fence, asked, inDoubt: over !== undefined }
      case 'done':
        return begun
      case 'unknown':
        if (unknown === 'never') throw unknownKey(key)
        if (takeovers++ === maxTakeovers) throw inFlight(maxWaitMs)
        over = begun.fence
        break
      case 'in_flight': {
        over = undefined
        const pauseMs = Math.min(wait, begun.retryAfterMs)
        if (run.clock.now() + pauseMs > Math.min(giveUpAt, run.deadline ?? giveUpAt))
          throw inFlight(begun.retryAfterMs)
        await run.clock.sleep(pauseMs, { signal: run.signal })
        wait = Math.min(wait * 2, 250)
      }
    }
  }
}

/** Has no `retryAfterMs`: asking again changes nothing until somebody settles the key. */
export function unknownKey(key: string): CapabilityError {
  const message =
    'this began before, and nobody can know whether its effect was made; look at the system it changes, then settle the key'
  return new CapabilityError('ConditionNotMatch', message, {
    capability: 'dedupe',
    operation: 'begin',
    key,
    code: 'IDEM_UNKNOWN',
    retryable: 'never',
  })
}

function inFlight(retryAfterMs: number): CapabilityError {
  return new CapabilityError('Unavailable', 'the same request is being worked on; ask again later', {
    capability: 'dedupe',
    operation: 'begin',
    code: 'IDEM_IN_FLIGHT',
    retryAfterMs,
  })
}
