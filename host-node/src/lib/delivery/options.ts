/** Options for delivering messages and scheduled runs on this host. */
import type { Clock } from '@flowport/capabilities'

export interface DeliveryOptions {
  /** Deadline of a delivery in milliseconds, if its trigger declares none. Default 30 000. */
  readonly deadlineMs?: number
  /**
   * Longest lease in milliseconds on a queue that renews leases. While a delivery works, its lease is renewed after each third
   * of this time. A dead process holds its messages for at most this long. At least 1000. Default 60 000.
   */
  readonly renewedLeaseMs?: number
  /**
   * Milliseconds that a message stays leased after its deadline, as time to settle it. On a queue that does not renew leases, a
   * dead process holds its messages for the deadline plus this margin. Default 10 000.
   */
  readonly leaseMarginMs?: number
  /** Longest pause in milliseconds between two polls of an empty queue. The pause grows from 50 to this value. Default 1000. */
  readonly idleMs?: number
  /** Clock for pauses, leases and schedules. Default: the system clock. */
  readonly clock?: Clock
  /** Returns a number in [0, 1), for the jitter of retry delays. Default `Math.random`. */
  readonly random?: () => number
}
