/**
 * Pending work of one request. The service worker passes it to `waitUntil`, because the browser stops an idle service worker.
 */
import type { KeepAlive } from './keep-alive.ts'

export class Work {
  readonly #all: Promise<unknown>[] = []

  add(work: Promise<unknown>): void {
    this.#all.push(work)
  }

  /**
   * Resolves when all work has ended, including work added meanwhile. Ignores failures, which are handled where the work
   * starts.
   */
  async done(): Promise<void> {
    for (const work of this.#all) await work.catch(() => undefined)
  }

  /**
   * Returns the response. Reading its body, until the end or until the reader cancels, counts as work. The body ends with an
   * error before the browser stops the service worker.
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
