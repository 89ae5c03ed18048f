/** Gives a stream the length it is known to have, in the way the platform's `fetch` understands. */

interface FixedLength {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>
}

/** Workers' own class; absent elsewhere. */
export type FixedLengthClass = new (length: number) => FixedLength

/** Workers' `FixedLengthStream`, or `undefined` on other platforms. */
export function platformFixedLength(): FixedLengthClass | undefined {
  return (globalThis as { readonly FixedLengthStream?: FixedLengthClass }).FixedLengthStream
}

/** The stream to send, and the headers with its length. */
export function fixedLength(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  size: number,
): { readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>; readonly headers: Record<string, string> } {
  const Fixed = platformFixedLength()
  // Node's fetch sends a stream with this header in one piece, and chunked without it, which S3 refuses.
  if (Fixed === undefined) return { stream: body, headers: { 'content-length': String(size) } }
  const { readable, writable } = new Fixed(size)
  body.pipeTo(writable).catch(() => undefined) // The reading end fails with the same error.
  return { stream: readable, headers: {} }
}
