/** Decodes the bytes of a text body, for every host. */

const decoder = new TextDecoder()

/** The body as text, without a byte order mark. */
export function textOf(bytes: Uint8Array): string {
  return bytes.length === 0 ? '' : decoder.decode(bytes)
}
