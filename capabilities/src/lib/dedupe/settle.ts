/** Settles an unknown key by hand: takes it over from the holder that was seen, then records how its effect ended. */
import type { Clock } from '../clock/contract.ts'
import { CapabilityError } from '../error.ts'
import { toJsonText } from '../json-text.ts'
import type { Awaitable } from '../kv/driver.ts'
import { checkSize, utf8Length } from '../limits.ts'
import { checkArgument, lifeRule } from '../numbers.ts'
import type { DedupeKey, DedupeStore, KeyState } from './contract.ts'

/** How the effect of a key ended, as somebody found out. */
export type SettledOutcome =
  /** It was made. `done` is the result that later callers get, any JSON value, for `ttlMs`. */
  | { readonly done: unknown; readonly ttlMs: number }
  /** It was not made, and its holder can no longer make it. The key is free. */
  | { readonly notDone: true }

/** What is known of a settlement, without the result. */
export interface Settlement {
  readonly key: DedupeKey
  readonly outcome: 'done' | 'not done'
  readonly by: string
  readonly why: string
  /** Fence of the holder that left the key unknown. */
  readonly fence: number
  /** Fence of the settlement: a sink that fences refuses the holder before it. */
  readonly newFence: number
  /** Milliseconds since the epoch. */
  readonly at: number
}

/**
 * `'taken over'`: the key is held and will be settled. `'settled'`: the ledger has the outcome. `'failed'`: it has not, and
 * the key is unknown under the new fence.
 */
export interface SettlementEvent extends Settlement {
  readonly phase: 'taken over' | 'settled' | 'failed'
}

export interface SettleOptions {
  /** The fence that was seen when the key was looked at. */
  readonly fence: number
  readonly outcome: SettledOutcome
  /** Who settles it: 1 to 200 characters. */
  readonly by: string
  /** How they know: 1 to 2000 characters. */
  readonly why: string
  /**
   * Told of the settlement before and after the ledger is. The key stays unknown when it rejects before: nothing is settled
   * without a trace.
   */
  readonly audit: (event: SettlementEvent) => Awaitable<void>
  readonly clock: Pick<Clock, 'now'>
  readonly signal?: AbortSignal
}

/** Milliseconds for which the key is held while it is settled. */
const leaseMs = 60_000

/**
 * Settles a key that is unknown under the fence that was seen.
 * @throws CapabilityError `LEDGER_NOT_UNKNOWN` for a key in another state, `LEDGER_FENCE` when somebody else has taken it over
 * since it was looked at, `InvalidInput` or `LimitExceeded` for a result that cannot be stored.
 */
export async function settleKey(
  store: DedupeStore,
  key: DedupeKey,
  { fence, outcome, by, why, audit, clock, signal }: SettleOptions,
): Promise<Settlement> {
  const where = { capability: 'dedupe', operation: 'settle', ...(typeof key === 'string' ? { key } : {}) }
  const call = signal === undefined ? {} : { signal }
  checkNote('by', by, 200, where)
  checkNote('why', why, 2000, where)
  checkOutcome(store, outcome, where)
  const taken = await store.takeOver(key, { fence, leaseMs, ...call })
  if (taken === null) throw refusal(await store.look(key, call), fence, where)
  const settlement: Settlement = {
    key,
    outcome: 'done' in outcome ? 'done' : 'not done',
    by,
    why,
    fence,
    newFence: taken.fence,
    at: clock.now(),
  }
  try {
    await audit({ ...settlement, phase: 'taken over' })
    // From here on not bound to the caller's signal: what has been announced is carried out.
    const isSettled =
      'done' in outcome
        ? await store.complete(key, taken.token, outcome.done, outcome.ttlMs)
        : await store.release(key, taken.token)
    if (!isSettled) throw refusal(await store.look(key), taken.fence, where)
  } catch (error) {
    await giveUp(store, key, taken.token, () => audit({ ...settlement, phase: 'failed' }))
    throw error
  }
  await audit({ ...settlement, phase: 'settled' })
  return settlement
}

/** Leaves the key unknown at once, not only when the lease ends. The first error is the one that counts. */
async function giveUp(
  store: DedupeStore,
  key: DedupeKey,
  token: string,
  audit: () => Awaitable<void>,
): Promise<void> {
  await Promise.allSettled([store.abandon(key, token), Promise.resolve().then(audit)])
}

type Place = { readonly capability: string; readonly operation: string; readonly key?: string }

function checkOutcome(store: DedupeStore, outcome: SettledOutcome, where: Place): void {
  if (!('done' in outcome)) return
  const text = toJsonText(outcome.done ?? null, 'result', where)
  checkSize(utf8Length(text), store.info.limits.maxResultBytes, 'result', where)
  checkArgument('ttlMs', outcome.ttlMs, lifeRule, where)
}

/** One line of a log: control characters could make it look like several. */
function checkNote(name: string, text: string, maxLength: number, where: Place): void {
  const isText = typeof text === 'string' && text.trim() !== '' && text.length <= maxLength
  if (isText && !/\p{Cc}/u.test(text)) return
  const message = `${name} must be a line of 1 to ${maxLength} characters: say ${name === 'by' ? 'who settles the key' : 'how you know'}`
  throw new CapabilityError('InvalidInput', message, where)
}

function refusal(found: KeyState, fence: number, where: Place): CapabilityError {
  if (found.state !== 'unknown') {
    const state = found.state.replace('_', ' ')
    return new CapabilityError('ConditionNotMatch', `the key is ${state}: only an unknown key is settled`, {
      ...where,
      code: 'LEDGER_NOT_UNKNOWN',
      details: { state: found.state },
    })
  }
  const message = `the key was taken over since: its fence is ${found.fence}, not ${fence}; look at it again`
  return new CapabilityError('ConditionNotMatch', message, {
    ...where,
    code: 'LEDGER_FENCE',
    details: { fence: found.fence, seen: fence },
  })
}
