/** How long this process has seen things unchanged, by its own monotonic clock: no clock that can be set takes part. */

/** Names remembered at once; the one seen first is forgotten first, and then has to be watched anew. */
const mostObserved = 10_000

export class Observed {
  readonly #seen = new Map<string, { readonly stamp: string; readonly since: number }>()
  readonly #now: () => number

  /** @param now Milliseconds of a clock that only moves forward. */
  constructor(now: () => number) {
    this.#now = now
  }

  /** Milliseconds since `name` was first seen with this stamp; 0 at the first look and after every change. */
  unchangedMs(name: string, stamp = ''): number {
    const now = this.#now()
    const seen = this.#seen.get(name)
    if (seen?.stamp === stamp) return now - seen.since
    this.#seen.delete(name)
    this.#seen.set(name, { stamp, since: now })
    if (this.#seen.size > mostObserved) {
      const [oldest = name] = this.#seen.keys()
      this.#seen.delete(oldest)
    }
    return 0
  }

  forget(name: string): void {
    this.#seen.delete(name)
  }
}
