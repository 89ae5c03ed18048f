/** SHA-256 as 64 hexadecimal digits. */
import type { Digest } from '../../runtime/run-view.ts'

export async function hexDigest(content: string | Uint8Array<ArrayBuffer>, digest: Digest): Promise<string> {
  return hex(await digest(typeof content === 'string' ? new TextEncoder().encode(content) : content))
}

export function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}
