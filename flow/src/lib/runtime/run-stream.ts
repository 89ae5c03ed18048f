/** The answer of a streaming flow: items checked one by one, at the pace of their reader, ended with the run. */
import type { Logger } from '@flowport/capabilities'
import { event, isStreamEvent } from '../node.ts'
import { isOpaque, SchemaError, type StreamSchema, validate } from '../schema.ts'
import { RunError } from './errors.ts'

/** The run whose answer the stream is. */
export interface StreamOwner {
  readonly flow: string
  /** The node that answers. */
  readonly node: string
  readonly log: Logger
  /** Called once, when the stream has ended; with the error it ended with. */
  ended(error: unknown): void
}

export class RunStream implements AsyncIterableIterator<unknown> {
  readonly #items: AsyncIterator<unknown>
  readonly #check: ((item: unknown) => unknown) | null
  readonly #owner: StreamOwner
  #ended = false
  #failure: Error | undefined
  #abandon: ((error: Error) => void) | undefined

  readonly #result: ((value: unknown) => unknown) | null

  /** Whether the stream ends with a value of its own. */
  readonly hasResult: boolean

  constructor(items: AsyncIterable<unknown>, { item, result }: StreamSchema, owner: StreamOwner) {
    this.#items = items[Symbol.asyncIterator]()
    this.#check = isOpaque(item)
      ? null
      : (value) => validate(item, value, 'an item of the stream does not fit')
    this.#result =
      result === undefined || isOpaque(result)
        ? null
        : (value) => validate(result, value, 'the result of the stream does not fit')
    this.hasResult = result !== undefined
    this.#owner = owner
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  next(): Promise<IteratorResult<unknown>> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    if (this.#ended) return Promise.resolve({ done: true, value: undefined })
    // By hand instead of Promise.race: a run that is cancelled must not leave its reader waiting for a deaf node.
    return new Promise((resolve, reject) => {
      this.#abandon = reject
      this.#pull().then(resolve, reject)
    })
  }

  async #pull(): Promise<IteratorResult<unknown>> {
    try {
      const result = await this.#items.next()
      if (result.done) {
        const value: unknown = this.#result === null ? result.value : await this.#result(result.value)
        this.#close(undefined)
        return { done: true, value }
      }
      return {
        done: false,
        value: this.#check === null ? result.value : await this.#checked(result.value, this.#check),
      }
    } catch (error) {
      const failure = this.#failureOf(error)
      this.#close(failure)
      throw failure
    }
  }

  /** What a node streams is the server's own: that it does not fit is no fault of the caller's input. */
  #failureOf(error: unknown): unknown {
    if (!(error instanceof SchemaError)) return error ?? new Error('the stream failed without a reason')
    const { flow, node } = this.#owner
    const where = { flow, node, cause: error }
    return new RunError('InvalidValue', error.message, where)
  }

  /** The reader has had enough: the node's signal fires, its `finally` blocks run. */
  async return(): Promise<IteratorResult<unknown>> {
    await this.end()
    return { done: true, value: undefined }
  }

  /** Ends the stream from the run's side; with an error, its reader sees it. */
  async end(error?: Error): Promise<void> {
    if (this.#ended) return
    this.#failure = error
    this.#close(undefined)
    if (error !== undefined) this.#abandon?.(error)
    try {
      await this.#items.return?.()
    } catch (failure) {
      const { log, flow } = this.#owner
      log.debug({ flow, err: failure }, 'a stream failed while it was closed')
    }
  }

  #close(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#owner.ended(error)
  }

  async #checked(item: unknown, check: (item: unknown) => unknown): Promise<unknown> {
    if (!isStreamEvent(item)) return check(item)
    const data = await check(item.data)
    return event(item.event, data, item.id === undefined ? {} : { id: item.id })
  }
}
