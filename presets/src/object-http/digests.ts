/** Digests of bodies: SHA-256 for signatures and checksums, MD5 for etags and what S3 still wants it for. */
import type { Awaitable } from '@flowport/capabilities'
import { md5 } from '@noble/hashes/legacy.js'
import { sha256 } from '@noble/hashes/sha2.js'

/** A digest taken piece by piece. */
export interface RunningDigest {
  update(bytes: Uint8Array): void
  digest(): Uint8Array
}

export interface Digests {
  sha256(bytes: Uint8Array<ArrayBuffer>): Awaitable<Uint8Array>
  running(algorithm: 'sha256' | 'md5'): RunningDigest
  /** Whether `running` is as fast as `sha256`, so that a part is better digested while it is read. */
  readonly fastRunning: boolean
}

/** Digests for every platform: Web Crypto where a body is at hand, a library where it streams, which Web Crypto cannot. */
export const webDigests: Digests = {
  sha256: async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)),
  running: (algorithm) => (algorithm === 'md5' ? md5.create() : sha256.create()),
  fastRunning: false,
}

/** A stream that digests the bytes that pass. */
export function digested(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  digest: RunningDigest,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        digest.update(chunk)
        controller.enqueue(chunk)
      },
    }),
  )
}
