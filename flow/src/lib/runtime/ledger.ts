/** Runs a node inside the dedupe ledger: once per key, with lease, fencing and a stored result. The next stop is a `Hold`. */
import { controlOf, type DedupeStore, isCapabilityError } from '@flowport/capabilities'
import type { Keyed } from '../idempotency.ts'
import { fingerprintOf, keyFrom } from './fingerprint.ts'
import { Hold } from './hold.ts'
import { decodeResult } from './kept-result.ts'
import { askerOf, ofAsker } from './owner.ts'
import type { Attempts, Execute, KeyedExecute, RunView } from './run-view.ts'
import { take } from './take.ts'

export interface LedgerOptions {
  readonly idempotency: Keyed
  /** Keeps keys of different nodes apart. */
  readonly place: string
  readonly store: DedupeStore
  readonly handler: KeyedExecute
  /** Asks the sink, where the node declares a function for unknown outcomes. */
  readonly ask: KeyedExecute | undefined
  /** Puts the step's timeout and retries around one attempt. */
  readonly around: (attempt: Attempts) => Attempts
}

/** Runs `handler` at most once per key. A key is settled only when its handler has ended, however late. */
export function withLedger({ idempotency, place, store, handler, ask, around }: LedgerOptions): Execute {
  const { view } = controlOf('dedupe', store)
  return async (input, run) => {
    const key = `${place}:${keyFrom(idempotency, input, place, run)}`
    const [asker, fingerprint] = await Promise.all([
      askerOf(idempotency.callers, run),
      fingerprintOf(input, run),
    ])
    const asked = { key, fingerprint, asker }
    const found = await take(view('write', run.scope) as DedupeStore, asked, idempotency, run)
    if (found.state === 'done') return decodeResult(ofAsker(found.result, asker))
    const ledger = view('write', undefined) as DedupeStore
    const hold = new Hold({ key, fingerprint, idempotency, ledger, run, handler, ask }, found)
    let result: unknown
    try {
      result = await around(hold.attempt)(input, run, hold)
    } catch (error) {
      const settled = settle(hold, error, run)
      // The caller has its timeout: it is not kept waiting for a handler that still works.
      if (!isTimeout(error)) throw await settled
      run.whenWorkEnds(settled.then(nothing))
      throw error
    }
    await hold.complete(result)
    return result
  }
}

/** A handler that was only late is done: its effect has happened. Resolves the error for the caller; never rejects. */
async function settle(hold: Hold, error: unknown, run: RunView): Promise<unknown> {
  let result: unknown
  try {
    // Where no attempt was made, none can have begun an effect.
    if (hold.last === undefined) return await hold.fail(error)
    result = await hold.last
  } catch (late) {
    const told = await hold.fail(late)
    return told === late ? error : told
  }
  try {
    await hold.complete(result)
  } catch (failure) {
    run.log.warn({ err: failure }, 'the result of a node that was late could not be kept')
  }
  return error
}

const nothing = () => undefined

function isTimeout(error: unknown): boolean {
  return isCapabilityError(error) && error.code === 'TIME015'
}
