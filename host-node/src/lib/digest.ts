/** SHA-256 for the runtime. WebCrypto's runs on a thread, which costs small inputs more than the digest itself. */
import { createHash } from 'node:crypto'
import type { RuntimeOptions } from '@flowport/flow'

/** Bytes that are digested at once, in about 0.2 ms at most. Larger inputs go to a thread. */
const maxAtOnce = 64 * 1024

export const digest: NonNullable<RuntimeOptions['digest']> = async (bytes) =>
  bytes.byteLength <= maxAtOnce
    ? createHash('sha256').update(bytes).digest()
    : new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
