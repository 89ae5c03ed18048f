/** SHA-256 as 64 hexadecimal digits. */
import type { Digest } from './runtime/run-view.ts'

export async function hexDigest(content: string | Uint8Array<ArrayBuffer>, digest: Digest): Promise<string> {
  return hexOf(await digest(typeof content === 'string' ? new TextEncoder().encode(content) : content))
}

/** Two lower-case digits for each byte. */
export function hexOf(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += hex[byte]
  return text
}

/** Two digits for each byte. */
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
