/** Gives a request a readable body stream, even in browsers without `Request.body`. */

/**
 * Returns the request itself. Without `Request.body` (Firefox), the first read loads all its bytes, which are then streamed.
 */
export function withReadableBody(request: Request): Request {
  if ((request.body as unknown) !== undefined) return request
  const isEmpty = request.method === 'GET' || request.method === 'HEAD'
  const value = isEmpty ? null : lazily(() => request.blob())
  return Object.defineProperty(request, 'body', { value })
}

function lazily(read: () => Promise<Blob>): ReadableStream<Uint8Array<ArrayBuffer>> {
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined
  return new ReadableStream(
    {
      async pull(controller) {
        reader ??= (await read()).stream().getReader()
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
