/** Timers on any clock. Nothing else may start one, so that tests and simulations can move time. */
import { systemClock } from '../system/clock.ts'
import { afterTimers, type TimerOptions } from './after-timers.ts'
import type { Clock } from './contract.ts'

/** Calls `fire` once, `ms` milliseconds from now, unless the returned function is called before. Any `ms` will do. */
export function after(clock: Clock, ms: number, fire: () => void, options?: TimerOptions): () => void {
  if (clock === systemClock) return afterTimers(ms, fire, options)
  const controller = new AbortController()
  // The rejection is the one asked for below.
  clock.sleep(ms, { signal: controller.signal }).then(fire, () => undefined)
  return () => controller.abort()
}

/** Calls `fire` every `ms` milliseconds, first after `ms`, until the returned function is called. */
export function every(clock: Clock, ms: number, fire: () => void, options?: TimerOptions): () => void {
  let stop = after(clock, ms, again, options)
  function again(): void {
    stop = after(clock, ms, again, options)
    fire()
  }
  return () => stop()
}
