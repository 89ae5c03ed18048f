/** How this host delivers messages and scheduled runs. */
import type { Clock } from '@flowport/capabilities'

export interface DeliveryOptions {
  /** Milliseconds a delivery may work, where its trigger does not say. Default 30 000. */
  readonly deadlineMs?: number
  /**
   * Longest lease in milliseconds on a queue that renews leases: it is renewed after every third of it while the delivery
   * works. A process that dies holds its messages for that long at most. At least 1000. Default 60 000.
   */
  readonly renewedLeaseMs?: number
  /**
   * Milliseconds a message stays leased beyond its deadline: time to tell the queue how it went. On a queue that does not
   * renew leases, a process that dies holds its messages for deadline and margin together. Default 10 000.
   */
  readonly leaseMarginMs?: number
  /** Longest pause in milliseconds between two looks at an empty queue; it grows to that from 50. Default 1000. */
  readonly idleMs?: number
  /** Default the system clock. */
  readonly clock?: Clock
  /** A number in [0, 1), for the jitter of pauses. Default `Math.random`. */
  readonly random?: () => number
}
