/** Bodies of responses: text that a writer pushes at the reader's pace, and streams of a known length. */
import type { HttpSink } from '@flowport/flow/http'

/** Bytes that wait for the reader before the writer is told to wait. */
const highWaterMark = 64 * 1024

/** A byte stream that `write` fills. Calls `gone` when its reader cancels it. */
export function pushedStream(
  write: (sink: HttpSink) => Promise<void>,
  gone: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  let wake: (() => void) | undefined
  let waiting: Promise<void> | undefined
  let started = false
  let closed = false
  const awake = () => {
    waiting = undefined
    wake?.()
  }
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        awake()
        if (started) return
        started = true
        const push = (text: string): Promise<void> | undefined => {
          if (closed) return undefined
          controller.enqueue(encoder.encode(text))
          if ((controller.desiredSize ?? 0) > 0) return undefined
          // Whoever writes meanwhile, such as a heartbeat, waits for the same.
          waiting ??= new Promise((resolve) => {
            wake = resolve
          })
          return waiting
        }
        void write({ write: push }).then(() => {
          if (!closed) controller.close()
          closed = true
        })
      },
      cancel() {
        closed = true
        awake()
        gone()
      },
    },
    { highWaterMark, size: (chunk) => chunk.byteLength },
  )
}

/** A stream whose length the platform announces: without it, workerd drops the header and sends chunks. */
export function sizedStream(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  length: string | undefined,
  gone: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const Sized = (globalThis as { FixedLengthStream?: SizedStream }).FixedLengthStream
  if (Sized === undefined || length === undefined) return body
  const { readable, writable } = new Sized(Number(length))
  body.pipeTo(writable).catch(gone)
  return readable
}

/** A text that is sent at once, in a stream that ends when `rest` has settled; and its length, as a header has it. */
export function lingering(
  text: string,
  rest: Promise<void>,
): { readonly body: ReadableStream<Uint8Array<ArrayBuffer>>; readonly length: string } {
  const bytes = new TextEncoder().encode(text)
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      start: (controller) => controller.enqueue(bytes),
      async pull(controller) {
        await rest
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return { body, length: String(bytes.byteLength) }
}

type SizedStream = new (
  length: number,
) => {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>
}
