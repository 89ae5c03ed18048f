/** What one request still has to do: the browser ends a service worker that seems idle, so it is told of all of it. */
import type { KeepAlive } from './keep-alive.ts'

export class Work {
  readonly #all: Promise<unknown>[] = []

  add(work: Promise<unknown>): void {
    this.#all.push(work)
  }

  /** Resolves when all of it has ended, what was added meanwhile included. Failures are told where the work began. */
  async done(): Promise<void> {
    for (const work of this.#all) await work.catch(() => undefined)
  }

  /**
   * The response; reading its body, to the end or until the reader goes away, is part of the work. The body ends with an error
   * before the browser stops the service worker.
   */
  untilRead(response: Response, alive: KeepAlive): Response {
    const { body, status, statusText, headers } = response
    if (body === null) return response
    const ended = Promise.withResolvers<void>()
    this.add(ended.promise)
    const reader = body.getReader()
    let calm: () => void = () => undefined
    void ended.promise.then(() => calm())
    const read = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start(controller) {
          calm = alive.streaming((reason) => {
            controller.error(reason)
            ended.resolve()
            reader.cancel(reason).catch(() => undefined)
          })
        },
        async pull(controller) {
          try {
            const { done, value } = await reader.read()
            if (!done) return controller.enqueue(value)
            controller.close()
          } catch (error) {
            controller.error(error)
          }
          ended.resolve()
        },
        async cancel(reason) {
          ended.resolve()
          await reader.cancel(reason)
        },
      },
      { highWaterMark: 0 },
    )
    return new Response(read, { status, statusText, headers })
  }
}
