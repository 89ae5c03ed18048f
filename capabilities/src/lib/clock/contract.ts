/** The clock contract: time as an argument, so tests control it. */
import type { CallOptions } from '../kv/contract.ts'

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonic(): number
  /**
   * Resolves after `ms` milliseconds, without an upper limit; immediately for 0 and less. Rejects with the signal's reason
   * when it fires, and with `InvalidInput` when `ms` is not a finite number.
   */
  sleep(ms: number, options?: CallOptions): Promise<void>
}
