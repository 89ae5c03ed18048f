/** A request's body as a web stream that can be refused while it is read, without closing the connection. */
import { truncated } from '@flowport/flow/http'
import type { IncomingMessage } from 'node:http'

export interface RequestStream {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  /** Ends the stream with an error. Leaves the request open, so that the answer can still be sent. */
  fail(error: Error): void
  /** Removes the listeners from the request. Call it when the stream will not be read further. */
  release(): void
}

/**
 * Returns a stream that reads only on demand. A body that breaks off errors with `TRUNCATED_BODY`. Does not use the request's
 * own iterator, which destroys the connection when the body is refused.
 */
export function requestStream(raw: IncomingMessage): RequestStream {
  let failure: Error | undefined
  let isListening = false
  let wake: () => void = nothing

  const look = () => wake()
  const broken = () => fail(truncated())
  const closed = () => {
    if (!raw.readableEnded) broken()
  }

  function fail(error: Error): void {
    failure ??= error
    wake()
  }
  function listen(): void {
    isListening = true
    raw.on('readable', look).on('end', look).on('error', broken).on('close', closed)
    if (raw.destroyed) closed()
  }
  function release(): void {
    raw.off('readable', look).off('end', look).off('error', broken).off('close', closed)
  }

  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        if (!isListening) listen()
        for (;;) {
          const chunk = failure === undefined ? (raw.read() as Buffer<ArrayBuffer> | null) : null
          if (chunk !== null) return controller.enqueue(chunk)
          if (failure !== undefined || raw.readableEnded) break
          await new Promise<void>((resolve) => (wake = resolve))
        }
        release()
        if (failure === undefined) controller.close()
        else controller.error(failure)
      },
      cancel() {
        release()
        raw.resume()
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, fail, release }
}

const nothing = () => undefined
