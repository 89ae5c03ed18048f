/** One-shot timers on any clock. */
import { systemClock } from '../system/clock.ts'
import { afterTimers } from './after-timers.ts'
import type { Clock } from './contract.ts'

/** Calls `fire` once, `ms` milliseconds from now, unless the returned function is called before. Any `ms` will do. */
export function after(clock: Clock, ms: number, fire: () => void): () => void {
  if (clock === systemClock) return afterTimers(ms, fire)
  const controller = new AbortController()
  // The rejection is the one asked for below.
  clock.sleep(ms, { signal: controller.signal }).then(fire, () => undefined)
  return () => controller.abort()
}
