/** `SilenceGuard` reads a body and gives up on a server that is silent while it waits, with one timer for many reads. */
import { CapabilityError, type Clock } from '@flowport/capabilities'

export interface Patience {
  readonly clock: Clock
  /** Milliseconds the server may be silent while a reader waits. */
  readonly idleTimeoutMs: number
}

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>
type Read = Awaited<ReturnType<Reader['read']>>

export class SilenceGuard {
  readonly #patience: Patience
  readonly #stopped = new AbortController()
  #watching = false
  /** Gives up the read that waits; absent while none does. */
  #giveUp: ((error: CapabilityError) => void) | undefined
  #since = 0

  constructor(patience: Patience) {
    this.#patience = patience
  }

  /** The next read of the reader, or `Timeout`. One at a time. */
  read(reader: Reader): Promise<Read> {
    return new Promise((resolve, reject) => {
      this.#since = this.#patience.clock.monotonic()
      this.#giveUp = reject
      if (!this.#watching) void this.#watch()
      // A read that was given up ends later, perhaps while another waits.
      const settled = () => {
        if (this.#giveUp === reject) this.#giveUp = undefined
      }
      reader.read().then(
        (read) => {
          settled()
          resolve(read)
        },
        (error: unknown) => {
          settled()
          reject(error)
        },
      )
    })
  }

  /** Leaves no timer behind. */
  stop(): void {
    this.#stopped.abort()
  }

  async #watch(): Promise<void> {
    const { clock, idleTimeoutMs: ms } = this.#patience
    const { signal } = this.#stopped
    this.#watching = true
    while (this.#giveUp !== undefined && !signal.aborted) {
      const left = this.#since + ms - clock.monotonic()
      if (left <= 0) {
        const options = { details: { timeoutMs: ms } }
        this.#giveUp(new CapabilityError('Timeout', `the server was silent for ${ms} ms`, options))
        this.#giveUp = undefined
        break
      }
      // The rejection is the one `stop` asks for.
      await clock.sleep(left, { signal }).catch(() => undefined)
    }
    this.#watching = false
  }
}
