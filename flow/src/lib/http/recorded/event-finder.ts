/** Finds where an event ends in a recorded stream of events, so that a client can go on after it. */
import { utf8Length } from '@flowport/capabilities'

export class EventFinder {
  readonly #line: string
  readonly #decoder = new TextDecoder()
  #rest = ''
  #offset = 0

  /** @param id As the client had it. */
  constructor(id: string) {
    this.#line = `id: ${id}\n`
  }

  /** The offset behind the first event with the id, once it has been fed. Takes the bytes of the stream in order. */
  feed(bytes: Uint8Array): number | undefined {
    this.#rest += this.#decoder.decode(bytes, { stream: true })
    let from = 0
    for (;;) {
      const end = this.#rest.indexOf('\n\n', from)
      if (end < 0) break
      const event = this.#rest.slice(from, end + 2)
      from = end + 2
      this.#offset += utf8Length(event)
      // The bridge writes the id first.
      if (event.startsWith(this.#line)) return this.#offset
    }
    this.#rest = this.#rest.slice(from)
    return undefined
  }
}
