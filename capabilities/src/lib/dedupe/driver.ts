/**
 * What a provider supplies to be a dedupe store. Every method is one atomic step at the store, on the store's clock. A
 * record is live until the moment its lease or time to live ends; one in flight stays its token's after that, until
 * another takes the key. `steps.ts` has every step as a pure function.
 */
import type { DedupeCapabilityInfo } from '../guarantees/info.ts'
import type { Awaitable, DriverCall } from '../kv/driver.ts'
import type { TakenKey } from './contract.ts'
import type {
  Changes,
  CommitOutcome,
  CommitRecord,
  StartOutcome,
  StartRecord,
} from '../transaction/changes.ts'

/** How the ledger stands after `begin`. `fingerprint` is the recorded one, exactly as `begin` got it. */
export type DriverBegin =
  /** `fence` is above the fence of every earlier holder of the key, also of those whose record was removed. */
  | { readonly state: 'fresh'; readonly fence: number }
  | { readonly state: 'in_flight'; readonly fingerprint: string; readonly leaseEndsInMs: number }
  /** An effect may have begun, and the lease ended `sinceMs` ago without a result. `fence` is its last holder's. */
  | {
      readonly state: 'unknown'
      readonly fingerprint: string
      readonly fence: number
      readonly sinceMs: number
    }
  | { readonly state: 'done'; readonly fingerprint: string; readonly result: string }

export interface BeginCall extends DriverCall {
  /** Whether the effect counts as begun with the record. Default false: it begins with `renew(…, { started: true })`. */
  readonly started?: boolean
  /** Take over an unknown key if its fence is still this one. The record stays started and keeps its fingerprint. */
  readonly over?: number
}

export interface RenewCall extends DriverCall {
  /** From now on an effect may have begun. Nothing takes this back. Default false. */
  readonly started?: boolean
}

/** How a key stands. `result` is JSON text. */
export type DriverLook =
  | { readonly state: 'free' }
  | (DriverTaken & { readonly state: 'in_flight'; readonly leaseEndsInMs: number })
  | (DriverTaken & { readonly state: 'unknown'; readonly sinceMs: number })
  | (DriverTaken & { readonly state: 'done'; readonly result: string })

type DriverTaken = Pick<TakenKey, 'fingerprint' | 'fence'>

export interface DriverUnknown {
  readonly key: string
  readonly fence: number
  /** Milliseconds since its lease ended. */
  readonly sinceMs: number
}

export interface DriverUnknownPage {
  readonly keys: readonly DriverUnknown[]
  /** Gives the next page; `null` after the last one. */
  readonly cursor: string | null
}

export interface DedupeDriver {
  readonly info: DedupeCapabilityInfo
  /**
   * Records `token` under the key when nothing live or unknown is there. `true` when it did, or when the live record is
   * this very token's (a retried call).
   */
  reserve(key: string, token: string, ttlMs: number, call: DriverCall): Awaitable<boolean>
  /**
   * Takes the key for `token` when nothing is there, or what is there has ended and is not unknown. `fresh` also when the
   * record in flight is this very token's (a retried call), which changes nothing. A record made by `reserve` stands as
   * done with result `'null'` and fingerprint `''`. The fingerprint may be any text; the owner of the request is part of it.
   */
  begin(
    key: string,
    token: string,
    leaseMs: number,
    fingerprint: string,
    call: BeginCall,
  ): Awaitable<DriverBegin>
  /** Records the result if the record is `token`'s, in flight or already done; otherwise `false`. */
  complete(key: string, token: string, result: string, ttlMs: number, call: DriverCall): Awaitable<boolean>
  /**
   * Records the result and makes the changes in one transaction, if the record is `token`'s and in flight, and everything
   * that was read is still so; otherwise changes nothing. Where the record is `token`'s and done already (a retried call),
   * changes nothing and resolves `'committed'`. An error leaves nothing changed, or says `applied: 'unknown'`. Present
   * exactly where `info.transaction` is.
   */
  commit?(record: CommitRecord, changes: Changes, call: DriverCall): Awaitable<CommitOutcome>
  /**
   * As `renew` with `started`, in one transaction with the changes: if the record is `token`'s and in flight, and everything
   * that was read is still so; otherwise changes nothing. A repeated call makes its writes again. An error leaves nothing
   * changed, or says `applied: 'unknown'`. Present exactly where `info.features.startsWithWrites` is stated.
   */
  start?(record: StartRecord, changes: Changes, call: DriverCall): Awaitable<StartOutcome>
  /** Removes the record if it is `token`'s and in flight; otherwise `false`. */
  release(key: string, token: string, call: DriverCall): Awaitable<boolean>
  /** Moves the lease's end if the record is `token`'s and in flight; otherwise `false`. 0 ms ends the lease now. */
  renew(key: string, token: string, leaseMs: number, call: RenewCall): Awaitable<boolean>
  /**
   * Keys that are unknown, in any order that a cursor can go on from. A page may be short, or empty, while others follow.
   * Absent where the store cannot list them; `look` and `takeOver` are then absent, too.
   */
  unknowns?(cursor: string | null, limit: number, call: DriverCall): Awaitable<DriverUnknownPage>
  /** How the key stands. A lease that ended before its effect began leaves the key `free`. Changes nothing. */
  look?(key: string, call: DriverCall): Awaitable<DriverLook>
  /**
   * Gives the key to `token` if it is unknown and its fence is `over`, or if the record in flight is this very token's (a
   * retried call); otherwise changes nothing. Resolves the new fence, or `null`. The record keeps its fingerprint.
   */
  takeOver?(
    key: string,
    token: string,
    leaseMs: number,
    over: number,
    call: DriverCall,
  ): Awaitable<number | null>
  forget(key: string, call: DriverCall): Awaitable<void>
  check?(call: DriverCall): Awaitable<void>
  close?(): Awaitable<void>
}
