/** Runs an atomic node: its writes are collected, and committed with the ledger's record in one transaction. */
import {
  type CallScope,
  type Changes,
  CapabilityError,
  controlOf,
  type DedupeStore,
  isCapabilityError,
  keyInPartition,
  Transaction,
} from '@flowport/capabilities'
import type { Keyed } from '../idempotency.ts'
import { fingerprintOf, keyFrom, partitionFrom } from './fingerprint.ts'
import { decodeResult, encodeProblem, encodeResult } from './kept-result.ts'
import { Lease } from './lease.ts'
import type { LedgerOptions } from './ledger.ts'
import { isDecided } from './outcome.ts'
import { askerOf, forOwner, ofAsker } from './owner.ts'
import type { Execute, HeldKey, RunView } from './run-view.ts'
import { ScopedRun } from './scoped-run.ts'
import { type HeldNow, take } from './take.ts'

/** Runs of the handler for one caller, when others change what it reads each time. */
const maxRuns = 16
/** Longest pause before the next one. */
const maxPauseMs = 250

export interface AtomicOptions extends Omit<LedgerOptions, 'ask'> {
  /** Whether the stores commit together only what is in the partition that the node names. */
  readonly isPartitioned: boolean
}

interface Request {
  readonly key: string
  /** Where the stores have partitions. */
  readonly partition: string | undefined
  readonly input: unknown
  readonly run: RunView
}

/** Runs `handler` once per key. Nothing of it is there before the commit, so a key is done or free and never unknown. */
export function withTransaction(options: AtomicOptions): Execute {
  const { idempotency, place, store, isPartitioned } = options
  const { view } = controlOf('dedupe', store)
  // An unknown key is one of a version of the node that was not atomic: somebody has to settle it.
  const taking = { ...idempotency, begins: 'effect', unknown: 'never' } as const
  return async (input, run) => {
    const name = `${place}:${keyFrom(idempotency, input, place, run)}`
    const partition = isPartitioned ? partitionFrom(idempotency, input, place, run) : undefined
    const key = partition === undefined ? name : keyInPartition(partition, name)
    const [asker, fingerprint] = await Promise.all([
      askerOf(idempotency.callers, run),
      fingerprintOf(input, run),
    ])
    const asked = { key, fingerprint, asker }
    for (let holds = 1; holds <= maxRuns; holds++) {
      const found = await take(view('write', run.scope) as DedupeStore, asked, taking, run)
      if (found.state === 'done') return decodeResult(ofAsker(found.result, asker))
      const done = await hold(options, found, { key, partition, input, run })
      if (done !== null) {
        if ('error' in done) throw done.error
        return done.result
      }
      // Another holder took the key over while this one ran: nothing was written, and the other one's result is the answer.
    }
    throw stale(key, undefined)
  }
}

/** The result, or the problem the node decided on, once it is committed; `null` when another holder took the key over. */
async function hold(
  { idempotency, store, handler, around }: AtomicOptions,
  { token, fence, asked, owner }: HeldNow,
  { key, partition, input, run }: Request,
): Promise<Ran | null> {
  const { clock, log } = run
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
  let transaction = new Transaction(run.rng, { partition })
  const perform = around((value, view) => {
    transaction.close()
    transaction = new Transaction(view.rng, { partition })
    lease.check()
    const signal = () => lease.signalWith(view.signal)
    return handler(value, new ScopedRun(view, { signal, aroundWrite, transaction }), held)
  })
  try {
    for (let runs = 1; ; runs++) {
      const ran = await outcomeOf(() => perform(input, run, { mayRetry: () => !lease.isLost }))
      transaction.close()
      const decided = decisionOf(ran, transaction.changes, idempotency)
      if (decided !== null) {
        const answer = forOwner(decided.answer, owner)
        lease.check()
        // An error of the commit is thrown: where its answer was lost, the next caller finds the key done.
        const outcome = await ledger.commit(key, token, answer, ttlMs, decided.changes)
        if (outcome === 'fenced') return null
        if (outcome === 'committed') return ran
      } else if ('error' in ran) {
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

/**
 * What is recorded under the key, and what is written beside it: the result with all writes, or a problem the node decided on
 * with none, under the condition that what it read is still so. `null`: an error that decides nothing, and leaves the key free.
 */
function decisionOf(
  ran: Ran,
  changes: Changes,
  { begins }: Keyed,
): { readonly answer: unknown; readonly changes: Changes } | null {
  if ('result' in ran) return { answer: encodeResult(ran.result), changes }
  // Where the node has begun no effect, its problem decides nothing on profiles without the transaction either.
  if (!isDecided(ran.error) || (begins === 'effect' && changes.writes.length === 0)) return null
  return { answer: encodeProblem(ran.error), changes: { reads: changes.reads, writes: [] } }
}

type Ran = { readonly result: unknown } | { readonly error: unknown }

async function outcomeOf(work: () => unknown): Promise<Ran> {
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
