/** The clock contract: time as an argument, so tests control it. */
import type { CallOptions } from '../kv/contract.ts'

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number
  /**
   * Resolves after `ms` milliseconds, however many; at once for 0 and less. Rejects with the signal's reason as soon as it
   * fires, and with `InvalidInput` for what is no finite number.
   */
  sleep(ms: number, options?: CallOptions): Promise<void>
}
