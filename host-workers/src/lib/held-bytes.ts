/** Counts the bytes of unfinished bodies that an isolate holds for all requests. */
import { tooManyBodies } from '@flowport/flow/http'

/**
 * A request takes bytes before it holds them, and gives them back when its body is complete or refused. A request that would
 * exceed the limit is itself refused, because on Workers a request must not end another's work.
 */
export class HeldBytes {
  readonly #max: number
  #bytes = 0

  constructor(max: number) {
    this.#max = max
  }

  /** Bytes held now. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes bytes. Throws 503 `TOO_MANY_BODIES` and takes nothing when the limit would be exceeded. */
  take(bytes: number): void {
    if (this.#bytes + bytes > this.#max) throw tooManyBodies()
    this.#bytes += bytes
  }

  give(bytes: number): void {
    this.#bytes -= bytes
  }
}
