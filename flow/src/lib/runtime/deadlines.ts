/** When runs run out of time: a timer for each, which works everywhere, or one timer for all of a runtime's runs. */
import { after, type Clock } from '@flowport/capabilities'

/** What the watch needs of a run. */
export interface Watched {
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined
  /** Whether its answer is there, or will never be. */
  readonly isSettled: boolean
  /** Stops its own timer, where it has one. */
  stopTimer: (() => void) | undefined
  /** Ends it: its time is over. */
  expire(): void
}

export interface Deadlines {
  /** Watches a run that has a deadline, from now on. */
  watch(run: Watched): void
  /** The run needs no watching any more. */
  release(run: Watched): void
  /** Watches nothing any more. */
  close(): void
}

/** A timer for each run. On Workers a timer belongs to the request it was made in, so nothing else will do there. */
export function timerPerRun(clock: Clock): Deadlines {
  return {
    watch(run) {
      if (run.deadline === undefined) return
      run.stopTimer = after(clock, Math.max(run.deadline - clock.now(), 0), () => run.expire())
    },
    release: (run) => run.stopTimer?.(),
    close: () => undefined,
  }
}

/**
 * One timer for all: set for the earliest deadline known, and when it fires for the earliest among the runs there are
 * then. A run that ends in time, as nearly all do, costs a comparison. The timer does not keep a process alive.
 */
export function sharedTimer(runs: () => Iterable<Watched>, clock: Clock): Deadlines {
  let stopTimer: (() => void) | undefined
  let setFor = Infinity

  function set(deadline: number): void {
    stopTimer?.()
    setFor = deadline
    stopTimer = after(clock, Math.max(deadline - clock.now(), 0), look, { background: true })
  }

  function look(): void {
    const now = clock.now()
    let earliest = Infinity
    setFor = Infinity
    for (const run of runs()) {
      if (run.deadline === undefined || run.isSettled) continue
      if (run.deadline <= now) run.expire()
      else earliest = Math.min(earliest, run.deadline)
    }
    if (earliest < setFor) set(earliest)
  }

  return {
    watch({ deadline }) {
      if (deadline !== undefined && deadline < setFor) set(deadline)
    },
    release: () => undefined,
    close: () => stopTimer?.(),
  }
}
