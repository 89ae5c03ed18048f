/** The bytes, keys and streams the conformance suites try. */

/** `length` bytes that look random and are the same for the same seed. */
export function sampleBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4))
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1
  for (let i = 0; i < words.length; i++) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[i] = state
  }
  return new Uint8Array(words.buffer, 0, length).slice()
}

/** Every byte there is, so no valid UTF-8. */
export const everyByte: Uint8Array<ArrayBuffer> = Uint8Array.from({ length: 256 }, (_, i) => 255 - i)

/** SHA-256 in hexadecimal. */
export async function digest(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** Text of exactly `bytes` UTF-8 bytes, mostly characters of three bytes. */
export function textOfBytes(bytes: number, ascii = 'k'): string {
  return '€'.repeat(Math.floor(bytes / 3)) + ascii.repeat(bytes % 3)
}

export interface SampleStream {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  /** Bytes asked for so far. */
  pulled(): number
  /** Whether the reader let go of it. */
  cancelled(): boolean
}

/** Makes its chunks when they are asked for. `onPull` sees each number from 0 and may throw or wait. */
export function sampleStream(
  bytes: Uint8Array<ArrayBuffer>,
  { chunk = 65_536, onPull }: { chunk?: number; onPull?: (index: number) => unknown } = {},
): SampleStream {
  let offset = 0
  let index = 0
  let cancelled = false
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        await onPull?.(index++)
        if (cancelled) return
        if (offset < bytes.byteLength) controller.enqueue(bytes.slice(offset, offset + chunk))
        offset += chunk
        if (offset >= bytes.byteLength) controller.close()
      },
      cancel() {
        cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, pulled: () => Math.min(offset, bytes.byteLength), cancelled: () => cancelled }
}

/** Never settles: a source that hangs. */
export function never(): Promise<never> {
  return new Promise(() => undefined)
}

/** All bytes of a stream, and how many chunks they came in. */
export async function drain(
  stream: ReadableStream<Uint8Array>,
): Promise<{ bytes: Uint8Array<ArrayBuffer>; chunks: number }> {
  let chunks = 0
  const counted = stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        chunks += 1
        controller.enqueue(chunk)
      },
    }),
  )
  const bytes = new Uint8Array(
    await new Response(counted as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer(),
  )
  return { bytes, chunks }
}

/** Single segments that some store, path or query language would change or mix up. */
export const awkwardSegments: readonly string[] = [
  ' ',
  'a b',
  ' leading',
  'trailing ',
  'a+b',
  'a%b',
  'a%2Fb',
  'a%20b',
  '%',
  '100%25',
  'a?b=c&d',
  'a#b',
  'a&b;c',
  "it's",
  '"quoted"',
  '`tick`',
  '<tag>',
  'a|b',
  'a*b',
  'a:b',
  'a,b;c=d',
  '[a]{b}(c)',
  '$var',
  '~',
  '^',
  '!',
  '@',
  '-dash',
  '--',
  '_',
  '.hidden',
  '..double',
  '...',
  'trailing.',
  'a..b',
  'CON',
  'nul.txt',
  'COM1',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'toString',
  'null',
  'undefined',
  'case',
  'Case',
  'CASE',
  '\u00e9', // é composed
  'e\u0301', // é decomposed
  'ß',
  'SS',
  '\u03a9', // capital omega
  '\u2126', // ohm sign
  '\ufb01', // ligature fi
  'fi',
  '日本語',
  'עברית',
  '😀',
  '👩‍👩‍👧‍👦',
  '\u200b', // zero width space
  '\u202e', // right-to-left override
  '\u00a0', // no-break space
  '\ufeff', // byte order mark
  '\u{10ffff}',
]

/** Control characters and code points that text formats such as XML cannot hold. */
export const controlSegments: readonly string[] = [
  'tab\there',
  'line\nbreak',
  'carriage\rreturn',
  '\u0001start',
  'bell\u0007',
  'escape\u001b[0m',
  'delete\u007f',
  'next\u0085line',
  'separator\u2028',
  'not a character\uffff',
]

/** Keys in UTF-8 byte order; UTF-16 order would put U+1F600 before U+E000 and U+FF5E. */
export const byteOrdered: readonly string[] = [
  '!',
  '0',
  'A',
  'Z',
  'Za',
  'a',
  'a!',
  'a-b',
  'aa',
  'b',
  '~',
  '\u007f',
  '\u0080',
  '\u00e9',
  '\u07ff',
  '\u0800',
  '\ud7ff',
  '\ue000',
  '\uff5e',
  '\uffff',
  '\u{10000}',
  '😀',
  '\u{10ffff}',
]
