/** What makes two requests with one key the same request: method, target and the bytes of the body. */
import type { Digest } from '../../runtime/run-view.ts'
import type { HttpCall } from '../call.ts'
import { hexDigest } from '../../hex-digest.ts'

/**
 * The fingerprint of a request whose body is streamed. Its key is reserved before the body is read, so that method and target
 * count here; the digest of the body is kept with the answer.
 */
export async function streamedFingerprint(call: HttpCall, digest: Digest): Promise<string> {
  return `streamed:${await hexDigest(targetOf(call), digest)}`
}

/** The fingerprint of a request whose body has been read, or that has none. */
export function fingerprintOf(
  call: HttpCall,
  body: Uint8Array<ArrayBuffer>,
  digest: Digest,
): Promise<string> {
  const head = new TextEncoder().encode(targetOf(call))
  const whole = new Uint8Array(head.byteLength + body.byteLength)
  whole.set(head)
  whole.set(body, head.byteLength)
  return hexDigest(whole, digest)
}

/** The target ends with a line break, which no target can contain. */
function targetOf({ method, path, query }: HttpCall): string {
  return `${method} ${path}${query === '' ? '' : `?${query}`}\n`
}
