/** The dedupe contract and its ledger: at most one holder of a key at a time. Proven by `dedupeConformance`. */
import type { DedupeCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'
import type { Changes, CommitOutcome, StartOutcome } from '../transaction/changes.ts'

/**
 * A key: text, or bytes (a digest, say). Text and bytes never collide. Against `limits.maxKeyBytes` a text counts its
 * UTF-8 bytes and 2, bytes count 4/3 and 2.
 */
export type DedupeKey = string | Uint8Array

export interface BeginOptions extends CallOptions {
  /** Milliseconds the holder may work before another may take over. It can `renew`. */
  readonly leaseMs: number
  /**
   * Digest of the request, not empty; the same key with another fingerprint is `ConditionNotMatch` with code `IDEM099`.
   */
  readonly fingerprint: string
  /**
   * Whose request it is: 1 to 128 letters, digits, `-` and `_`, such as a digest of the principal. The store keeps it with
   * the key, also when another caller takes an unknown key over, and hands it back. It compares no owners: what another owner may
   * do with the key is for the caller to decide. Default: not stated.
   */
  readonly owner?: string
  /**
   * Whether the effect counts as begun now. A key whose lease ends after its effect began is `unknown` until somebody
   * settles it; one whose effect had not begun is free again. Default false: `renew` with `started` begins it.
   */
  readonly started?: boolean
  /** Take over an unknown key, if its fence is still this one. The key keeps the fingerprint and the owner it was begun with. */
  readonly over?: number
}

export interface RenewOptions extends CallOptions {
  /** The effect begins: from now on the key is `unknown` when its lease ends without a result. Default false. */
  readonly started?: boolean
}

export interface UnknownsOptions extends CallOptions {
  /** The `cursor` of the page before. */
  readonly cursor?: string
  /** Keys on the page, 1 to 1000. Default 100. */
  readonly limit?: number
}

export interface TakeOverOptions extends CallOptions {
  /** The fence that was seen, of the key's last holder. */
  readonly fence: number
  /** Milliseconds the new holder may take to settle the key. It is unknown again after that. */
  readonly leaseMs: number
}

/** How a key stands. */
export type KeyState =
  | { readonly state: 'free' }
  | (TakenKey & { readonly state: 'in_flight'; readonly leaseEndsInMs: number })
  | (TakenKey & { readonly state: 'unknown'; readonly sinceMs: number })
  | (TakenKey & { readonly state: 'done'; readonly result: unknown })

export interface TakenKey {
  /** Digest of the request it was begun with, `''` for a key of `putIfAbsent`. */
  readonly fingerprint: string
  /** The `owner` it was begun with; absent where none was given, as by earlier versions. */
  readonly owner?: string
  readonly fence: number
}

/** A key whose effect began and whose outcome was never recorded. The effect may or may not have been made. */
export interface UnknownKey {
  readonly key: DedupeKey
  /** The fence of its last holder: `settleKey` and `takeOver` ask for it. */
  readonly fence: number
  /** Milliseconds since its lease ended. */
  readonly sinceMs: number
}

/** What `begin` found. */
export type BeginResult =
  /**
   * The caller holds the key until the lease ends. `token` proves it to this store; `fence` grows with every holder of the
   * key, so that a sink can refuse an older one.
   */
  | { readonly state: 'fresh'; readonly token: string; readonly fence: number }
  /** Somebody else holds it; ask again after `retryAfterMs`. */
  | { readonly state: 'in_flight'; readonly retryAfterMs: number }
  /** An effect may have begun, and its holder's lease ended without a result. */
  | {
      readonly state: 'unknown'
      readonly fence: number
      readonly sinceMs: number
      /** The `owner` it was begun with; absent where none was given, as by earlier versions. */
      readonly owner?: string
    }
  /** The work is done; `result` is what `complete` was given. */
  | { readonly state: 'done'; readonly result: unknown }

export interface DedupeStore {
  readonly info: DedupeCapabilityInfo
  /** Atomic: of any number of callers exactly one gets `true`, until the time to live is over or `forget`. */
  putIfAbsent(key: DedupeKey, ttlMs: number, options?: CallOptions): Promise<boolean>
  /** Removes whatever is recorded under the key. Forgetting what is absent is no error. */
  forget(key: DedupeKey, options?: CallOptions): Promise<void>
  /** Takes the key for one holder, or tells how it stands. */
  begin(key: DedupeKey, options: BeginOptions): Promise<BeginResult>
  /**
   * Records the result, any JSON value (`undefined` is kept as `null`), for `ttlMs`. Resolves `false`, recording nothing, when the token is no longer the holder's:
   * the lease ended and another took over. A second call with the same token resolves `true`.
   */
  complete(
    key: DedupeKey,
    token: string,
    result: unknown,
    ttlMs: number,
    options?: CallOptions,
  ): Promise<boolean>
  /**
   * As `complete`, in one transaction with the changes of a `Transaction` over stores that state the same
   * `info.transaction`. A second call with the same token resolves `'committed'` and changes nothing. `Unsupported` where
   * `info.transaction` is not stated.
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
   * As `renew` with `started`, in one transaction with the changes, which are made again by a second call. A holder whose key
   * was taken over writes nothing. `Unsupported` where `info.features.startsWithWrites` is not stated.
   */
  start(
    key: DedupeKey,
    token: string,
    leaseMs: number,
    changes: Changes,
    options?: CallOptions,
  ): Promise<StartOutcome>
  /** Gives the key back without a result: no effect was made. Resolves `false` when the token is no longer the holder's. */
  release(key: DedupeKey, token: string, options?: CallOptions): Promise<boolean>
  /** Extends the lease from now. Resolves `false` when the token is no longer the holder's. */
  renew(key: DedupeKey, token: string, leaseMs: number, options?: RenewOptions): Promise<boolean>
  /**
   * Ends the lease now: the key is unknown when its effect has begun, else free. Resolves `false` when the token is no
   * longer the holder's.
   */
  abandon(key: DedupeKey, token: string, options?: CallOptions): Promise<boolean>
  /**
   * Unknown keys, a page at a time, in no particular order. A page may have fewer keys than its limit, or none, while others
   * follow: only a `cursor` of `null` ends the list. `Unsupported` where `info.features.unknowns` is not stated.
   */
  unknowns(
    options?: UnknownsOptions,
  ): Promise<{ readonly keys: readonly UnknownKey[]; readonly cursor: string | null }>
  /** How the key stands; changes nothing. `Unsupported` where `info.features.unknowns` is not stated. */
  look(key: DedupeKey, options?: CallOptions): Promise<KeyState>
  /**
   * Takes over an unknown key whose last holder had this `fence`. Resolves `null` and changes nothing when the key is free,
   * held or done, or has had another holder since. The key keeps the fingerprint and the owner it was begun with, and is unknown
   * again when the new lease ends. `Unsupported` where `info.features.unknowns` is not stated.
   */
  takeOver(
    key: DedupeKey,
    options: TakeOverOptions,
  ): Promise<{ readonly token: string; readonly fence: number } | null>
}
