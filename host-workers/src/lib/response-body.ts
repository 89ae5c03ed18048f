/** Response bodies: text that a writer pushes with backpressure, and streams of a known length. */
import type { HttpSink } from '@flowport/flow/http'

/** Buffered bytes above which the writer must wait for the reader. */
const highWaterMark = 64 * 1024

/** Returns a byte stream that `write` fills. Calls `gone` when its reader cancels it. */
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
          // All concurrent writers, such as a heartbeat, wait for the same promise.
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

/**
 * Returns a stream whose length workerd announces. Without `FixedLengthStream`, workerd drops `Content-Length` and sends
 * chunks.
 */
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

/** Returns a stream that sends the text immediately and ends when `rest` has settled, and its length for the header. */
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
