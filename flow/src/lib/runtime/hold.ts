/** One holder of an idempotency key: runs its attempts under the lease, and settles the key with how they ended. */
import {
  type Awaitable,
  CapabilityError,
  type CallScope,
  type DedupeStore,
  FirstWrite,
  isKind,
} from '@flowport/capabilities'
import type { Keyed } from '../idempotency.ts'
import { askSink } from './ask-sink.ts'
import { encodeProblem, encodeResult, lostResult } from './kept-result.ts'
import { Lease, momentOf } from './lease.ts'
import { Effects, isDecided, type Outcome } from './outcome.ts'
import { forOwner, type Owner, recordedAs } from './owner.ts'
import type { HeldKey, KeyedExecute, RetryGuard, RunView } from './run-view.ts'
import { ScopedRun } from './scoped-run.ts'
import { settleLater } from './settle-later.ts'
import type { HeldNow } from './take.ts'
import { unknownKey } from './unknown-key.ts'

export interface HoldOptions {
  readonly key: string
  readonly fingerprint: string
  readonly idempotency: Keyed
  /** Not bound to the caller's signal: what is recorded must not be lost to a caller that went away. */
  readonly ledger: DedupeStore
  readonly run: RunView
  readonly handler: KeyedExecute
  /** Asks the sink, where the node declares a function for unknown outcomes. */
  readonly ask: KeyedExecute | undefined
}

export class Hold implements RetryGuard {
  readonly #options: HoldOptions
  /** For whom the answer is stored. */
  readonly #owner: Owner
  #token: string
  #fence: number
  #lease: Lease
  /** Whether the ledger has it that an effect may have begun. */
  #started: boolean
  #starting: Promise<void> | undefined
  /** Whether an effect of an earlier holder or an earlier attempt may have been made. */
  #inDoubt: boolean
  /** Whether an attempt of this holder ended in doubt: it may still send something under the present fence. */
  #isFenceSpent = false
  #outcome: Outcome = 'not done'
  #last: Promise<unknown> | undefined

  constructor(options: HoldOptions, { token, fence, asked, inDoubt, owner }: HeldNow) {
    this.#options = options
    this.#owner = owner
    this.#token = token
    this.#fence = fence
    this.#inDoubt = inDoubt
    this.#started = inDoubt || options.idempotency.begins === 'handler'
    this.#lease = this.#leaseFrom(asked)
  }

  /** The latest attempt; `undefined` when none has started. It may outlive the step's timeout. */
  get last(): Promise<unknown> | undefined {
    return this.#last
  }

  /** Runs the handler once. Where an earlier effect is in doubt and the node can ask its sink, it asks first. */
  readonly attempt = (input: unknown, run: RunView): Promise<unknown> => {
    this.#last = this.#attempt(input, run)
    return this.#last
  }

