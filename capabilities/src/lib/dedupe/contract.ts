/** The dedupe contract and its ledger: at most one holder of a key at a time. Proven by `dedupeConformance`. */
import type { DedupeCapabilityInfo } from '../guarantees/info.ts'
import type { CallOptions } from '../kv/contract.ts'

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
}

/** What `begin` found. */
export type BeginResult =
  /** The caller holds the key until the lease ends; `token` is its fencing token. */
  | { readonly state: 'fresh'; readonly token: string }
  /** Somebody else holds it; ask again after `retryAfterMs`. */
  | { readonly state: 'in_flight'; readonly retryAfterMs: number }
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
  /** Gives the key back without a result. Resolves `false` when the token is no longer the holder's. */
  release(key: DedupeKey, token: string, options?: CallOptions): Promise<boolean>
  /** Extends the lease from now. Resolves `false` when the token is no longer the holder's. */
  renew(key: DedupeKey, token: string, leaseMs: number, options?: CallOptions): Promise<boolean>
}
