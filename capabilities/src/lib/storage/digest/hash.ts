/**
 * Digests of streams, taken piece by piece, which Web Crypto cannot. Loaded when first asked for, so it imports nothing of
 * the core. For telling files apart and whole.
 */
import { md5 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'

/** In hexadecimal; `null` when there is no such algorithm. */
export async function hashOf(stream: ReadableStream<Uint8Array>, algorithm: string): Promise<string | null> {
  if (!Object.hasOwn(digests, algorithm)) return null
  const running = digests[algorithm as keyof typeof digests].create()
  const reader = stream.getReader()
  for (let read = await reader.read(); !read.done; read = await reader.read()) running.update(read.value)
  return bytesToHex(running.digest())
}

export const digests = { sha256, sha384, sha512, md5 } as const