  /** Whether the attempt that just failed may be followed by another in this hold. */
  mayRetry(): boolean {
    if (this.#lease.isLost) return false
    return this.#outcome === 'not done' || (this.#options.idempotency.unknown ?? 'never') !== 'never'
  }

  /** Stores the result. One that cannot be stored leaves a mark, so that the effect is not made again for it. */
  async complete(result: unknown): Promise<void> {
    this.#lease.end()
    await this.#complete(encodeResult(result))
  }

  /**
   * Settles the key after the last attempt threw `error`: done with a problem, free again, or unknown. Never rejects. Resolves
   * what the caller gets: `error`, or why the problem could not be stored. A problem that is not stored is not the answer:
   * another holder may have stored a result.
   */
  async fail(error: unknown): Promise<unknown> {
    this.#lease.end()
    const { key, ledger, run } = this.#options
    const { log } = run
    try {
      if (this.#outcome === 'decided' && isDecided(error)) {
        await this.#complete(encodeProblem(error))
        return error
      }
      if (this.#outcome === 'not done' && !this.#inDoubt) {
        await ledger.release(key, this.#token)
        return error
      }
      const facts = { key, code: 'IDEM_UNKNOWN', err: error }
      if (await ledger.abandon(key, this.#token))
        log.warn(facts, 'a node failed, and nobody can know whether its effect was made')
    } catch (failure) {
      log.warn({ key, err: failure }, 'an idempotency key could not be settled; its lease has to end first')
      if (this.#outcome === 'decided') return failure
      if (this.#outcome === 'not done' && !this.#inDoubt)
        this.#settleLater(failure, () => ledger.release(key, this.#token))
    }
    return error
  }

  async #attempt(input: unknown, run: RunView): Promise<unknown> {
    const { idempotency, handler, ask } = this.#options
    if (ask !== undefined && this.#inDoubt) {
      const answer = await this.#ask(ask, input, run)
      if (answer !== null) return answer.done
    }
    const effects = new Effects(idempotency.begins)
    const lease = this.#lease
    const held: HeldKey = {
      key: this.#options.key,
      fence: this.#fence,
      effect: (make) => this.#effect(lease, effects, make),
    }
    const transaction = this.#firstWrite(lease, run)
    const aroundWrite: CallScope['aroundWrite'] = async (domain, write, database) => {
      if (domain !== 'cache') {
        // The driver that `transaction` made records the begin together with the write.
        const isBegunByWrite = database !== undefined && database === this.#database
        if (!isBegunByWrite) return held.effect(write)
        lease.check()
        return effects.count(write)
      }
      // What a cache holds is no effect, and a holder without its lease must not write there either.
      lease.check()
      return write()
    }
    lease.check()
    try {
      return await handler(input, this.#view(run, aroundWrite, transaction), held)
    } catch (error) {
      this.#outcome = effects.outcomeOf(error)
      if (this.#outcome === 'unknown') this.#inDoubt = this.#isFenceSpent = true
      throw error
    }
  }

  async #effect<T>(lease: Lease, effects: Effects, make: () => Awaitable<T>): Promise<T> {
    lease.check()
    if (!this.#started) {
      this.#starting ??= lease.recordStart().finally(() => {
        this.#starting = undefined
      })
      await this.#starting
      this.#started = true
    }
    return effects.count(make)
  }

  /**
   * `info.transaction` of a ledger that records the begin of an effect in one transaction with its first write. A partitioned
   * one does so only within a partition, which a node that is not atomic does not name.
   */
  get #database(): string | undefined {
    const { features, partitioned, transaction } = this.#options.ledger.info
    return features?.startsWithWrites === true && partitioned !== true ? transaction : undefined
  }

  /** For nodes whose effect begins with a write to the ledger's own database; others record its begin before it. */
  #firstWrite(lease: Lease, { rng }: RunView): FirstWrite | undefined {
    const database = this.#database
    if (this.#started || database === undefined) return undefined
    return new FirstWrite({
      database,
      rng,
      isStarted: () => this.#started,
      start: async (changes, call) => {
        const outcome = await lease.startWith(changes, call)
        if (outcome.state === 'started') this.#started = true
        return outcome
      },
    })
  }

  /** The result where the effect was made; `null` where the handler may run. */
  async #ask(ask: KeyedExecute, input: unknown, run: RunView): Promise<{ readonly done: unknown } | null> {
    const { key } = this.#options
    this.#outcome = 'unknown'
    if (this.#isFenceSpent) await this.#raiseFence()
    const lease = this.#lease
    const held: HeldKey = {
      key,
      fence: this.#fence,
      async effect(make) {
        lease.check()
        return make()
      },
    }
    const view = this.#view(run, (_domain, write) => held.effect(write))
    const answer = await askSink(() => ask(input, view, held), key, run.log)
    if (answer === 'unknown') throw unknownKey(key)
    if ('done' in answer) return answer
    this.#inDoubt = false
    this.#outcome = 'not done'
    // It may have taken long: nothing begins for a caller that left.
    run.signal.throwIfAborted()
    return null
  }

  /** Takes the key over from itself, so that a sink that fences refuses what the attempt before may still send. */
  async #raiseFence(): Promise<void> {
    const { key, fingerprint, ledger, idempotency, run } = this.#options
    this.#lease.end()
    await ledger.abandon(key, this.#token)
    const asked = momentOf(run.clock)
    const { leaseMs } = idempotency
    const how = { leaseMs, fingerprint, ...recordedAs(this.#owner), started: true, over: this.#fence }
    const begun = await ledger.begin(key, how)
    if (begun.state !== 'fresh') throw fenced('begin')
    this.#token = begun.token
    this.#fence = begun.fence
    this.#isFenceSpent = false
    this.#lease = this.#leaseFrom(asked)
  }

  #view(
    run: RunView,
    aroundWrite: CallScope['aroundWrite'],
    transaction?: CallScope['transaction'],
  ): RunView {
    const lease = this.#lease
    const signal = () => lease.signalWith(run.signal)
    return new ScopedRun(run, { signal, aroundWrite, ...(transaction && { transaction }) })
  }

  #leaseFrom(asked: HeldNow['asked']): Lease {
    const { ledger, key, idempotency, run } = this.#options
    const { clock, log } = run
    return new Lease({ ledger, key, token: this.#token, leaseMs: idempotency.leaseMs, clock, log, asked })
  }

  async #complete(encoded: unknown): Promise<void> {
    const { ledger, key, idempotency, run } = this.#options
    const store = (answer: unknown) =>
      ledger.complete(key, this.#token, forOwner(answer, this.#owner), idempotency.ttlMs)
    let kept: boolean
    try {
      kept = await store(encoded)
    } catch (error) {
      if (!isKind(error, 'InvalidInput', 'LimitExceeded')) {
        this.#settleLater(error, () => store(encoded))
        throw error
      }
      run.log.error(
        { key, code: 'IDEM_RESULT_LOST', err: error },
        'the result of a node cannot be kept: it is done, and later callers get no result',
      )
      kept = await store(lostResult)
    }
    if (!kept) throw fenced('complete')
  }

  #settleLater(failure: unknown, settle: () => Promise<boolean>): void {
    const { key, idempotency, run } = this.#options
    settleLater({ key, leaseMs: idempotency.leaseMs, run, failure, settle })
  }
}

function fenced(operation: string): CapabilityError {
  return new CapabilityError('ConditionNotMatch', 'another holder took this key over while the node ran', {
    capability: 'dedupe',
    operation,
    code: 'IDEM_FENCED',
    retryable: 'never',
    applied: 'unknown',
  })
}
