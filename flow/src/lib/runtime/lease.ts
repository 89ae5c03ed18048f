/** Keeps the lease of a key while its node runs, and stops the node when the lease is lost. */
import { CapabilityError, type Clock, type DedupeStore, every, type Logger } from '@flowport/capabilities'

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
  readonly #stop: () => void
  /** When the lease that holds now was asked for: the store counts from a later moment. */
  #confirmed: Moment

  constructor(options: LeaseOptions) {
    this.#options = options
    this.#confirmed = options.asked
    // Thrice in its time: one renewal may get lost.
    this.#stop = every(options.clock, Math.max(options.leaseMs / 3, 1), () => this.#renew())
  }

  /** Fires with `IDEM_LEASE_LOST` as soon as another holder may have the key. */
  get signal(): AbortSignal {
    return this.#lost.signal
  }

  get isLost(): boolean {
    return this.#lost.signal.aborted
  }

  /**
   * Throws `IDEM_LEASE_LOST` when the lease is over by either clock: a process that was stopped finds out here, before
   * its timers have run. A stop between this check and the write that follows cannot be noticed by anybody but the sink.
   */
  check(): void {
    const { clock, leaseMs } = this.#options
    const { now, monotonic } = momentOf(clock)
    if (now - this.#confirmed.now >= leaseMs || monotonic - this.#confirmed.monotonic >= leaseMs)
      this.#lose('its lease ended before it was renewed')
    if (this.isLost) throw this.#lost.signal.reason
  }

  /** Renews no more. */
  stop(): void {
    this.#stop()
  }

  #renew(): void {
    try {
      this.check()
    } catch {
      return
    }
    const { ledger, key, token, leaseMs, clock, log } = this.#options
    const asked = momentOf(clock)
    ledger.renew(key, token, leaseMs).then(
      (held) => {
        if (held) this.#confirmed = asked
        else this.#lose('another holder took the key over')
      },
      (error: unknown) => log.warn({ key, err: error }, 'an idempotency lease could not be renewed'),
    )
  }

  #lose(why: string): void {
    if (this.isLost) return
    const { key, log } = this.#options
    this.#stop()
    log.warn({ key, code: 'IDEM_LEASE_LOST' }, `a node lost its idempotency lease while it ran: ${why}`)
    this.#lost.abort(
      new CapabilityError('Cancelled', `this node no longer holds its idempotency key: ${why}`, {
        capability: 'dedupe',
        operation: 'renew',
        code: 'IDEM_LEASE_LOST',
        retryable: 'never',
      }),
    )
  }
}
