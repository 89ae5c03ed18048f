/** SHA-256 as 64 hexadecimal digits. */
import type { Digest } from './runtime/run-view.ts'

export async function hexDigest(content: string | Uint8Array<ArrayBuffer>, digest: Digest): Promise<string> {
  const bytes = await digest(typeof content === 'string' ? new TextEncoder().encode(content) : content)
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
