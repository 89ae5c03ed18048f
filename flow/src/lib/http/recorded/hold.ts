/** The key of a request that is being answered: reserved in the ledger, renewed, then completed or given back. */
import { CapabilityError, type DedupeStore, every, type ResourceBag } from '@flowport/capabilities'
import { recordLeaseMs } from '../../idempotency-option.ts'
import type { AdmittedRun } from '../../runtime/run-view.ts'
import { type AnswerRecord, readRecord } from './record.ts'

/** Longest time in which the ledger must answer, in milliseconds: the run has no deadline yet. */
const maxAskingMs = 10_000

/** The key is held by another request. */
export class InFlight {
  readonly #retryAfterMs: number

  constructor(retryAfterMs: number) {
    this.#retryAfterMs = retryAfterMs
  }

  /** The 409. */
  error(): CapabilityError {
    return new CapabilityError('Unavailable', 'a request with the same Idempotency-Key is being worked on', {
      capability: 'dedupe',
      operation: 'begin',
      code: 'IDEM_IN_FLIGHT',
      retryAfterMs: this.#retryAfterMs,
    })
  }
}

/** Reserves the key, or gives what is recorded under it. @throws CapabilityError `IDEM099` for a record of another request. */
export async function reserve(
  bag: ResourceBag,
  key: string,
  fingerprint: string,
  run: AdmittedRun,
): Promise<Hold | AnswerRecord | InFlight> {
  const { view } = bag.control('dedupe')
  const scope = { signal: run.signal, deadline: run.clock.now() + maxAskingMs }
  const asking = view('write', scope) as DedupeStore
  const begun = await asking.begin(key, { leaseMs: recordLeaseMs, fingerprint })
  if (begun.state === 'fresh') return new Hold(view('write', undefined) as DedupeStore, key, begun.token, run)
  if (begun.state === 'done') return readRecord(begun.result)
  // A record begins no effect in the ledger, so that its key is never unknown.
  return new InFlight(begun.state === 'in_flight' ? begun.retryAfterMs : 1_000)
}

export class Hold {
  readonly #ledger: DedupeStore
  readonly #key: string
  readonly #token: string
  readonly #run: AdmittedRun
  readonly #stopRenewing: () => void
  readonly #close: () => void
  readonly #listeners: (() => void)[] = []
  #ended = false

  constructor(ledger: DedupeStore, key: string, token: string, run: AdmittedRun) {
    this.#ledger = ledger
    this.#key = key
    this.#token = token
    this.#run = run
    // The stores stay open until the answer is recorded.
    this.#close = run.holdOpen()
    // Thrice in its time: one renewal may get lost.
    this.#stopRenewing = every(run.clock, recordLeaseMs / 3, () => this.#renew())
  }

  get isEnded(): boolean {
    return this.#ended
  }

  /** Calls `listener` when the key has been let go of, with an answer or without. */
  whenEnded(listener: () => void): void {
    this.#listeners.push(listener)
  }

  /**
   * Keeps the record until it expires, and lets go of the key. Resolves `false` when it could not be kept, or when
   * another request has taken the key over.
   */
  async complete(record: AnswerRecord): Promise<boolean> {
    if (this.#ended) return false
    const ttlMs = record.expiresAt - this.#run.clock.now()
    if (ttlMs < Math.max(1, this.#ledger.info.limits.minTtlMs)) {
      await this.release()
      return false
    }
    this.#ended = true
    try {
      return await this.#ledger.complete(this.#key, this.#token, record, ttlMs)
    } catch (error) {
      this.#run.log.warn({ err: error }, 'an answer to an Idempotency-Key could not be recorded')
      return false
    } finally {
      this.#end()
    }
  }

  /** Gives the key back: the next request with it runs. Never rejects. */
  async release(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    try {
      await this.#ledger.release(this.#key, this.#token)
    } catch (error) {
      this.#run.log.warn(
        { err: error },
        'an Idempotency-Key could not be given back; its lease ends by itself',
      )
    } finally {
      this.#end()
    }
  }

  #end(): void {
    this.#stopRenewing()
    this.#close()
    for (const listener of this.#listeners) listener()
  }

  /** A lost lease is not acted on: `complete` finds out, and the record guards no effect. */
  #renew(): void {
    this.#ledger
      .renew(this.#key, this.#token, recordLeaseMs)
      .catch((error: unknown) =>
        this.#run.log.warn({ err: error }, 'an Idempotency-Key could not be renewed'),
      )
  }
}
