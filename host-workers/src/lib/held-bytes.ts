/** The bytes of unfinished bodies that an isolate keeps, all requests together. */
import { tooManyBodies } from '@flowport/flow/http'

/**
 * A request takes before it keeps, and gives back when its body is whole or refused. One that would go over the bound is
 * refused itself: on Workers a request must not end the work of another.
 */
export class HeldBytes {
  readonly #max: number
  #bytes = 0

  constructor(max: number) {
    this.#max = max
  }

  /** What is held right now. */
  get bytes(): number {
    return this.#bytes
  }

  /** Throws the 503 `TOO_MANY_BODIES`, and takes nothing, when there is no room. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#max) throw tooManyBodies()
    this.#bytes += bytes
  }

  give(bytes: number): void {
    this.#bytes -= bytes
  }
}
