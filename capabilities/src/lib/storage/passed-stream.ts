/** Passes a stream on at its reader's pace, with errors of one's own and word of its end. */

export interface PassedOptions {
  /** Called once, however the stream ends. */
  readonly onEnd: () => void
  readonly errorOf: (error: unknown) => unknown
}

export function passed(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  { onEnd, errorOf }: PassedOptions,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          onEnd()
          controller.close()
        } catch (error) {
          onEnd()
          throw errorOf(error)
        }
      },
      async cancel(reason) {
        onEnd()
        await reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
