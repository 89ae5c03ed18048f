/** What a Durable Object stores at most: https://developers.cloudflare.com/durable-objects/platform/limits/ */

/** SQLite class: the largest row, and the largest text or blob in it, in bytes. "2 MB" on the page, taken as 10^6. */
export const sqliteRowBytes = 2_000_000

/** Key-value class: the longest key (2 KiB). */
export const legacyKeyBytes = 2048

/** Key-value class: the largest value (128 KiB), as V8 serialises it. */
export const legacyValueBytes = 131_072

/** Key-value class: entries one call reads, writes or deletes. */
export const legacyKeysPerCall = 128

/** Largest argument or answer of one RPC: https://developers.cloudflare.com/workers/runtime-apis/rpc/ (32 MiB). */
export const rpcBytes = 32 * 1024 * 1024

/**
 * Most bytes of fingerprint a ledger record takes. The contract has no limit for it; a row and a value have one, and
 * the fingerprint shares it with the result.
 */
export const maxFingerprintBytes = 8192

/** What a row or value holds beside key, fingerprint and result: the token (a UUID), times, and the framing. */
export const recordOverheadBytes = 1024

/** Most bytes of keys, values and metadata in one answer; what is over goes into the next. V8 may need twice as many. */
export const answerBytes: number = rpcBytes / 4
