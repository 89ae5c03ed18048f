/**
 * What a provider supplies to be a dedupe store. Every method is one atomic step at the store, on the store's clock. A
 * record is live until the moment its lease or time to live ends; one in flight stays its token's after that, until
 * another takes the key.
 */
import type { DedupeCapabilityInfo } from '../guarantees/info.ts'
import type { Awaitable, DriverCall } from '../kv/driver.ts'

/** How the ledger stands after `begin`. `fingerprint` is the recorded one. */
export type DriverBegin =
  | { readonly state: 'fresh' }
  | { readonly state: 'in_flight'; readonly fingerprint: string; readonly leaseEndsInMs: number }
  | { readonly state: 'done'; readonly fingerprint: string; readonly result: string }

export interface DedupeDriver {
  readonly info: DedupeCapabilityInfo
  /**
   * Records `token` under the key when nothing live is there. `true` when it did, or when the live record is this
   * very token's (a retried call).
   */
  reserve(key: string, token: string, ttlMs: number, call: DriverCall): Awaitable<boolean>
  /**
   * Takes the key for `token` when nothing live is there or the lease has ended. `fresh` also when the live record is
   * this very token's (a retried call). A record made by `reserve` stands as done with result `'null'` and fingerprint
   * `''`.
   */
  begin(
    key: string,
    token: string,
    leaseMs: number,
    fingerprint: string,
    call: DriverCall,
  ): Awaitable<DriverBegin>
  /** Records the result if the record is `token`'s, in flight or already done; otherwise `false`. */
  complete(key: string, token: string, result: string, ttlMs: number, call: DriverCall): Awaitable<boolean>
  /** Removes the record if it is `token`'s and in flight; otherwise `false`. */
  release(key: string, token: string, call: DriverCall): Awaitable<boolean>
  /** Moves the lease's end if the record is `token`'s and in flight; otherwise `false`. */
  renew(key: string, token: string, leaseMs: number, call: DriverCall): Awaitable<boolean>
  forget(key: string, call: DriverCall): Awaitable<void>
  check?(call: DriverCall): Awaitable<void>
  close?(): Awaitable<void>
}
