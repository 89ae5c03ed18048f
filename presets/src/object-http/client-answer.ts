/** An answer whose body fails with errors callers can branch on: no caller of a client has to translate them. */
import type { S3Answer } from './transport.ts'

/** Streams are passed on as they are: `read.ts` resumes them, and translates what it cannot resume. */
export class ClientAnswer implements S3Answer {
  readonly #answer: S3Answer
  readonly #translate: (error: unknown) => unknown

  /** @param translate Converts an error of the transport to the error to throw. */
  constructor(answer: S3Answer, translate: (error: unknown) => unknown) {
    this.#answer = answer
    this.#translate = translate
  }

  get status(): number {
    return this.#answer.status
  }

  get headers(): S3Answer['headers'] {
    return this.#answer.headers
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return await this.#answer.bytes()
    } catch (error) {
      throw this.#translate(error)
    }
  }

  async text(): Promise<string> {
    try {
      return await this.#answer.text()
    } catch (error) {
      throw this.#translate(error)
    }
  }

  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#answer.stream()
  }

  cancel(): Promise<void> {
    return this.#answer.cancel()
  }
}
