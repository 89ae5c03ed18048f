/** A clock that moves only when told, so that tests of time need no waiting. */
import type { Clock } from '../clock/contract.ts'
import type { CallOptions } from '../kv/contract.ts'

interface Sleeper {
  readonly dueAt: number
  readonly wake: () => void
}

export class ManualClock implements Clock {
  #now: number
  #monotonic = 0
  readonly #sleepers = new Set<Sleeper>()

  /** @param start Milliseconds since the epoch. Default the start of 2030. */
  constructor(start: number = Date.UTC(2030, 0, 1)) {
    this.#now = start
  }

  /** How many `sleep` calls wait. */
  get sleeping(): number {
    return this.#sleepers.size
  }

  now(): number {
    return this.#now
  }

  monotonic(): number {
    return this.#monotonic
  }

  sleep(ms: number, { signal }: CallOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      const sleeper: Sleeper = {
        dueAt: this.#monotonic + Math.max(0, ms),
        wake: () => {
          this.#sleepers.delete(sleeper)
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      const onAbort = () => {
        this.#sleepers.delete(sleeper)
        reject(signal?.reason as Error)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#sleepers.add(sleeper)
    })
  }

  /**
   * Lets `ms` pass. Sleepers wake in the order they are due, each with the clock at its own moment and with whatever it
   * goes on to do (new sleeps too) done before the next. Calls may overlap: the clock never goes back.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    await settled()
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#move(next.dueAt - this.#monotonic)
      next.wake()
      await settled()
    }
    this.#move(end - this.#monotonic)
  }

  /** Sets the wall clock forward or back, as an operator or NTP does; sleepers and `monotonic` do not notice. */
  jump(ms: number): void {
    this.#now += ms
  }

  #move(ms: number): void {
    // Another `advance` may have gone further already.
    const forward = Math.max(0, ms)
    this.#monotonic += forward
    this.#now += forward
  }

  #next(end: number): Sleeper | undefined {
    let first: Sleeper | undefined
    for (const sleeper of this.#sleepers) {
      if (sleeper.dueAt <= end && (first === undefined || sleeper.dueAt < first.dueAt)) first = sleeper
    }
    return first
  }
}

/** Resolves when everything that can go on without time passing has. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener('message', () => {
      port1.close()
      resolve()
    })
    port1.start()
    port2.postMessage(null)
  })
}
