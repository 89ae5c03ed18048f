/**
 * SHA-256 for the runtime. Small inputs are digested synchronously, because WebCrypto's thread costs more than their digest.
 */
import { createHash } from 'node:crypto'
import type { RuntimeOptions } from '@flowport/flow'

/** Largest input in bytes that is digested synchronously, in about 0.2 ms at most. Larger inputs go to WebCrypto's thread. */
const maxAtOnce = 64 * 1024

export const digest: NonNullable<RuntimeOptions['digest']> = async (bytes) =>
  bytes.byteLength <= maxAtOnce
    ? createHash('sha256').update(bytes).digest()
    : new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
