/** Keeps the lease of a key while its node runs, and stops the node when the lease is lost. */
import {
  type CallOptions,
  CapabilityError,
  type Changes,
  type Clock,
  type DedupeStore,
  every,
  type Logger,
  type StartOutcome,
} from '@flowport/capabilities'
import { type FirstSignal, firstSignal } from './first-signal.ts'

export interface LeaseOptions {
  readonly ledger: DedupeStore
  readonly key: string
  readonly token: string
  readonly leaseMs: number
  readonly clock: Clock
  readonly log: Logger
  /** When the lease was asked for. */
  readonly asked: Moment
}

/** A moment on both clocks: the wall clock may be set, the other one may stand still while a machine sleeps. */
export interface Moment {
  readonly now: number
  readonly monotonic: number
}

export function momentOf(clock: Clock): Moment {
  return { now: clock.now(), monotonic: clock.monotonic() }
}

export class Lease {
  readonly #options: LeaseOptions
  readonly #lost = new AbortController()
  readonly #stopTimer: () => void
  /** When the lease that holds now was asked for: the store counts from a later moment. */
  #confirmed: Moment
  #ended = false
  readonly #joined: FirstSignal[] = []

  constructor(options: LeaseOptions) {
    this.#options = options
    this.#confirmed = options.asked
    // Thrice in its time: one renewal may get lost.
    this.#stopTimer = every(options.clock, Math.max(options.leaseMs / 3, 1), () => void this.#renew())
  }

  /** Fires with `IDEM_LEASE_LOST` as soon as another holder may have the key. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  /** A signal for what works under this lease: fires with `run`, or when the lease is lost. Once the lease has ended it follows neither. */
  signalWith(run: AbortSignal): AbortSignal {
    const first = firstSignal(run, this.signal)
    this.#joined.push(first)
    return first.signal
  }

  get isLost(): boolean {
    return this.#lost.signal.aborted
  }

  /**
   * Throws `IDEM_LEASE_LOST` when the lease is over by either clock, or was given up: a process that was stopped finds out
   * here, before its timers have run. A stop between this check and the write that follows is noticed by nobody but a sink
   * that checks the fencing token.
   */
  check(): void {
    if (this.isLost) throw this.#lost.signal.reason
    if (this.#ended) throw lostLease('the node has ended')
    const { clock, leaseMs } = this.#options
    const { now, monotonic } = momentOf(clock)
    if (now - this.#confirmed.now < leaseMs && monotonic - this.#confirmed.monotonic < leaseMs) return
    throw this.#lose('its lease ended before it was renewed')
  }

  /** Records that the effect begins, which renews the lease as well. */
  async recordStart(): Promise<void> {
    this.check()
    const { ledger, key, token, leaseMs, clock } = this.#options
    const asked = momentOf(clock)
    if (!(await ledger.renew(key, token, leaseMs, { started: true }))) throw this.#lose(takenOver)
    this.#confirmed = asked
    this.check()
  }

  /** Records that the effect begins in one transaction with its first write, which renews the lease as well. */
  async startWith(changes: Changes, call: CallOptions): Promise<Unfenced> {
    this.check()
    const { ledger, key, token, leaseMs, clock } = this.#options
    const asked = momentOf(clock)
    const outcome = await ledger.start(key, token, leaseMs, changes, call)
    if (outcome.state === 'fenced') throw this.#lose(takenOver)
    if (outcome.state === 'started') this.#confirmed = asked
    return outcome
  }

  /** Renews no more, and refuses what the node still tries to write. */
  end(): void {
    this.#ended = true
    this.#stopTimer()
    for (const { release } of this.#joined.splice(0)) release()
  }

  async #renew(): Promise<void> {
    try {
      this.check()
    } catch {
      return
    }
    const { ledger, key, token, leaseMs, clock, log } = this.#options
    const asked = momentOf(clock)
    try {
      const held = await ledger.renew(key, token, leaseMs)
      if (held) this.#confirmed = asked
      else this.#lose(takenOver)
    } catch (error) {
      log.warn({ key, err: error }, 'an idempotency lease could not be renewed')
    }
  }

  #lose(why: string): CapabilityError {
    const error = lostLease(why)
    if (this.isLost || this.#ended) return error
    const { key, log } = this.#options
    this.#stopTimer()
    log.warn({ key, code: error.code }, `a node lost its idempotency lease while it ran: ${why}`)
    this.#lost.abort(error)
    return error
  }
}

/** What comes of a first write whose holder was not fenced. */
type Unfenced = Exclude<StartOutcome, { readonly state: 'fenced' }>

const takenOver = 'another holder took the key over'

/** Says `unknown` of the effect: what the node did before it lost its lease may have been made. */
export function lostLease(why: string): CapabilityError {
  return new CapabilityError('Cancelled', `this node no longer holds its idempotency key: ${why}`, {
    capability: 'dedupe',
    operation: 'renew',
    code: 'IDEM_LEASE_LOST',
    retryable: 'never',
    applied: 'unknown',
  })
}
