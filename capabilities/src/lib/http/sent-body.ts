/** A streamed body of a request, which knows whether it was the one that failed: then the server has nothing to do with it. */

export interface SentBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>
  /** What the caller's stream failed with; `undefined` while it has not. */
  failure(): { readonly error: unknown } | undefined
}

/** Reads the caller's stream no faster than it is sent. */
export function sentBody(body: ReadableStream<Uint8Array<ArrayBuffer>>): SentBody {
  const reader = body.getReader()
  let failed: { readonly error: unknown } | undefined
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (done) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          failed = { error }
          controller.error(error)
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
  return { stream, failure: () => failed }
}
