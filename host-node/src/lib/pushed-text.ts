/** Text that a writer pushes over time, as a Node stream with one chunk for each turn of the event loop. */
import type { HttpSink } from '@flowport/flow/http'
import { Readable } from 'node:stream'

/** Buffered bytes above which the writer must wait for the reader. */
const options = { highWaterMark: 64 * 1024 }

/** Buffered characters that are flushed within the turn. */
const mostGathered = 16 * 1024

/**
 * A stream that `fill` writes with backpressure. Texts written in one turn are sent together after the turn's promises have
 * settled, so a burst costs one chunk and one socket write, and no text waits for a timer. The writer is at most 64 KiB, 16 Ki
 * characters and one text ahead of its reader.
 */
export class PushedText extends Readable {
  readonly #fill: (sink: HttpSink) => Promise<void>
  #isStarted = false
  #gathered = ''
  #isFlushPlanned = false
  #isFull = false
  #room: Promise<void> | undefined
  #resolveRoom: (() => void) | undefined

  constructor(fill: (sink: HttpSink) => Promise<void>) {
    super(options)
    this.#fill = fill
  }

  /** Called by `Readable` when its reader can accept more. */
  override _read(): void {
    this.#makeRoom()
    if (this.#isStarted) return
    this.#isStarted = true
    void this.#fill({ write: (text) => this.#write(text) }).then(() => {
      this.#flush()
      this.push(null)
    })
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#makeRoom()
    done(error)
  }

  #write(text: string): Promise<void> | undefined {
    if (this.destroyed) return undefined
    this.#gathered += text
    if (this.#gathered.length >= mostGathered) this.#flush()
    else if (!this.#isFlushPlanned) {
      this.#isFlushPlanned = true
      process.nextTick(this.#flushTurn)
    }
    if (!this.#isFull) return undefined
    // All concurrent writers, such as a heartbeat, wait for the same promise.
    this.#room ??= new Promise((resolve) => {
      this.#resolveRoom = resolve
    })
    return this.#room
  }

  readonly #flushTurn = () => {
    this.#isFlushPlanned = false
    this.#flush()
  }

  #flush(): void {
    if (this.#gathered === '' || this.destroyed) return
    const text = this.#gathered
    this.#gathered = ''
    if (!this.push(text)) this.#isFull = true
  }

  #makeRoom(): void {
    this.#isFull = false
    this.#room = undefined
    this.#resolveRoom?.()
  }
}
