/** The scheduler of a simulation: one event fires, everything it sets off is drained, then the next event fires. */

/** What events happen on: the scheduler delays the events of one that is stopped, and drops those of one that crashed. */
export interface Stoppable {
  readonly isCrashed: boolean
  /** Nothing of it happens before this moment of the schedule. */
  readonly stoppedUntil: number
}

/** Something that happens at a moment. */
export interface SimulatedEvent<M extends Stoppable> {
  at: number
  /** The machine that does it; `undefined` for the network and for what happens to machines. */
  readonly machine: M | undefined
  readonly fire: () => void
  isCancelled: boolean
}

export class Scheduler<M extends Stoppable> {
  /** Milliseconds since the start of the schedule. */
  now = 0
  /** Events that have fired. */
  fired = 0
  /** The machine whose event is being worked on. */
  current: M | undefined
  /** The last one is the next to fire. A schedule has some dozens, so that keeping them sorted is cheap. */
  readonly #events: SimulatedEvent<M>[] = []
  readonly #drain: () => Promise<void>

  /** @param drain Resolves when everything that can go on without an event has gone on. */
  constructor(drain: () => Promise<void>) {
    this.#drain = drain
  }

  /** Fires after `delayMs` on a machine: later if it is stopped then, never if it has crashed. */
  on(machine: M | undefined, delayMs: number, fire: () => void): SimulatedEvent<M> {
    const event = { at: this.now + Math.max(0, delayMs), machine, fire, isCancelled: false }
    this.#insert(event)
    return event
  }

  /** Fires after `delayMs`, whatever happens to machines: messages under way, faults, clients. */
  outside(delayMs: number, fire: () => void): SimulatedEvent<M> {
    return this.on(undefined, delayMs, fire)
  }

  /** Fires events until none is left. Resolves `false` when more than `maxEvents` fired. */
  async run(maxEvents: number): Promise<boolean> {
    const last = this.fired + maxEvents
    await this.#drain()
    for (;;) {
      const event = this.#next()
      if (event === undefined) return true
      if (this.fired >= last) return false
      this.fired += 1
      this.now = Math.max(this.now, event.at)
      this.current = event.machine
      event.fire()
      await this.#drain()
      this.current = undefined
    }
  }

  #next(): SimulatedEvent<M> | undefined {
    for (;;) {
      const event = this.#events.pop()
      if (event === undefined || event.machine === undefined) {
        if (event?.isCancelled === true) continue
        return event
      }
      const { isCrashed, stoppedUntil } = event.machine
      if (event.isCancelled || isCrashed) continue
      if (stoppedUntil <= event.at) return event
      event.at = stoppedUntil
      this.#insert(event)
    }
  }

  /** Behind the events of the same moment. */
  #insert(event: SimulatedEvent<M>): void {
    let index = this.#events.length
    while (index > 0 && (this.#events[index - 1]?.at ?? 0) <= event.at) index -= 1
    this.#events.splice(index, 0, event)
  }
}
