/**
 * Digests of streams, taken piece by piece, which Web Crypto cannot. Loaded when first asked for, so it imports nothing of
 * the core. For telling files apart and whole, not for secrets: it takes no care of timing.
 */
import { md5 } from './md5.ts'
import { sha256 } from './sha256.ts'
import { sha512 } from './sha512.ts'

export interface RunningDigest {
  update(bytes: Uint8Array): void
  /** Call it once. */
  digest(): Uint8Array
}

/** In hexadecimal; `null` when there is no such algorithm. */
export async function hashOf(stream: ReadableStream<Uint8Array>, algorithm: string): Promise<string | null> {
  if (!Object.hasOwn(digests, algorithm)) return null
  const running = digests[algorithm as keyof typeof digests]()
  const reader = stream.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) running.update(read.value)
  return Array.from(running.digest(), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export const digests = {
  sha256,
  sha384: () => sha512('sha384'),
  sha512: () => sha512('sha512'),
  md5,
} as const satisfies Readonly<Record<string, () => RunningDigest>>
