/** Traces the resource calls of one run, and pauses the run at a point. */
import type { Call, Next } from '@flowport/capabilities'
import type { Point, TracedCall } from './messages.ts'
import { labelOf, type Watcher } from './watched-calls.ts'

/** Maximum number of traced calls, so that an endless flow does not fill the memory. */
const maxTraced = 10_000

export class Pausing implements Watcher {
  readonly trace: TracedCall[] = []
  readonly #seen = new Map<string, number>()
  readonly #pause: Point | null
  readonly #onPause: () => Promise<void>

  /** Calls `onPause` when the run reaches the point. The run continues when `onPause` resolves. */
  constructor(pause: Point | null, onPause: () => Promise<void>) {
    this.#pause = pause
    this.#onPause = onPause
  }

  async around<T>(call: Call, next: Next<T>): Promise<T> {
    const label = labelOf(call)
    const nth = (this.#seen.get(label) ?? 0) + 1
    this.#seen.set(label, nth)
    if (this.trace.length < maxTraced) this.trace.push({ call: label, key: call.key ?? null })
    if (this.#isAt('before', label, nth)) await this.#onPause()
    try {
      return await next(call)
    } finally {
      if (this.#isAt('after', label, nth)) await this.#onPause()
    }
  }

  #isAt(side: Point['side'], label: string, nth: number): boolean {
    const at = this.#pause
    return at !== null && at.side === side && at.call === label && at.nth === nth
  }
}
