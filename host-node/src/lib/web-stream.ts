/** Node's readables as web streams. */
import type { Readable } from 'node:stream'

/**
 * A readable as a byte stream that pulls no more than it is asked for. Cancelling it discards the rest instead of
 * destroying the readable: on a request that would close the connection before its answer is sent.
 */
export function toWebStream(
  readable: Readable,
  translate: (error: unknown) => unknown,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const chunks = readable.iterator({ destroyOnReturn: false }) as AsyncIterator<
    Buffer<ArrayBuffer>,
    undefined
  >
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next()
          if (done === true) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          controller.error(translate(error))
        }
      },
      async cancel() {
        await chunks.return?.()
        readable.resume()
      },
    },
    { highWaterMark: 0 },
  )
}
