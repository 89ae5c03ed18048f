/** Runs an atomic node: its writes are collected, and committed with the ledger's record in one transaction. */
import {
  type CallScope,
  CapabilityError,
  controlOf,
  type DedupeStore,
  isCapabilityError,
  Transaction,
} from '@flowport/capabilities'
import { fingerprintOf, keyFrom } from './fingerprint.ts'
import { decodeResult, encodeResult } from './kept-result.ts'
import { Lease } from './lease.ts'
import type { LedgerOptions } from './ledger.ts'
import { type Caller, callerOf, everyone, forCaller, ofCaller } from './owner.ts'
import type { Execute, HeldKey, RunView } from './run-view.ts'
import { ScopedRun } from './scoped-run.ts'
import { type HeldNow, take } from './take.ts'

/** Runs of the handler for one caller, when others change what it reads each time. */
const maxRuns = 16
/** Longest pause before the next one. */
const maxPauseMs = 250

interface Request {
  readonly key: string
  readonly caller: Caller
  readonly input: unknown
  readonly run: RunView
}

/** Runs `handler` once per key. Nothing of it is there before the commit, so a key is done or free and never unknown. */
export function withTransaction(options: Omit<LedgerOptions, 'ask'>): Execute {
  const { idempotency, place, store } = options
  const { view } = controlOf('dedupe', store)
  const isApart = idempotency.callers === 'apart'
  // An unknown key is one of a version of the node that was not atomic: somebody has to settle it.
  const taking = { ...idempotency, begins: 'effect', unknown: 'never' } as const
  return async (input, run) => {
    const key = `${place}:${keyFrom(idempotency, input, place, run)}`
    const caller = isApart ? callerOf(run) : everyone
    const fingerprint = await fingerprintOf(input, run)
    for (let holds = 1; holds <= maxRuns; holds++) {
      const found = await take(view('write', run.scope) as DedupeStore, key, fingerprint, taking, run)
      if (found.state === 'done') return decodeResult(await ofCaller(found.result, caller, run.digest))
      const done = await hold(options, found, { key, caller, input, run })
      if (done !== null) return done.result
      // Another holder took the key over while this one ran: nothing was written, and the other one's result is the answer.
    }
    throw stale(key, undefined)
  }
}

/** The result once it is committed; `null` when another holder took the key over. */
async function hold(
  { idempotency, store, handler, around }: Omit<LedgerOptions, 'ask'>,
  { token, fence, asked }: HeldNow,
  { key, caller, input, run }: Request,
): Promise<{ readonly result: unknown } | null> {
  const { clock, log, digest } = run
  const { leaseMs, ttlMs } = idempotency
  // Not bound to the caller's signal: what has run is committed though the caller went away.
  const ledger = controlOf('dedupe', store).view('write', undefined) as DedupeStore
  const lease = new Lease({ ledger, key, token, leaseMs, clock, log, asked })
  const held: HeldKey = { key, fence, effect: refuseEffect }
  const aroundWrite: CallScope['aroundWrite'] = async (domain, write) => {
    if (domain !== 'kv' && domain !== 'queue') throw outside(`a write to ${domain}`)
    lease.check()
    return write()
  }
  let transaction = new Transaction(run.rng)
  const perform = around((value, view) => {
    transaction.close()
    transaction = new Transaction(view.rng)
    lease.check()
    const signal = () => AbortSignal.any([view.signal, lease.signal])
    return handler(value, new ScopedRun(view, { signal, aroundWrite, transaction }), held)
  })
  try {
    for (let runs = 1; ; runs++) {
      const ran = await outcomeOf(() => perform(input, run, { mayRetry: () => !lease.isLost }))
      transaction.close()
      if ('result' in ran) {
        const answer = await forCaller(encodeResult(ran.result), caller, digest)
        lease.check()
        // An error of the commit is thrown: where its answer was lost, the next caller finds the key done.
        const outcome = await ledger.commit(key, token, answer, ttlMs, transaction.changes)
        if (outcome === 'committed') return ran
        if (outcome === 'fenced') return null
      } else {
        const isOver = lease.isLost || run.signal.aborted || isTimeout(ran.error)
        if (isOver || !(await isStale(transaction))) throw ran.error
      }
      if (runs === maxRuns) throw stale(key, 'error' in ran ? ran.error : undefined)
      const pauseMs = run.rng.float() * Math.min(2 ** runs, maxPauseMs)
      await clock.sleep(pauseMs, { signal: run.signal })
    }
  } catch (error) {
    lease.end()
    await ledger.release(key, token).catch((failure: unknown) => {
      log.warn({ key, err: failure }, 'an idempotency key could not be freed; its lease has to end first')
    })
    throw error
  } finally {
    lease.end()
  }
}

async function outcomeOf(
  work: () => unknown,
): Promise<{ readonly result: unknown } | { readonly error: unknown }> {
  try {
    return { result: await work() }
  } catch (error) {
    return { error }
  }
}

/** Whether the handler read what has changed since. A store that cannot tell leaves the handler's own error to be thrown. */
function isStale(transaction: Transaction): Promise<boolean> {
  return transaction.isStale().catch(() => false)
}

/** `effect()` of an atomic node. */
export function refuseEffect(): Promise<never> {
  return Promise.reject(outside('effect()'))
}

function outside(what: string): CapabilityError {
  const message = `${what} cannot be committed with the record of an atomic node; do it in a node of its own`
  return new CapabilityError('Misconfigured', message, {
    code: 'EXACT004',
    retryable: 'never',
    applied: 'no',
  })
}

function stale(key: string, cause: unknown): CapabilityError {
  const message = `what this node reads was changed by others ${maxRuns} times before it could be committed`
  return new CapabilityError('Unavailable', `${message}; ask again`, {
    capability: 'dedupe',
    operation: 'commit',
    key,
    code: 'IDEM_STALE',
    retryAfterMs: 1_000,
    applied: 'no',
    ...(cause === undefined ? {} : { cause }),
  })
}

function isTimeout(error: unknown): boolean {
  return isCapabilityError(error) && error.code === 'TIME015'
}
