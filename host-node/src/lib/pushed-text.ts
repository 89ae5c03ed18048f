/** Text that a writer pushes over time, as a Node stream that gives one chunk for each turn of the event loop. */
import type { HttpSink } from '@flowport/flow/http'
import { Readable } from 'node:stream'

/** Bytes that wait for the reader before the writer must wait. */
const options = { highWaterMark: 64 * 1024 }

/** Characters that are gathered before they leave within the turn. */
const mostGathered = 16 * 1024

/**
 * A stream that `fill` writes at the reader's pace. Texts written in one turn leave together, once the promises of the turn
 * have settled: a burst costs one chunk and one write of the socket, and no text waits for a timer. The writer is ahead of
 * its reader by 64 KiB and 16 Ki characters at most, and by one text.
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

  /** `Readable` calls it when its reader can take more. */
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
    // All who write meanwhile, such as a heartbeat, wait for the same promise.
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
