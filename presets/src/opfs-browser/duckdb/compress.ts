/** Does what the ending `.gz` of a file promises: the engine's build for browsers leaves it undone. */
import { hasParquet } from './engine.ts'

export function isCompressed(uri: string): boolean {
  return /\.gz$/i.test(uri)
}

/** Newer versions unpack by themselves what they read. */
export function readsCompressed(version: string): boolean {
  return !hasParquet(version)
}

/** The bytes as they are to be stored; compressed ones are left as they are. */
export async function compressed(uri: string, bytes: Uint8Array): Promise<Uint8Array> {
  if (!isCompressed(uri) || (bytes[0] === 0x1f && bytes[1] === 0x8b)) return bytes
  const stream = new Blob([Uint8Array.from(bytes)]).stream().pipeThrough(new CompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
