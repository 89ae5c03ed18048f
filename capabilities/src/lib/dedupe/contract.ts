/** The dedupe contract and its ledger: at most one holder of a key at a time. `dedupeConformance` tests its promises. */
import type { DedupeCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'
import type { Changes, CommitOutcome, StartOutcome } from '../transaction/changes.ts'

/**
 * A key: text, or bytes such as a digest. Text and bytes never collide. For `limits.maxKeyBytes`, a text counts as its UTF-8
 * bytes plus 2, bytes count as 4/3 of their length plus 2.
 */
export type DedupeKey = string | Uint8Array

export interface BeginOptions extends CallOptions {
  /** Length of the lease in milliseconds. After it ends, another caller may take the key. The holder can `renew` it. */
  readonly leaseMs: number
  /**
   * Digest of the request, not empty. The same key with another fingerprint is `ConditionNotMatch` with code `IDEM099`.
   */
  readonly fingerprint: string
  /**
   * Identifies the caller of the request: 1 to 128 letters, digits, `-` and `_`, such as a digest of the principal. The
   * store returns it with the key, also after another caller takes over an unknown key. The store does not compare owners:
   * the caller decides what another owner may do with the key. Default: no owner.
   */
  readonly owner?: string
  /**
   * Whether the effect counts as started now. When the lease ends without a result, a key with a started effect is `unknown`
   * until it is settled; any other key is free again. Default false: `renew` with `started` marks the start.
   */
  readonly started?: boolean
  /** Takes over an unknown key if this is still its fencing token. The key keeps its original fingerprint and owner. */
  readonly over?: number
}

export interface RenewOptions extends CallOptions {
  /** Marks the start of the effect: the key is `unknown` if its lease later ends without a result. Default false. */
  readonly started?: boolean
}

export interface UnknownsOptions extends CallOptions {
  /** The `cursor` of the previous page. Default: the first page. */
  readonly cursor?: string
  /** Keys on the page, 1 to 1000. Default 100. */
  readonly limit?: number
}

export interface TakeOverOptions extends CallOptions {
  /** Fencing token of the key's last holder, as the caller saw it. */
  readonly fence: number
  /** Milliseconds the new holder has to settle the key. After that, the key is unknown again. */
  readonly leaseMs: number
}

/** The state of a key. */
export type KeyState =
  | { readonly state: 'free' }
  | (TakenKey & { readonly state: 'in_flight'; readonly leaseEndsInMs: number })
  | (TakenKey & { readonly state: 'unknown'; readonly sinceMs: number })
  | (TakenKey & { readonly state: 'done'; readonly result: unknown })

export interface TakenKey {
  /** The `fingerprint` that `begin` recorded; `''` for a key of `putIfAbsent`. */
  readonly fingerprint: string
  /** The `owner` that `begin` recorded; absent without one, as in records of earlier versions. */
  readonly owner?: string
  readonly fence: number
}

/** A key whose effect was started and whose outcome was not recorded. The effect may or may not have been applied. */
export interface UnknownKey {
  readonly key: DedupeKey
  /** Fencing token of its last holder; pass it to `settleKey` or `takeOver`. */
  readonly fence: number
  /** Milliseconds since its lease ended. */
  readonly sinceMs: number
}

/** The answer of `begin`. */
export type BeginResult =
  /**
   * The caller holds the key until the lease ends. `token` identifies the holder to this store; the fencing token `fence`
   * grows with every holder of the key, so that a sink can refuse an older holder.
   */
  | { readonly state: 'fresh'; readonly token: string; readonly fence: number }
  /** Another caller holds the key; try again after `retryAfterMs`. */
  | { readonly state: 'in_flight'; readonly retryAfterMs: number }
  /** An effect may have started, and its holder's lease ended without a result. */
  | {
      readonly state: 'unknown'
      readonly fence: number
      readonly sinceMs: number
      /** The `owner` that `begin` recorded; absent without one, as in records of earlier versions. */
      readonly owner?: string
    }
  /** The work is done; `result` is the value passed to `complete`. */
  | { readonly state: 'done'; readonly result: unknown }

export interface DedupeStore {
  readonly info: DedupeCapabilityInfo
  /** Atomically reserves the key: exactly one of any number of callers gets `true`, until the TTL ends or `forget`. */
  putIfAbsent(key: DedupeKey, ttlMs: number, options?: CallOptions): Promise<boolean>
  /** Removes the record of the key. Forgetting an absent key is no error. */
  forget(key: DedupeKey, options?: CallOptions): Promise<void>
  /** Takes the key for the caller, or resolves its state. */
  begin(key: DedupeKey, options: BeginOptions): Promise<BeginResult>
  /**
   * Records the result, any JSON value (`undefined` is stored as `null`), for `ttlMs`. Resolves `false` and records nothing
   * when the token is no longer the holder's: the lease ended and another caller took over. A second call with the same
   * token resolves `true`.
   */
  complete(
    key: DedupeKey,
    token: string,
    result: unknown,
    ttlMs: number,
    options?: CallOptions,
  ): Promise<boolean>
  /**
   * Like `complete`, in one transaction with the changes of a `Transaction` over stores with the same `info.transaction`. A
   * second call with the same token resolves `'committed'` and changes nothing. `Unsupported` without `info.transaction`.
   */
  commit(
    key: DedupeKey,
    token: string,
    result: unknown,
    ttlMs: number,
    changes: Changes,
    options?: CallOptions,
  ): Promise<CommitOutcome>
  /**
   * Like `renew` with `started`, in one transaction with the changes. A second call makes the changes again. A holder whose
   * key was taken over writes nothing. `Unsupported` without `info.features.startsWithWrites`.
   */
  start(
    key: DedupeKey,
    token: string,
    leaseMs: number,
    changes: Changes,
    options?: CallOptions,
  ): Promise<StartOutcome>
  /** Frees the key, for a holder that applied no effect. Resolves `false` when the token is no longer the holder's. */
  release(key: DedupeKey, token: string, options?: CallOptions): Promise<boolean>
  /** Extends the lease to `leaseMs` from now. Resolves `false` when the token is no longer the holder's. */
  renew(key: DedupeKey, token: string, leaseMs: number, options?: RenewOptions): Promise<boolean>
  /**
   * Ends the lease now: the key becomes unknown if its effect was started, else free. Resolves `false` when the token is no
   * longer the holder's.
   */
  abandon(key: DedupeKey, token: string, options?: CallOptions): Promise<boolean>
  /**
   * Resolves one page of unknown keys, in no particular order. A page may have fewer keys than its limit, even zero, before
   * the last page: only a `cursor` of `null` ends the list. `Unsupported` without `info.features.unknowns`.
   */
  unknowns(
    options?: UnknownsOptions,
  ): Promise<{ readonly keys: readonly UnknownKey[]; readonly cursor: string | null }>
  /** Resolves the state of the key and changes nothing. `Unsupported` without `info.features.unknowns`. */
  look(key: DedupeKey, options?: CallOptions): Promise<KeyState>
  /**
   * Takes over an unknown key whose last holder had this `fence`. Resolves `null` and changes nothing when the key is free,
   * held or done, or has had a later holder. The key keeps its original fingerprint and owner, and is unknown again when the
   * new lease ends. `Unsupported` without `info.features.unknowns`.
   */
  takeOver(
    key: DedupeKey,
    options: TakeOverOptions,
  ): Promise<{ readonly token: string; readonly fence: number } | null>
}
