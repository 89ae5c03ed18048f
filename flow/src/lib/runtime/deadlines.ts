/** When runs run out of time: a timer for each, which works everywhere, or one timer for all of a runtime's runs. */
import { type Clock, longestTimerMs } from '@flowport/capabilities'

/** What the watch needs of a run. */
export interface Watched {
  /** Milliseconds since the epoch. */
  readonly deadline: number | undefined
  /** Whether its answer is there, or will never be. */
  readonly isSettled: boolean
  /** Its own timer, where it has one. */
  timer: ReturnType<typeof setTimeout> | undefined
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
  /** Sets a timer; a deadline that is further away than one timer can wait gets another when that has fired. */
  function watch(run: Watched): void {
    if (run.deadline === undefined) return
    const leftMs = Math.max(run.deadline - clock.now(), 0)
    run.timer =
      leftMs <= longestTimerMs ? setTimeout(expire, leftMs, run) : setTimeout(watch, longestTimerMs, run)
  }

  return {
    watch,
    release(run) {
      if (run.timer !== undefined) clearTimeout(run.timer)
    },
    close: () => undefined,
  }
}

/**
 * One timer for all: set for the earliest deadline known, and when it fires for the earliest among the runs there are
 * then. A run that ends in time, as nearly all do, costs a comparison. The timer does not keep a process alive.
 */
export function sharedTimer(runs: Iterable<Watched>, clock: Clock): Deadlines {
  let timer: ReturnType<typeof setTimeout> | undefined
  let setFor = Infinity

  function set(deadline: number): void {
    clearTimeout(timer)
    setFor = deadline
    timer = setTimeout(look, Math.min(Math.max(deadline - clock.now(), 0), longestTimerMs))
    letProcessEnd(timer)
  }

  function look(): void {
    const now = clock.now()
    let earliest = Infinity
    setFor = Infinity
    for (const run of runs) {
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
    close: () => clearTimeout(timer),
  }
}

function expire(run: Watched): void {
  run.expire()
}

/** Node's timers are objects that can be told not to keep the process; elsewhere they are numbers. */
function letProcessEnd(timer: unknown): void {
  if (typeof timer !== 'object' || timer === null || !('unref' in timer)) return
  if (typeof timer.unref === 'function') timer.unref()
}
