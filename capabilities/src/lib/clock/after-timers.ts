/** Platform timers without their limit of 24.8 days. */
import { longestTimerMs } from '../numbers.ts'

export interface TimerOptions {
  /** Lets the process end though the timer waits. Only Node's processes wait for timers. Default false. */
  readonly background?: boolean
}

/**
 * Calls `fire` once, `ms` milliseconds from now, unless the returned function is called before. What is longer than one
 * timer can wait is waited for in several. `Infinity` never fires.
 */
export function afterTimers(ms: number, fire: () => void, options?: TimerOptions): () => void {
  if (ms <= longestTimerMs) {
    const timer = setTimeout(fire, Math.max(0, ms))
    if (options?.background === true) letProcessEnd(timer)
    return () => clearTimeout(timer)
  }
  let stop: () => void = () => undefined
  const timer = setTimeout(() => {
    stop = afterTimers(ms - longestTimerMs, fire, options)
  }, longestTimerMs)
  if (options?.background === true) letProcessEnd(timer)
  stop = () => clearTimeout(timer)
  return () => stop()
}

/** On Node a timer is an object that can be told so; elsewhere it is a number. */
function letProcessEnd(timer: unknown): void {
  if (typeof timer !== 'object' || timer === null || !('unref' in timer)) return
  if (typeof timer.unref === 'function') timer.unref()
}
